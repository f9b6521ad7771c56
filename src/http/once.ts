import { hash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../kernel/clock.ts';
import { Refusal } from '../kernel/errors.ts';
import type { Sealed, Sealer } from '../kernel/sealing.ts';
import type { Api } from './api.ts';

const HEADER = 'idempotency-key';
export const MAX_KEY_LENGTH = 255;

/** What makes a repeated POST recognisable: the caller and the route, the caller's key, and a hash of the request. */
interface OnceKey {
  scope: string;
  key: string;
  fingerprint: string;
  now: number;
}

/** A POST that its caller may send twice. Whoever carries it out keeps its answer in the transaction of its effect. */
export interface RequestOnce extends OnceKey {
  /** What the answer was made from the first time; null when this is the first time. */
  kept: { value: unknown; aside: unknown } | null;
  seal(aside: unknown): Sealed;
  open(sealed: Sealed): unknown;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /**
     * The body with what could be guessed from a plain hash of it, such as a password, in a form that costs much to try.
     * The same each time for the same salt.
     */
    conceal?: (body: unknown, salt: string) => Promise<unknown>;
  }
  interface FastifyRequest {
    /** The caller's `Idempotency-Key`: whatever a POST does must be done with it (`onlyOnce`). Null without the header. */
    once: RequestOnce | null;
    /** That nothing was found, until it is known whether this repeats a request of when it was still there. */
    heldBack: Refusal | null;
  }
}

export interface OnceOptions {
  clock: Clock;
  sealer: Sealer;
  /** What was kept of a request that came before, or null. Rejects with `idempotency_mismatch` when it was another. */
  recall: (once: OnceKey) => Promise<{ value: unknown; aside: Sealed | null } | null>;
}

/** Gives every POST with an `Idempotency-Key` its `request.once`, and refuses those whose first is still under way. */
export function addOnce(app: Api, { clock, sealer, recall }: OnceOptions): void {
  const underway = new Set<string>();
  app.decorateRequest('once', null);
  app.decorateRequest('heldBack', null);

  app.addHook('onRoute', (route) => {
    // Keys belong to their caller, and here there is none.
    if (route.method !== 'POST' || route.config?.role === undefined) return;
    const { handler } = route;
    route.handler = function handleOnce(request, reply) {
      const key = idempotencyKeyOf(request);
      if (key === null) return handler.call(this, request, reply);
      return alone(request, reply, key, () => handler.call(this, request, reply));
    };
  });

  /** Handles the request unless one of the same key is being handled. */
  async function alone(
    request: FastifyRequest,
    reply: FastifyReply,
    key: string,
    handle: () => unknown,
  ): Promise<unknown> {
    const scope = scopeOf(request);
    const name = keptAnswerPlace({ scope, key });
    if (underway.has(name)) {
      reply.header('retry-after', '1');
      throw new Refusal('conflict', 'A request with this Idempotency-Key is still under way. Ask again in a moment.');
    }
    underway.add(name);
    try {
      const { conceal } = request.routeOptions.config;
      const body = conceal === undefined ? request.body : await conceal(request.body, name);
      const now = clock.now();
      request.once = await remember({ scope, key, fingerprint: fingerprintOf(request.url, body), now });
      if (request.once.kept === null && request.heldBack !== null) throw request.heldBack;
      request.heldBack = null;
      if (request.once.kept !== null) reply.header('idempotency-replayed', 'true');
      return await handle();
    } finally {
      underway.delete(name);
    }
  }

  async function remember(once: OnceKey): Promise<RequestOnce> {
    const kept = await recall(once);
    const place = keptAnswerPlace(once);
    const open = (sealed: Sealed): unknown => JSON.parse(sealer.open(sealed, place));
    return {
      ...once,
      kept: kept && { value: kept.value, aside: kept.aside === null ? null : open(kept.aside) },
      seal: (aside) => sealer.seal(JSON.stringify(aside), place),
      open,
    };
  }
}

/** What a kept answer is sealed for. */
export function keptAnswerPlace({ scope, key }: Pick<OnceKey, 'scope' | 'key'>): string {
  return `idempotency_keys/${scope}/${key}`;
}

/** The caller's `Idempotency-Key`, or null. Refuses (400) one that is empty, too long or given twice. */
export function idempotencyKeyOf(request: FastifyRequest): string | null {
  const key = request.headers[HEADER];
  if (key === undefined) return null;
  if (typeof key === 'string' && key !== '' && key.length <= MAX_KEY_LENGTH) return key;
  throw new Refusal('validation_failed', `Idempotency-Key must have 1 to ${MAX_KEY_LENGTH} characters.`, {
    errors: [{ pointer: '', detail: 'Give the Idempotency-Key header once, with a short unique value.' }],
  });
}

function scopeOf({ actor, method, url }: FastifyRequest): string {
  return `${actor.id} ${method} ${url.split('?', 1)[0]}`;
}

/**
 * The body is hashed as it was understood, so white space and number spelling make no other request of it, and an
 * action without a body is the same as one with an empty object.
 */
function fingerprintOf(url: string, body: unknown): string {
  return hash('sha256', `${url}\n${JSON.stringify(body ?? {})}`, 'base64url');
}

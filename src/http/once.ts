import { hash } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { Refusal } from '../kernel/errors.ts';

const MAX_KEY_LENGTH = 255;

/** What makes a repeated POST recognisable; the store keeps it with the effect. */
export interface RequestOnce {
  scope: string;
  key: string;
  fingerprint: string;
}

/**
 * The caller's `Idempotency-Key`, bound to the API key and the route, with a hash of the body; null without the header.
 * The body is hashed as it was understood, so white space and number spelling make no other request of it.
 */
export function onceOf(request: FastifyRequest): RequestOnce | null {
  const key = request.headers['idempotency-key'];
  if (key === undefined) return null;
  if (typeof key !== 'string' || key === '' || key.length > MAX_KEY_LENGTH) {
    throw new Refusal('validation_failed', `Idempotency-Key must have 1 to ${MAX_KEY_LENGTH} characters.`, {
      errors: [{ pointer: '', detail: 'Give the Idempotency-Key header once, with a short unique value.' }],
    });
  }
  return {
    scope: `${request.actor.id} ${request.method} ${request.url.split('?', 1)[0]}`,
    key,
    fingerprint: hash('sha256', `${request.url}\n${JSON.stringify(request.body ?? null)}`, 'base64url'),
  };
}

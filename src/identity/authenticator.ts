import type { Actor, Authenticate, Caller, Credentials } from '../http/index.ts';
import type { Clock } from '../kernel/clock.ts';
import { Refusal, SetupError } from '../kernel/errors.ts';
import type { Store } from '../store/index.ts';
import { findApiKey } from './api-keys.store.ts';
import { hashApiKey } from './api-keys.ts';
import { endOfSession, SEEN_EVERY_MS } from './session-life.ts';
import { findSessionOwner, noteSession, type SessionOwner } from './sessions.store.ts';
import { csrfTokenOf, hashToken, isSameToken } from './tokens.ts';

const MIN_BOOTSTRAP_LENGTH = 32;
/** How long what was found is believed, so that what ends beside the server ends here soon. */
const BELIEVED_MS = 5_000;
const MAX_BELIEFS = 10_000;

export interface Authenticator {
  /** The caller behind credentials, or null when they are unknown or have expired. */
  authenticate: Authenticate;
  /** Forgets what was believed of an API key, a user or a session that has just changed or gone, by its id. */
  forget(id: string): void;
}

/** What was found out about credentials that somebody presented. */
interface Belief {
  caller: Caller;
  until: number;
}

interface AuthenticatorOptions {
  store: Store;
  clock: Clock;
  bootstrapKey: string | null;
  onFault: (error: unknown) => void;
}

/**
 * Tells who credentials belong to. Keys and sessions live in the store; one more key, for automation, may come from the
 * settings. Throws a `SetupError` when that one is too short to be safe.
 */
export function createAuthenticator({ store, clock, bootstrapKey, onFault }: AuthenticatorOptions): Authenticator {
  if (bootstrapKey !== null && bootstrapKey.length < MIN_BOOTSTRAP_LENGTH) {
    throw new SetupError(`WAYBILL_API_KEY must have at least ${MIN_BOOTSTRAP_LENGTH} characters.`);
  }
  const beliefs: Record<Credentials['kind'], Map<string, Belief>> = { api_key: new Map(), session: new Map() };
  /** How many times something was forgotten: what was read before that may not be so any more. */
  let forgotten = 0;

  function lookUp({ kind, secret }: Credentials, now: number): Promise<Belief | null> {
    return kind === 'api_key' ? lookUpKey(secret, now) : lookUpSession(secret, now);
  }

  async function lookUpKey(key: string, now: number): Promise<Belief | null> {
    if (bootstrapKey !== null && isSameToken(key, bootstrapKey)) {
      return { caller: { actor: BOOTSTRAP, session: null }, until: now + BELIEVED_MS };
    }
    const row = await store.read(findApiKey, { hash: hashApiKey(key) });
    if (row === null || (row.expiresAt !== null && row.expiresAt <= now)) return null;
    const actor: Actor = { kind: 'api_key', id: row.id, name: row.name, email: null, role: row.role };
    return {
      caller: { actor, session: null },
      until: Math.min(now + BELIEVED_MS, row.expiresAt ?? Number.POSITIVE_INFINITY),
    };
  }

  async function lookUpSession(token: string, now: number): Promise<Belief | null> {
    const owner = await store.read(findSessionOwner, { hash: hashToken(token) });
    if (owner === null || endOfSession(owner) <= now) return null;
    noteUse(owner, now);
    const caller = callerOfSession(owner, token);
    return { caller, until: Math.min(now + BELIEVED_MS, endOfSession(owner)) };
  }

  /** Nobody waits for it, and a disk that takes no writes is no reason to turn people away. */
  function noteUse({ id, lastSeenAt }: SessionOwner, now: number): void {
    if (now - lastSeenAt < SEEN_EVERY_MS) return;
    store.run(noteSession, { id, now }).catch((error: unknown) => {
      if (!(error instanceof Refusal)) onFault(error);
    });
  }

  return {
    async authenticate(credentials) {
      const { kind, secret } = credentials;
      const believed = beliefs[kind].get(secret);
      const now = clock.now();
      if (believed !== undefined && believed.until > now) return believed.caller;
      beliefs[kind].delete(secret);
      const before = forgotten;
      const found = await lookUp(credentials, now);
      if (found === null) return null;
      if (beliefs[kind].size >= MAX_BELIEFS) beliefs[kind].clear();
      if (before === forgotten) beliefs[kind].set(secret, found);
      return found.caller;
    },
    forget(id) {
      forgotten += 1;
      for (const ofKind of Object.values(beliefs)) {
        for (const [secret, { caller }] of ofKind) {
          if (caller.actor.id === id || caller.session?.id === id) ofKind.delete(secret);
        }
      }
    },
  };
}

/** Who a session makes of its user. */
export function callerOfSession(
  owner: Omit<SessionOwner, 'userAgent' | 'address' | 'createdAt'>,
  token: string,
): Caller {
  const { id, userId, name, email, role } = owner;
  return {
    actor: { kind: 'user', id: userId, name, email, role },
    session: { id, csrfToken: csrfTokenOf(token), expiresAt: endOfSession(owner) },
  };
}

const BOOTSTRAP: Actor = { kind: 'api_key', id: 'bootstrap', name: 'WAYBILL_API_KEY', email: null, role: 'admin' };

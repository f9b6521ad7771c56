import { hash, timingSafeEqual } from 'node:crypto';
import type { Actor } from '../http/index.ts';
import type { Clock } from '../kernel/clock.ts';
import { SetupError } from '../kernel/errors.ts';
import type { Random } from '../kernel/random.ts';
import type { Store } from '../store/index.ts';
import { findApiKey } from './api-keys.store.ts';

const SECRET_BYTES = 32;
const MIN_BOOTSTRAP_LENGTH = 32;
/** How long a key that was found is believed, so that one deleted beside the server stops soon. */
const BELIEVED_MS = 5_000;
const MAX_BELIEFS = 10_000;

/** A new key as its owner sees it, once: `wbk_` and 43 characters of base64url (256 bits). */
export function makeApiKey(random: Random): string {
  return `wbk_${Buffer.from(random.fill(new Uint8Array(SECRET_BYTES))).toString('base64url')}`;
}

/** What is kept of a key. It has 256 random bits, so a plain SHA-256 cannot be guessed back. */
export function hashApiKey(key: string): string {
  return hash('sha256', key, 'hex');
}

export interface Authenticator {
  /** The actor behind a key, or null when it is unknown or has expired. */
  authenticate(key: string): Promise<Actor | null>;
  /** Forgets what was believed of a key that has just been deleted. */
  forget(id: string): void;
}

/** What was found out about a key that somebody presented. */
interface Belief {
  actor: Actor;
  until: number;
}

/**
 * Tells who a key belongs to. Keys live in the store; one more, for automation, may come from the settings. Throws a
 * `SetupError` when that one is too short to be safe.
 */
export function createAuthenticator(options: {
  store: Store;
  clock: Clock;
  bootstrapKey: string | null;
}): Authenticator {
  const { store, clock, bootstrapKey } = options;
  if (bootstrapKey !== null && bootstrapKey.length < MIN_BOOTSTRAP_LENGTH) {
    throw new SetupError(`WAYBILL_API_KEY must have at least ${MIN_BOOTSTRAP_LENGTH} characters.`);
  }
  const bootstrapHash = bootstrapKey === null ? null : Buffer.from(hashApiKey(bootstrapKey));
  const beliefs = new Map<string, Belief>();

  async function lookUp(key: string, now: number): Promise<Belief | null> {
    const keyHash = hashApiKey(key);
    if (bootstrapHash !== null && timingSafeEqual(Buffer.from(keyHash), bootstrapHash)) {
      return { actor: BOOTSTRAP, until: now + BELIEVED_MS };
    }
    const row = await store.read(findApiKey, { hash: keyHash });
    if (row === null || (row.expiresAt !== null && row.expiresAt <= now)) return null;
    const actor: Actor = { id: row.id, name: row.name, role: row.role };
    return { actor, until: Math.min(now + BELIEVED_MS, row.expiresAt ?? Number.POSITIVE_INFINITY) };
  }

  return {
    async authenticate(key) {
      const now = clock.now();
      const believed = beliefs.get(key);
      if (believed !== undefined && believed.until > now) return believed.actor;
      beliefs.delete(key);
      const found = await lookUp(key, now);
      if (found === null) return null;
      if (beliefs.size >= MAX_BELIEFS) beliefs.clear();
      beliefs.set(key, found);
      return found.actor;
    },
    forget(id) {
      for (const [key, { actor }] of beliefs) if (actor.id === id) beliefs.delete(key);
    },
  };
}

const BOOTSTRAP: Actor = { id: 'bootstrap', name: 'WAYBILL_API_KEY', role: 'admin' };

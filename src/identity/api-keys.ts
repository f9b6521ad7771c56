import { hash, timingSafeEqual } from 'node:crypto';
import type { Actor } from '../http/index.ts';
import type { Clock } from '../kernel/clock.ts';
import { SetupError } from '../kernel/errors.ts';
import type { Random } from '../kernel/random.ts';
import type { Store } from '../store/index.ts';
import { type ApiKeyRow, findApiKey } from './api-keys.store.ts';

const SECRET_BYTES = 32;
const MIN_BOOTSTRAP_LENGTH = 32;
/** How long a key that was found is believed, so that one deleted beside the server stops soon. */
const BELIEVED_MS = 5_000;

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
  forget(hash: string): void;
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
  const believed = new Map<string, { row: ApiKeyRow; until: number }>();

  async function lookUp(keyHash: string): Promise<ApiKeyRow | null> {
    const known = believed.get(keyHash);
    if (known !== undefined && known.until > clock.now()) return known.row;
    const row = await store.read(findApiKey, { hash: keyHash });
    if (row === null) believed.delete(keyHash);
    else believed.set(keyHash, { row, until: clock.now() + BELIEVED_MS });
    return row;
  }

  return {
    async authenticate(key) {
      const keyHash = hashApiKey(key);
      if (bootstrapHash !== null && timingSafeEqual(Buffer.from(keyHash), bootstrapHash)) return BOOTSTRAP;
      const row = await lookUp(keyHash);
      if (row === null || (row.expiresAt !== null && row.expiresAt <= clock.now())) return null;
      return { id: row.id, name: row.name, role: row.role };
    },
    forget: (keyHash) => believed.delete(keyHash),
  };
}

const BOOTSTRAP: Actor = { id: 'bootstrap', name: 'WAYBILL_API_KEY', role: 'admin' };

import type { Random } from './random.ts';

/**
 * What an id names. An id is a TypeID: the prefix, an underscore, and a UUIDv7 in 26 characters of lower-case
 * Crockford base32 (github.com/jetify-com/typeid, spec 0.3; RFC 9562 §5.7). Ids made by one process sort in the
 * order in which they were made, also as text.
 */
export type IdPrefix = 'evt' | 'wh' | 'dlv' | 'rpl' | 'key' | 'usr' | 'ses' | 'req' | 'boot';

export type Id<P extends IdPrefix> = `${P}_${string}`;
export type EventId = Id<'evt'>;
export type WebhookId = Id<'wh'>;
export type DeliveryId = Id<'dlv'>;
export type ReplayId = Id<'rpl'>;
export type ApiKeyId = Id<'key'>;
export type UserId = Id<'usr'>;
export type SessionId = Id<'ses'>;

export interface Ids {
  /** A new id whose time part is `now`, or later when that is needed to keep ids in order. */
  make<P extends IdPrefix>(prefix: P, now: number): Id<P>;
}

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const MAX_COUNTER = 0xfff;
const RANDOM_BYTES = 8;
const POOL_IDS = 256;

/** Makes ids in strictly increasing order, 4,096 a millisecond before it borrows from the next one. */
export function createIds(random: Random): Ids {
  const pool = new Uint8Array(RANDOM_BYTES * POOL_IDS);
  let poolAt = pool.length;
  let lastMs = 0;
  let counter = 0;

  function tick(now: number): void {
    if (now > lastMs) {
      lastMs = now;
      counter = 0;
    } else if (counter < MAX_COUNTER) {
      counter += 1;
    } else {
      lastMs += 1;
      counter = 0;
    }
  }

  function tail(): string {
    if (poolAt === pool.length) {
      random.fill(pool);
      poolAt = 0;
    }
    const at = poolAt;
    poolAt += RANDOM_BYTES;
    // The last 62 bits of the UUID: 12 characters of five bits, and two bits left for the variant's character.
    let text = '';
    for (let i = 0; i < 4; i += 1) {
      const bits = ((pool[at + i] ?? 0) << 8) | (pool[at + 4 + i] ?? 0);
      text += char(bits >> 10) + char(bits >> 5) + char(bits);
    }
    return text;
  }

  return {
    make(prefix, now) {
      tick(now);
      return `${prefix}_${head(lastMs, counter)}${tail()}`;
    },
  };
}

function char(bits: number): string {
  return ALPHABET[bits & 31] as string;
}

/**
 * The first 14 characters: 48 bits of time, the version 7, a 12-bit counter, the variant `10`, and four bits of zero.
 * They begin with two zero bits, because 26 characters hold 130 bits.
 */
function head(ms: number, counter: number): string {
  const high = Math.floor(ms / 2 ** 28);
  const low = ms % 2 ** 28;
  return (
    char(high >> 17) +
    char(high >> 12) +
    char(high >> 7) +
    char(high >> 2) +
    char(((high & 3) << 3) | (low >>> 25)) +
    char(low >>> 20) +
    char(low >>> 15) +
    char(low >>> 10) +
    char(low >>> 5) +
    char(low) +
    // 0111 cccc cccc cccc 10rr rr
    char((7 << 1) | (counter >> 11)) +
    char(counter >> 6) +
    char(counter >> 1) +
    char(((counter & 1) << 4) | (2 << 2))
  );
}

/** The last instant that an id can hold. */
const LAST_MS = 2 ** 48 - 1;

/** The smallest id of a kind made at `ms` or later: ids of that instant and after compare greater or equal. */
export function firstIdAt<P extends IdPrefix>(prefix: P, ms: number): Id<P> {
  return `${prefix}_${head(Math.min(Math.max(0, Math.floor(ms)), LAST_MS), 0).slice(0, 10)}${'0'.repeat(16)}`;
}

/** The instant in epoch milliseconds at which an id was made. */
export function idTime(id: string): number {
  const text = id.slice(id.indexOf('_') + 1);
  let ms = 0;
  for (const c of text.slice(0, 10)) ms = ms * 32 + ALPHABET.indexOf(c);
  return ms;
}

const ID_BODY = /^[0-7][0-9abcdefghjkmnpqrstvwxyz]{25}$/;

/** Whether the text has the form of an id of that kind. Says nothing of whether it names something. */
export function isId<P extends IdPrefix>(prefix: P, text: string): text is Id<P> {
  return text.startsWith(`${prefix}_`) && ID_BODY.test(text.slice(prefix.length + 1));
}

import type { Random } from '../kernel/random.ts';
import { hashToken, makeToken } from './tokens.ts';

/** A new key as its owner sees it, once: `wbk_` and 43 characters of base64url (256 bits). */
export function makeApiKey(random: Random): string {
  return `wbk_${makeToken(random)}`;
}

/** What is kept of a key. It has 256 random bits, so a plain SHA-256 cannot be guessed back. */
export function hashApiKey(key: string): string {
  return hashToken(key);
}

import { createHmac, hash, timingSafeEqual } from 'node:crypto';
import type { Random } from '../kernel/random.ts';

const TOKEN_BYTES = 32;

/** 256 random bits in 43 characters of base64url: nobody guesses them, and a plain hash of them gives nothing away. */
export function makeToken(random: Random): string {
  return Buffer.from(random.fill(new Uint8Array(TOKEN_BYTES))).toString('base64url');
}

/** What is kept of a token, or of an API key: its SHA-256 in hex. */
export function hashToken(token: string): string {
  return hash('sha256', token, 'hex');
}

/** Whether two tokens are the same, in a time that tells nothing of where they differ. */
export function isSameToken(one: string, other: string): boolean {
  return timingSafeEqual(Buffer.from(hashToken(one)), Buffer.from(hashToken(other)));
}

/** What the pages of a session send along. It follows from the session's own token, which no page can read. */
export function csrfTokenOf(sessionToken: string): string {
  return createHmac('sha256', sessionToken).update('csrf').digest('base64url');
}

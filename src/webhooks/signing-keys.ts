import type { KeyObject } from 'node:crypto';

/** What a webhook's requests are signed with. */
export interface SigningKeys {
  current: KeyObject;
  /** The one before the latest rotation, which signs too until `expiresAt` (epoch milliseconds); or null. */
  previous: { key: KeyObject; expiresAt: number } | null;
}

/** The keys that sign a request made at `now` (epoch milliseconds): one or two, the newest first. Pure. */
export function signingKeysAt({ current, previous }: SigningKeys, now: number): readonly KeyObject[] {
  return isLive(previous, now) ? [current, previous.key] : [current];
}

/** Until when the secret before signs too, as seen at `now`; null where it does not. Epoch milliseconds. Pure. */
export function expiryAt(previous: { expiresAt: number } | null, now: number): number | null {
  return isLive(previous, now) ? previous.expiresAt : null;
}

function isLive<T extends { expiresAt: number }>(previous: T | null, now: number): previous is T {
  return previous !== null && now < previous.expiresAt;
}

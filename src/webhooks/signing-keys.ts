import { createPrivateKey, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import type { SigningScheme } from './signing.ts';

/** What a webhook's requests are signed with, by its scheme; with the scheme `none`, by nobody. */
export interface SigningKeys {
  current: KeyObject;
  /** The one before the latest rotation, which signs too until `expiresAt` (epoch milliseconds); or null. */
  previous: { key: KeyObject; expiresAt: number } | null;
}

/** What comes before the 32 bytes of a private Ed25519 key in PKCS #8. Source: RFC 8410 §7. */
const ED25519_PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');
const ED25519_SEED_BYTES = 32;

/**
 * The key that a scheme makes of a signing secret (`whsec_…`). `standard`: the bytes that it is the base64 of (Standard
 * Webhooks 1.0.0). `ed25519`: a private key derived from those bytes (HKDF-SHA-256, RFC 5869), so that it is rotated,
 * sealed and backed up with them. `github` and `gomft`: the text as it is shown, because that is what people paste into
 * receivers of that kind. A `KeyObject`, because a raw key costs four times as much. Pure.
 */
export function signingKeyOf(scheme: SigningScheme, secret: string): KeyObject {
  switch (scheme) {
    case 'standard':
    case 'none':
      return createSecretKey(bytesOf(secret));
    case 'ed25519':
      return ed25519KeyOf(bytesOf(secret));
    case 'github':
    case 'gomft':
      return createSecretKey(secret, 'utf8');
  }
}

function bytesOf(secret: string): Buffer {
  return Buffer.from(secret.slice('whsec_'.length), 'base64');
}

function ed25519KeyOf(bytes: Buffer): KeyObject {
  const seed = new Uint8Array(hkdfSync('sha256', bytes, '', 'waybill ed25519', ED25519_SEED_BYTES));
  return createPrivateKey({ key: Buffer.concat([ED25519_PKCS8, seed]), format: 'der', type: 'pkcs8' });
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

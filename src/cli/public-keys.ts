import { createPublicKey, type KeyObject } from 'node:crypto';
import { messageOf } from '../kernel/errors.ts';
import { isJsonObject, type Json } from '../kernel/json.ts';
import { CommandFailure, wrongUsage } from './command-io.ts';

/** The public Ed25519 keys that a sender signs with. */
export interface PublicKeys {
  /** Those at hand. */
  current(): readonly KeyObject[];
  /** Those of now: fetched anew where they come from a URL, and those at hand where that fails. */
  renew(): Promise<readonly KeyObject[]>;
}

const KEY_PREFIX = 'whpk_';
const KEY_BYTES = 32;
const ANSWERS_WITHIN_MS = 10_000;

/**
 * The keys that a text names: `whpk_` and base64 (Standard Webhooks 1.0.0), or the URL of a JWK Set (RFC 7517), which is
 * fetched now. Throws a `CommandFailure`: 2 where it is neither, 1 where the set cannot be had.
 */
export async function openPublicKeys(text: string): Promise<PublicKeys> {
  if (/^https?:\/\//i.test(text)) return openKeySet(text);
  const bytes = Buffer.from(text.slice(KEY_PREFIX.length), 'base64');
  if (!text.startsWith(KEY_PREFIX) || bytes.length !== KEY_BYTES) {
    throw wrongUsage('The public key is none: it should be whpk_ and base64, or the URL of /.well-known/jwks.json.');
  }
  const keys = [publicKeyOf(bytes.toString('base64url'))];
  return { current: () => keys, renew: async () => keys };
}

async function openKeySet(url: string): Promise<PublicKeys> {
  let keys = await fetchKeySet(url);
  return {
    current: () => keys,
    async renew() {
      keys = await fetchKeySet(url).catch(() => keys);
      return keys;
    },
  };
}

async function fetchKeySet(url: string): Promise<KeyObject[]> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(ANSWERS_WITHIN_MS) });
    if (!response.ok) throw new Error(`it answered ${response.status}`);
    return keysIn((await response.json()) as Json);
  } catch (error) {
    throw new CommandFailure(`No key set could be had from ${url}: ${messageOf(error)}.`, { cause: error });
  }
}

/** The Ed25519 keys of a JWK Set; others may be in it (RFC 8037 §2). */
function keysIn(set: Json): KeyObject[] {
  if (!(isJsonObject(set) && Array.isArray(set.keys))) throw new Error('it is no JWK Set');
  return set.keys.flatMap((jwk) =>
    isJsonObject(jwk) && jwk.kty === 'OKP' && jwk.crv === 'Ed25519' && typeof jwk.x === 'string'
      ? [publicKeyOf(jwk.x)]
      : [],
  );
}

function publicKeyOf(x: string): KeyObject {
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
}

import { createPublicKey, hash, type KeyObject } from 'node:crypto';
import type { Signing } from './signing.ts';
import { type SigningKeys, signingKeysAt } from './signing-keys.ts';

/** A public Ed25519 key (RFC 8037 §2). */
export interface PublicJwk {
  kty: 'OKP';
  crv: 'Ed25519';
  /** Its 32 bytes in base64url. */
  x: string;
  use: 'sig';
  alg: 'EdDSA';
  /** The thumbprint of the key (RFC 7638). */
  kid: string;
}

/** A webhook, as far as its signatures are concerned. */
interface Signer {
  config: { signing: Signing };
  signing: SigningKeys;
}

/** Made once for each key: whoever asks for the set needs no leave. */
const jwkByKey = new WeakMap<KeyObject, PublicJwk>();

/** The public keys that verify what webhooks sign with Ed25519 at `now` (epoch milliseconds): a JWK Set (RFC 7517 §5). */
export function keySetAt(webhooks: readonly Signer[], now: number): { keys: PublicJwk[] } {
  const keys = new Map<string, PublicJwk>();
  for (const { config, signing } of webhooks) {
    if (config.signing.scheme !== 'ed25519') continue;
    for (const jwk of signingKeysAt(signing, now).map(publicJwkOf)) keys.set(jwk.kid, jwk);
  }
  return { keys: [...keys.values()] };
}

/** The public half of a private Ed25519 key as Standard Webhooks 1.0.0 writes it: `whpk_` and base64. */
export function publicKeyText(privateKey: KeyObject): string {
  return `whpk_${Buffer.from(publicJwkOf(privateKey).x, 'base64url').toString('base64')}`;
}

function publicJwkOf(privateKey: KeyObject): PublicJwk {
  let jwk = jwkByKey.get(privateKey);
  if (jwk === undefined) {
    const { x = '' } = createPublicKey(privateKey).export({ format: 'jwk' });
    jwk = { kty: 'OKP', crv: 'Ed25519', x, use: 'sig', alg: 'EdDSA', kid: thumbprintOf(x) };
    jwkByKey.set(privateKey, jwk);
  }
  return jwk;
}

/** RFC 7638 §3: the required members alone, in this order and without white space. */
function thumbprintOf(x: string): string {
  return hash('sha256', `{"crv":"Ed25519","kty":"OKP","x":"${x}"}`, 'base64url');
}

import { createHmac, type KeyObject, sign as signWith } from 'node:crypto';
import { ownSignatureHeaders, type Signing, signingKeysAt, type Webhook } from '../webhooks/index.ts';

/** What is signed of one attempt. */
export interface Signed {
  /** The event's id. */
  id: string;
  /** Unix seconds. */
  timestamp: string;
  body: string;
}

/**
 * Adds to a flat list of headers (name, value, …) those that sign an attempt made at `now` (epoch milliseconds), by the
 * webhook's scheme; none with the scheme `none`.
 */
export function addSignature(headers: string[], { config, signing }: Webhook, signed: Signed, now: number): void {
  const keys = signingKeysAt(signing, now);
  switch (config.signing.scheme) {
    case 'none':
      return;
    case 'standard':
      headers.push('webhook-signature', signStandard(keys, signed));
      return;
    case 'ed25519':
      headers.push('webhook-signature', signAsymmetric(keys, signed));
      return;
    case 'github':
    case 'gomft':
      addOwnSignatures(headers, config.signing, keys, signed.body);
  }
}

/**
 * The `webhook-signature` of one attempt: for each key HMAC-SHA256 over id, timestamp and the exact bytes of the body,
 * joined by dots; signatures in the order of the keys, with a space between. Source: Standard Webhooks 1.0.0, "Signature
 * scheme".
 */
function signStandard(keys: readonly KeyObject[], { id, timestamp, body }: Signed): string {
  const content = `${id}.${timestamp}.${body}`;
  return keys.map((key) => `v1,${createHmac('sha256', key).update(content).digest('base64')}`).join(' ');
}

/** The same with private Ed25519 keys (Standard Webhooks 1.0.0, `v1a`). */
function signAsymmetric(keys: readonly KeyObject[], { id, timestamp, body }: Signed): string {
  const content = Buffer.from(`${id}.${timestamp}.${body}`);
  return keys.map((key) => `v1a,${signWith(null, content, key).toString('base64')}`).join(' ');
}

/**
 * GitHub's and GoMFT's: HMAC-SHA256 over the bytes of the body alone, in hex. Their receivers read one signature from a
 * header, so that of the secret before goes into one of its own. Source: GitHub docs, "Validating webhook deliveries".
 */
function addOwnSignatures(headers: string[], signing: Signing, keys: readonly KeyObject[], body: string): void {
  const names = ownSignatureHeaders(signing);
  if (names === null) return;
  const prefix = signing.scheme === 'github' ? 'sha256=' : '';
  const [current, previous] = keys.map((key) => prefix + createHmac('sha256', key).update(body).digest('hex'));
  if (current !== undefined) headers.push(names.current, current);
  if (previous !== undefined) headers.push(names.previous, previous);
}

import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { SetupError } from '../kernel/errors.ts';

/** What a receiver can say of a signature. `reason` is a clause in plain words, without a full stop. */
export type SignatureVerdict =
  | { verdict: 'valid' }
  | { verdict: 'wrong'; reason: string }
  | { verdict: 'not_checked'; reason: string };

export interface SignedRequest {
  /** Names in lower case, as node:http gives them. */
  headers: IncomingHttpHeaders;
  /** The body's bytes as they arrived: a body that was parsed and written again does not verify. */
  body: Uint8Array;
}

/** How far the sender's clock may be from ours, either way, before a request counts as replayed. */
const TOLERANCE_S = 5 * 60;

const SECRET_PREFIX = 'whsec_';

/**
 * The key inside a signing secret: base64, with or without `whsec_` before it. Throws a `SetupError` that does not
 * repeat the secret. Source: Standard Webhooks 1.0.0, "Signature scheme".
 */
export function parseSigningSecret(secret: string): Buffer {
  const base64 = secret.startsWith(SECRET_PREFIX) ? secret.slice(SECRET_PREFIX.length) : secret;
  const key = Buffer.from(base64, 'base64');
  // Buffer.from skips what is not base64; a key that does not encode back to its text was mistyped.
  if (key.length === 0 || key.toString('base64').replace(/=+$/, '') !== base64.replace(/=+$/, '')) {
    throw new SetupError(
      'The signing secret is not one: it should be whsec_ followed by base64, as Waybill showed it.',
    );
  }
  return key;
}

/**
 * Checks a request's signature as a receiver should: Standard Webhooks 1.0.0, scheme v1 (HMAC-SHA256 over
 * `id.timestamp.body`), one match among several signatures is enough, and the timestamp may be off by five minutes.
 * `now` is in epoch milliseconds. Compares in constant time.
 */
export function verifySignature(request: SignedRequest, key: Uint8Array, now: number): SignatureVerdict {
  const id = header(request, 'webhook-id');
  const timestamp = header(request, 'webhook-timestamp');
  const signatures = header(request, 'webhook-signature');
  const missing = Object.entries({ 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures })
    .filter(([, value]) => value === null)
    .map(([name]) => name);
  if (id === null || timestamp === null || signatures === null) return wrong(`no header ${missing.join(', ')}`);

  const untimely = judgeTimestamp(timestamp, now);
  if (untimely !== null) return wrong(untimely);

  const candidates = signatures.split(' ').filter((signature) => signature.startsWith('v1,'));
  if (candidates.length === 0) return wrong('webhook-signature holds no signature of the scheme v1');

  const expected = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(request.body).digest();
  const matches = candidates.some((candidate) =>
    isSame(Buffer.from(candidate.slice('v1,'.length), 'base64'), expected),
  );
  return matches
    ? { verdict: 'valid' }
    : wrong('it was made with another secret, or the request was changed on the way');
}

/** The verdict as one line: `signature: valid`, `signature: wrong, <why>` or `signature: not checked, <why>`. */
export function verdictLine(verdict: SignatureVerdict): string {
  switch (verdict.verdict) {
    case 'valid':
      return 'signature: valid';
    case 'wrong':
      return `signature: wrong, ${verdict.reason}`;
    case 'not_checked':
      return `signature: not checked, ${verdict.reason}`;
  }
}

/** Why a `webhook-timestamp` (seconds since 1970) is not believed, or null. */
function judgeTimestamp(timestamp: string, now: number): string | null {
  if (!/^\d{1,12}$/.test(timestamp)) return 'webhook-timestamp is not a number of seconds';
  const aheadS = Number(timestamp) - Math.floor(now / 1000);
  if (aheadS < -TOLERANCE_S)
    return `webhook-timestamp is ${-aheadS} seconds old, and more than 5 minutes are not accepted`;
  if (aheadS > TOLERANCE_S) {
    return `webhook-timestamp is ${aheadS} seconds in the future, and more than 5 minutes are not accepted`;
  }
  return null;
}

function header(request: SignedRequest, name: string): string | null {
  const value = request.headers[name];
  return typeof value === 'string' && value !== '' ? value : null;
}

function isSame(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

function wrong(reason: string): SignatureVerdict {
  return { verdict: 'wrong', reason };
}

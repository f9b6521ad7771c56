import { createHmac, createSecretKey, type KeyObject, timingSafeEqual, verify } from 'node:crypto';
import { SetupError } from './errors.ts';

/** What a receiver can say of a signature. `reason` is a clause in plain words, without a full stop. */
export type SignatureVerdict =
  | { verdict: 'valid'; scheme: SignatureScheme }
  | { verdict: 'wrong'; reason: string }
  | { verdict: 'not_checked'; reason: string };

export type SignatureScheme = 'standard' | 'ed25519' | 'github' | 'gomft';

export interface SignedRequest {
  /** Names in lower case, as node:http gives them. */
  headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The body's bytes as they arrived: a body that was parsed and written again does not verify. */
  body: Uint8Array;
}

/** What a signing secret verifies with: the bytes that it is the base64 of, and its text as Waybill shows it. */
export interface SigningSecret {
  bytes: KeyObject;
  text: KeyObject;
}

/** What a receiver verifies Standard Webhooks with. */
export interface StandardKeys {
  /** For `standard`: of the bytes that signing secrets are the base64 of. */
  secrets: readonly KeyObject[];
  /** For `ed25519`. */
  publicKeys: readonly KeyObject[];
}

/** What a receiver verifies with that knows no more than the secret. */
export interface VerificationKeys {
  /** For `standard`, `github` and `gomft`; null without. */
  secret: SigningSecret | null;
  /** For `ed25519`. */
  publicKeys: readonly KeyObject[];
  /** The header, in lower case, that `github` or `gomft` was told to use; null for their usual ones. */
  ownHeader: string | null;
}

/** How far the sender's clock may be from ours, either way, before a request counts as replayed. */
const TOLERANCE_S = 5 * 60;

const SECRET_PREFIX = 'whsec_';
const USUAL_HEADERS = ['x-hub-signature-256', 'x-gomft-signature'];
const TAMPERED = 'it was made with another secret, or the request was changed on the way';

/**
 * A signing secret: base64, with or without `whsec_` before it. Throws a `SetupError` that does not repeat it. Source:
 * Standard Webhooks 1.0.0, "Signature scheme".
 */
export function parseSigningSecret(secret: string): SigningSecret {
  const base64 = secret.startsWith(SECRET_PREFIX) ? secret.slice(SECRET_PREFIX.length) : secret;
  const bytes = Buffer.from(base64, 'base64');
  // Buffer.from skips what is not base64; a key that does not encode back to its text was mistyped.
  if (bytes.length === 0 || bytes.toString('base64').replace(/=+$/, '') !== base64.replace(/=+$/, '')) {
    throw new SetupError(
      'The signing secret is not one: it should be whsec_ followed by base64, as Waybill showed it.',
    );
  }
  return { bytes: createSecretKey(bytes), text: createSecretKey(SECRET_PREFIX + base64, 'utf8') };
}

/**
 * Checks a request's signature as a receiver should, by the scheme that its headers show; one match among several
 * signatures is enough. `now` is in epoch milliseconds. Compares in constant time.
 */
export function verifySignature(
  request: SignedRequest,
  { secret, publicKeys, ownHeader: givenHeader }: VerificationKeys,
  now: number,
): SignatureVerdict {
  if (secret === null && publicKeys.length === 0) return notChecked('no secret given');
  const [ownHeader] = (givenHeader === null ? USUAL_HEADERS : [givenHeader]).filter(
    (name) => header(request, name) !== null,
  );
  const isStandard = ownHeader === undefined || header(request, 'webhook-signature') !== null;
  const of = (key: 'bytes' | 'text'): KeyObject[] => (secret === null ? [] : [secret[key]]);
  return isStandard
    ? verifyStandard(request, { secrets: of('bytes'), publicKeys }, now)
    : verifyBody(request, ownHeader, of('text'));
}

/**
 * Standard Webhooks 1.0.0: over `id.timestamp.body`, HMAC-SHA256 (`v1`) or Ed25519 (`v1a`); the timestamp may be off by
 * five minutes. `now` is in epoch milliseconds. Compares in constant time.
 */
export function verifyStandard(request: SignedRequest, keys: StandardKeys, now: number): SignatureVerdict {
  const id = header(request, 'webhook-id');
  const timestamp = header(request, 'webhook-timestamp');
  const signatures = header(request, 'webhook-signature');
  const missing = Object.entries({ 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures })
    .filter(([, value]) => value === null)
    .map(([name]) => name);
  if (id === null || timestamp === null || signatures === null) return wrong(`no header ${missing.join(', ')}`);

  const untimely = judgeTimestamp(timestamp, now);
  if (untimely !== null) return wrong(untimely);

  const content = Buffer.concat([Buffer.from(`${id}.${timestamp}.`), request.body]);
  return judgeSignatures(signatures.split(' '), content, keys);
}

function judgeSignatures(
  signatures: readonly string[],
  content: Buffer,
  { secrets, publicKeys }: StandardKeys,
): SignatureVerdict {
  const symmetric = ofVersion('v1', signatures);
  const asymmetric = ofVersion('v1a', signatures);
  if (symmetric.length + asymmetric.length === 0) {
    return wrong('webhook-signature holds no signature of the scheme v1 or v1a');
  }
  for (const secret of secrets) {
    const expected = createHmac('sha256', secret).update(content).digest();
    if (symmetric.some((signature) => isSame(signature, expected))) return { verdict: 'valid', scheme: 'standard' };
  }
  if (asymmetric.some((signature) => publicKeys.some((key) => verify(null, content, key, signature)))) {
    return { verdict: 'valid', scheme: 'ed25519' };
  }
  if (symmetric.length > 0 && secrets.length > 0) return wrong(TAMPERED);
  if (asymmetric.length > 0 && publicKeys.length > 0) {
    return wrong('it was made with another key, or the request was changed on the way');
  }
  return symmetric.length > 0
    ? notChecked('it is of the scheme standard (v1), and no secret was given')
    : notChecked('it is of the scheme ed25519 (v1a), and no public key was given');
}

/** The signatures of a version, decoded. */
function ofVersion(version: string, signatures: readonly string[]): Buffer[] {
  return signatures
    .filter((signature) => signature.startsWith(`${version},`))
    .map((signature) => Buffer.from(signature.slice(version.length + 1), 'base64'));
}

/**
 * GitHub's way and GoMFT's: HMAC-SHA256 over the body alone, in the header of that name (in lower case), keyed with the
 * text of a secret, in hex; GitHub's says `sha256=` first. While a rotation overlaps, the secret before signs in the
 * header with `-previous` at its end. Compares in constant time.
 */
export function verifyBody(request: SignedRequest, name: string, secrets: readonly KeyObject[]): SignatureVerdict {
  if (header(request, name) === null) return wrong(`no header ${name}`);
  const given = [name, `${name}-previous`].map((each) => header(request, each) ?? '');
  const [match] = given.map((value) => /^(sha256=)?([0-9a-f]{64})$/i.exec(value));
  if (match == null) return wrong(`${name} holds no signature`);
  const scheme = match[1] === undefined ? 'gomft' : 'github';
  if (secrets.length === 0) return notChecked(`it is of the scheme ${scheme}, and no secret was given`);
  const signatures = given.map((value) => Buffer.from(value.replace(/^sha256=/i, ''), 'hex'));
  const matches = secrets.some((secret) => {
    const expected = createHmac('sha256', secret).update(request.body).digest();
    return signatures.some((signature) => isSame(signature, expected));
  });
  return matches ? { verdict: 'valid', scheme } : wrong(TAMPERED);
}

/**
 * The verdict as one line: `signature: valid`, with the scheme where that is not `standard`, `signature: wrong, <why>` or
 * `signature: not checked, <why>`.
 */
export function verdictLine(verdict: SignatureVerdict): string {
  switch (verdict.verdict) {
    case 'valid':
      return verdict.scheme === 'standard' ? 'signature: valid' : `signature: valid (${verdict.scheme})`;
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

function notChecked(reason: string): SignatureVerdict {
  return { verdict: 'not_checked', reason };
}

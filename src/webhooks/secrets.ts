import { unacceptable } from '../kernel/errors.ts';
import type { WebhookId } from '../kernel/ids.ts';
import type { Random } from '../kernel/random.ts';
import type { Sealer } from '../kernel/sealing.ts';
import type { Auth } from './webhook.ts';

/** A secret as a request gives it: the text, or the `{ "set": true }` of a read, which keeps what is there. */
export type GivenSecret = string | { set: true };

const SECRET_BYTES = 32;
const MIN_SECRET_BYTES = 24;
const MAX_SECRET_BYTES = 64;

/** The one member of each kind of authentication that is a secret. */
const SECRET_MEMBER = { none: null, basic: 'password', api_key: 'value', bearer: 'token' } as const;

/** What a sealed secret of a webhook is bound to. */
export function secretPlace(id: WebhookId, member: string): string {
  return `webhooks/${id}/${member}`;
}

/** A new signing secret: `whsec_` and 32 random bytes in base64. */
export function makeSigningSecret(random: Random): string {
  return `whsec_${Buffer.from(random.fill(new Uint8Array(SECRET_BYTES))).toString('base64')}`;
}

/** Refuses a signing secret that is not `whsec_` and the base64 of 24 to 64 bytes (Standard Webhooks 1.0.0). */
export function checkSigningSecret(secret: string): void {
  const text = secret.startsWith('whsec_') ? secret.slice('whsec_'.length) : '';
  const bytes = Buffer.from(text, 'base64');
  const isBase64 = bytes.toString('base64').replaceAll('=', '') === text.replaceAll('=', '');
  if (!isBase64 || bytes.length < MIN_SECRET_BYTES || bytes.length > MAX_SECRET_BYTES) {
    throw unacceptable(
      '/signingSecret',
      'Must be "whsec_" and 24 to 64 bytes in base64. Leave it out to have one made.',
    );
  }
}

/** Seals the secret of an `auth`. One given as `{ set: true }` is taken over from `previous`, else refused. */
export function sealAuth(
  given: Auth<GivenSecret>,
  previous: Auth<string> | undefined,
  id: WebhookId,
  sealer: Sealer,
): Auth<string> {
  const member = SECRET_MEMBER[given.type];
  if (member === null) return given as Auth<string>;
  const secret = (given as Record<string, unknown>)[member] as GivenSecret;
  if (typeof secret === 'string')
    return { ...given, [member]: sealer.seal(secret, secretPlace(id, member)) } as Auth<string>;
  if (previous?.type !== given.type) {
    throw unacceptable(`/auth/${member}`, 'There is no secret to keep here yet: give it as text.');
  }
  return { ...given, [member]: (previous as Record<string, unknown>)[member] } as Auth<string>;
}

/** The `auth` with its secret as plain text. */
export function openAuth(sealed: Auth<string>, id: WebhookId, sealer: Sealer): Auth<string> {
  const member = SECRET_MEMBER[sealed.type];
  if (member === null) return sealed;
  const secret = (sealed as Record<string, unknown>)[member] as string;
  return { ...sealed, [member]: sealer.open(secret, secretPlace(id, member)) } as Auth<string>;
}

/** The `auth` as a read shows it: that there is a secret, never which. */
export function maskAuth(auth: Auth<string>): Auth<{ set: true }> {
  const member = SECRET_MEMBER[auth.type];
  if (member === null) return auth as Auth<{ set: true }>;
  return { ...auth, [member]: { set: true } } as Auth<{ set: true }>;
}

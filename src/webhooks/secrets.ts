import { unacceptable } from '../kernel/errors.ts';
import type { WebhookId } from '../kernel/ids.ts';
import type { Random } from '../kernel/random.ts';
import type { Sealer } from '../kernel/sealing.ts';
import type { SealedSecret } from '../sealing/index.ts';
import { type GivenSecret, type SecretOwner, secretPlace } from './secret-place.ts';
import { sealedSecretsOfTls } from './tls.ts';
import type { Auth, OwnConfig, WebhookRecord } from './webhook.ts';

export type { GivenSecret } from './secret-place.ts';

const SECRET_BYTES = 32;
const MIN_SECRET_BYTES = 24;
const MAX_SECRET_BYTES = 64;

/** The one member of each kind of authentication that is a secret. */
const SECRET_MEMBER = {
  none: null,
  basic: 'password',
  api_key: 'value',
  bearer: 'token',
  oauth2: 'clientSecret',
} as const;

/** Both secrets of an overlap are bound to this place, so that a rotation can move one without opening it. */
const SIGNING_SECRET = 'signingSecret';

/** A new signing secret: `whsec_` and 32 random bytes in base64. */
export function makeSigningSecret(random: Random): string {
  return `whsec_${Buffer.from(random.fill(new Uint8Array(SECRET_BYTES))).toString('base64')}`;
}

/** Seals a signing secret of a webhook. */
export function sealSigningSecret(secret: string, id: WebhookId, sealer: Sealer): string {
  return sealer.seal(secret, secretPlace(id, SIGNING_SECRET));
}

/** The signing secret as plain text: the one in force, or the one before it. */
export function openSigningSecret(sealed: string, id: WebhookId, sealer: Sealer): string {
  return sealer.open(sealed, secretPlace(id, SIGNING_SECRET));
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

/**
 * Seals the secret of an `auth` for its owner. One given as `{ set: true }` is that of `kept`, the `auth` in force until
 * now with its secret in plain text; refused when that has none of the kind.
 */
export function sealAuth(
  given: Auth<GivenSecret>,
  kept: Auth<string> | null,
  owner: SecretOwner,
  sealer: Sealer,
): Auth<string> {
  const member = SECRET_MEMBER[given.type];
  if (member === null) return given as Auth<string>;
  const secret = secretOf(given, member);
  if (typeof secret !== 'string' && kept?.type !== given.type) {
    throw unacceptable(`/auth/${member}`, 'There is no secret to keep here yet: give it as text.');
  }
  const plain = typeof secret === 'string' ? secret : secretOf(kept as Auth<string>, member);
  return { ...given, [member]: sealer.seal(plain, secretPlace(owner, member)) } as Auth<string>;
}

/** The `auth` with its secret as plain text. */
export function openAuth(sealed: Auth<string>, owner: SecretOwner, sealer: Sealer): Auth<string> {
  const member = SECRET_MEMBER[sealed.type];
  if (member === null) return sealed;
  return { ...sealed, [member]: sealer.open(secretOf(sealed, member), secretPlace(owner, member)) } as Auth<string>;
}

type SecretsOfRecord = Pick<WebhookRecord, 'id' | 'config' | 'signingSecret' | 'previousSecret'>;

/** Every secret of a webhook, sealed as it is, with the place it is bound to. */
export function sealedSecretsOf({ id, config, signingSecret, previousSecret }: SecretsOfRecord): SealedSecret[] {
  const place = secretPlace(id, SIGNING_SECRET);
  const previous = previousSecret == null ? [] : [{ place, sealed: previousSecret.sealed }];
  return [{ place, sealed: signingSecret }, ...previous, ...sealedSecretsOfConfig(config, id)];
}

/** Every secret of settings, sealed as it is, with the place it is bound to. */
export function sealedSecretsOfConfig(config: OwnConfig, owner: SecretOwner): SealedSecret[] {
  return [...sealedSecretsOfAuth(config.auth, owner), ...sealedSecretsOfTls(config.tls, owner)];
}

/** The secret of an `auth`; none where it has none. */
function sealedSecretsOfAuth(auth: Auth<string> | undefined, owner: SecretOwner): SealedSecret[] {
  const member = auth === undefined ? null : SECRET_MEMBER[auth.type];
  if (auth === undefined || member === null) return [];
  return [{ place: secretPlace(owner, member), sealed: secretOf(auth, member) }];
}

/** The secret of an `auth` whose kind has it under that name. */
function secretOf<S>(auth: Auth<S>, member: string): S {
  return (auth as unknown as Record<string, S>)[member] as S;
}

/** The `auth` as a read shows it: that there is a secret, never which. */
export function maskAuth(auth: Auth<string>): Auth<{ set: true }> {
  const member = SECRET_MEMBER[auth.type];
  if (member === null) return auth as Auth<{ set: true }>;
  return { ...auth, [member]: { set: true } } as Auth<{ set: true }>;
}

import { unacceptable } from '../kernel/errors.ts';
import type { WebhookId } from '../kernel/ids.ts';
import type { Sealer } from '../kernel/sealing.ts';
import type { SealedSecret } from '../sealing/index.ts';
import { type GivenSecret, type SecretOwner, secretPlace } from './secret-place.ts';
import type { Tls } from './webhook.ts';
import { DEFAULTS } from './webhooks.store.ts';

/** TLS options as their owner sets them: what is absent is inherited. Whole ones are a special case of it. */
type Own<Secret> = Partial<Tls<Secret>>;

/** The one member that is a secret, and what it is sealed for. */
const KEY_MEMBER = 'tls/clientKeyPem';

/**
 * TLS options as they were given, the client key as plain text: one given as `{ set: true }` is that of `kept`, the
 * options in force until now with their key in plain text. Refused when those have none.
 */
export function plainTls(given: Own<GivenSecret>, kept: Tls<string> | null): Own<string> {
  const { clientKeyPem: key, ...others } = given;
  if (key === undefined) return others;
  if (key === null || typeof key === 'string') return { ...others, clientKeyPem: key };
  if (kept?.clientKeyPem == null) {
    throw unacceptable('/tls/clientKeyPem', 'There is no secret to keep here yet: give it as text.');
  }
  return { ...others, clientKeyPem: kept.clientKeyPem };
}

/** Seals the client key for its owner, where there is one. */
export function sealTls<T extends Own<string>>(plain: T, owner: SecretOwner, sealer: Sealer): T {
  return withKey(plain, (key) => sealer.seal(key, secretPlace(owner, KEY_MEMBER)));
}

/** The options with their client key, which the owner has sealed, as plain text. */
export function openTls<T extends Own<string>>(sealed: T, owner: SecretOwner, sealer: Sealer): T {
  return withKey(sealed, (key) => sealer.open(key, secretPlace(owner, KEY_MEMBER)));
}

/** The options that a webhook uses, with the client key as plain text, be it its own or inherited. */
export function openTlsInForce(
  inForce: Tls<string>,
  own: Own<string> | undefined,
  id: WebhookId,
  sealer: Sealer,
): Tls<string> {
  return openTls(inForce, own?.clientKeyPem === undefined ? DEFAULTS : id, sealer);
}

function withKey<T extends Own<string>>(tls: T, replace: (key: string) => string): T {
  return tls.clientKeyPem == null ? tls : { ...tls, clientKeyPem: replace(tls.clientKeyPem) };
}

/** The client key, sealed as it is, with the place it is bound to; none where there is none. */
export function sealedSecretsOfTls(tls: Own<string> | undefined, owner: SecretOwner): SealedSecret[] {
  if (tls?.clientKeyPem == null) return [];
  return [{ place: secretPlace(owner, KEY_MEMBER), sealed: tls.clientKeyPem }];
}

/** The options as a read shows them: that there is a client key, never which. */
export function maskTls(tls: Tls<string>): Tls<{ set: true }>;
export function maskTls(tls: Own<string>): Own<{ set: true }>;
export function maskTls(tls: Own<string>): Own<{ set: true }> {
  const { clientKeyPem: key, ...others } = tls;
  return key === undefined ? others : { ...others, clientKeyPem: key === null ? null : { set: true } };
}

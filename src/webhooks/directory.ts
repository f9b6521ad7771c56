import { entityTag } from '../http/index.ts';
import type { Sealer } from '../kernel/sealing.ts';
import type { Store } from '../store/index.ts';
import { type Defaults, type DefaultsRecord, defaultsOf, effectiveConfig } from './defaults.ts';
import { publicKeyText } from './key-set.ts';
import { maskAuth, openAuth, openSigningSecret } from './secrets.ts';
import type { SigningScheme } from './signing.ts';
import { type SigningKeys, signingKeyOf } from './signing-keys.ts';
import { maskTls, openTlsInForce } from './tls.ts';
import { stateOf, type WebhookConfig, type WebhookRecord, type WebhookState } from './webhook.ts';
import {
  allWebhooks,
  DEFAULTS,
  DEFAULTS_CHANGED,
  deletedWebhooks,
  findDefaults,
  WEBHOOK_CHANGED,
} from './webhooks.store.ts';

/** What a read of a webhook is made from: settings in force, secrets sealed or not, for they are not shown. */
export interface WebhookView {
  record: WebhookRecord;
  config: WebhookConfig<string>;
  state: WebhookState;
  /** The entity tag of its settings, inherited ones included: another after each change of them, and only then. */
  tag: string;
}

/** A webhook ready for use: settings in force, secrets open. Never logged, never answered with as it is. */
export interface Webhook extends WebhookView {
  signing: SigningKeys;
}

/**
 * Every webhook, in memory. It is in step with the store: a change is here before the command that made it is
 * answered, and before any delivery that the store hands out after it.
 */
export interface WebhookDirectory {
  /** Null when there is no such webhook, or it has been deleted. */
  get(id: string): Webhook | null;
  /** All that are not deleted, newest first. */
  list(): Webhook[];
  /** Those deleted last by an instant, a hundred at most; read from the store, which keeps them. */
  deletedBy(instant: number): Promise<WebhookView[]>;
  /** What receivers verify a webhook with, `whpk_…`; null where its scheme has no such key. */
  publicKey(view: WebhookView): string | null;
  /** What webhooks inherit. Secrets in it are sealed. */
  defaults(): Defaults;
  /** Calls `listener` with the id after each change of what a webhook is, inherited or its own; deletion included. */
  onChange(listener: (id: string) => void): void;
}

/** Loads the directory and keeps it in step from then on. */
export async function openDirectory(store: Store, sealer: Sealer): Promise<WebhookDirectory> {
  const webhooks = new Map<string, Webhook>();
  const listeners: ((id: string) => void)[] = [];
  /** Made when they are asked for: each costs a fifth of a millisecond. */
  const publicKeys = new WeakMap<WebhookRecord, string>();
  let defaults: Defaults;

  function take(record: WebhookRecord): void {
    if (record.deletedAt === null) webhooks.set(record.id, openWebhook(record, defaults, sealer));
    else webhooks.delete(record.id);
  }

  function tell(ids: readonly string[]): void {
    for (const id of ids) for (const listener of listeners) listener(id);
  }

  /** Returns the webhooks that inherit something which is another now. */
  function takeDefaults(record: DefaultsRecord): string[] {
    defaults = defaultsOf(record);
    const changed = [...webhooks.values()].filter(({ record, tag }) => viewOf(record, defaults).tag !== tag);
    for (const { record } of changed) take(record);
    return changed.map(({ record }) => record.id);
  }

  store.subscribe<DefaultsRecord>(DEFAULTS_CHANGED, (record) => tell(takeDefaults(record)));
  store.subscribe<WebhookRecord>(WEBHOOK_CHANGED, (record) => {
    take(record);
    tell([record.id]);
  });
  takeDefaults(await store.read(findDefaults, null));
  for (const record of await store.read(allWebhooks, null)) take(record);

  return {
    get: (id) => webhooks.get(id) ?? null,
    list: () => [...webhooks.values()].sort((a, b) => (a.record.id < b.record.id ? 1 : -1)),
    deletedBy: async (by) => (await store.read(deletedWebhooks, { by })).map((record) => viewOf(record, defaults)),
    publicKey({ record, config }) {
      if (config.signing.scheme !== 'ed25519') return null;
      const known = publicKeys.get(record) ?? publicKeyText(openSigning(record, 'ed25519', sealer).current);
      publicKeys.set(record, known);
      return known;
    },
    defaults: () => defaults,
    onChange: (listener) => listeners.push(listener),
  };
}

/** What a read shows of the webhook that a record describes, with what it inherits. */
export function viewOf(record: WebhookRecord, defaults: Defaults): WebhookView {
  const config = effectiveConfig(record.config, defaults.config);
  return { record, config, state: stateOf(record, config), tag: tagOf(record, config, defaults) };
}

/** Versions stand for the secrets, and the webhook's own for its name as well: how they are sealed is nobody's business. */
function tagOf({ id, version, config }: WebhookRecord, inForce: WebhookConfig<string>, defaults: Defaults): string {
  const isKeyInherited = config.tls?.clientKeyPem === undefined && inForce.tls.clientKeyPem !== null;
  const isSecretInherited = (config.auth === undefined && inForce.auth.type !== 'none') || isKeyInherited;
  const shown = { ...inForce, auth: maskAuth(inForce.auth), tls: maskTls(inForce.tls) };
  return entityTag([id, version, shown, isSecretInherited ? defaults.version : null]);
}

/** The webhook that a record describes, with what it inherits. */
export function openWebhook(record: WebhookRecord, defaults: Defaults, sealer: Sealer): Webhook {
  const view = viewOf(record, defaults);
  const { id, config: own } = record;
  const config = {
    ...view.config,
    auth: openAuth(view.config.auth, own.auth === undefined ? DEFAULTS : id, sealer),
    tls: openTlsInForce(view.config.tls, own.tls, id, sealer),
  };
  return { ...view, config, signing: openSigning(record, config.signing.scheme, sealer) };
}

function openSigning(
  { id, signingSecret, previousSecret: previous }: WebhookRecord,
  scheme: SigningScheme,
  sealer: Sealer,
): SigningKeys {
  const keyIn = (sealed: string) => signingKeyOf(scheme, openSigningSecret(sealed, id, sealer));
  return {
    current: keyIn(signingSecret),
    previous: previous === null ? null : { key: keyIn(previous.sealed), expiresAt: previous.expiresAt },
  };
}

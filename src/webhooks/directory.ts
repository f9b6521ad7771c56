import { createSecretKey, type KeyObject } from 'node:crypto';
import type { Sealer } from '../kernel/sealing.ts';
import type { Store } from '../store/index.ts';
import { effectiveConfig } from './defaults.ts';
import { openAuth, secretPlace } from './secrets.ts';
import { stateOf, type WebhookConfig, type WebhookRecord, type WebhookState } from './webhook.ts';
import { allWebhooks, WEBHOOK_CHANGED } from './webhooks.store.ts';

/** What a read of a webhook is made from: settings in force, secrets sealed or not, for they are not shown. */
export interface WebhookView {
  record: WebhookRecord;
  config: WebhookConfig<string>;
  state: WebhookState;
}

/** A webhook ready for use: settings in force, secrets open. Never logged, never answered with as it is. */
export interface Webhook extends WebhookView {
  signingKey: KeyObject;
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
  /** Calls `listener` with the id after each change, deletion included. */
  onChange(listener: (id: string) => void): void;
}

/** Loads the directory and keeps it in step from then on. */
export async function openDirectory(store: Store, sealer: Sealer): Promise<WebhookDirectory> {
  const webhooks = new Map<string, Webhook>();
  const listeners: ((id: string) => void)[] = [];

  function take(record: WebhookRecord): void {
    if (record.deletedAt === null) webhooks.set(record.id, openWebhook(record, sealer));
    else webhooks.delete(record.id);
  }

  store.subscribe<WebhookRecord>(WEBHOOK_CHANGED, (record) => {
    take(record);
    for (const listener of listeners) listener(record.id);
  });
  for (const record of await store.read(allWebhooks, null)) take(record);

  return {
    get: (id) => webhooks.get(id) ?? null,
    list: () => [...webhooks.values()].sort((a, b) => (a.record.id < b.record.id ? 1 : -1)),
    onChange: (listener) => listeners.push(listener),
  };
}

/** The webhook that a record describes, with its secrets as they lie in the database. */
export function viewOf(record: WebhookRecord): WebhookView {
  const config = effectiveConfig(record.config);
  return { record, config, state: stateOf(record, config) };
}

/** The webhook that a record describes. */
function openWebhook(record: WebhookRecord, sealer: Sealer): Webhook {
  const view = viewOf(record);
  const config = { ...view.config, auth: openAuth(view.config.auth, record.id, sealer) };
  const secret = sealer.open(record.signingSecret, secretPlace(record.id, 'signingSecret'));
  return { ...view, config, signingKey: signingKeyOf(secret) };
}

/** The HMAC key inside a `whsec_` secret (Standard Webhooks 1.0.0). A `KeyObject`, because a raw key costs four times as much. */
function signingKeyOf(secret: string): KeyObject {
  return createSecretKey(Buffer.from(secret.slice('whsec_'.length), 'base64'));
}

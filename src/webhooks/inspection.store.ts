import { messageOf } from '../kernel/errors.ts';
import type { Sealer } from '../kernel/sealing.ts';
import type { ReadTx } from '../store/index.ts';
import { type Defaults, defaultsOf, effectiveConfig } from './defaults.ts';
import { openWebhook } from './directory.ts';
import { SEALED_BY } from './sealed-by.ts';
import { readSettings } from './settings.store.ts';
import { stateOf, type WebhookRecord, type WebhookState } from './webhook.ts';
import { DEFAULTS, readWebhooks } from './webhooks.store.ts';

/** A webhook as a tool sees it that checks the data folder. */
export interface InspectedWebhook {
  number: number;
  id: string;
  name: string;
  state: WebhookState | 'deleted';
  /** Until when its receiver asked to be left alone, or null. */
  holdUntil: number | null;
}

/** Every webhook, and those deleted that still have deliveries in the log. */
export async function inspectWebhooks(tx: ReadTx): Promise<InspectedWebhook[]> {
  const { config } = defaultsOf(await readSettings(tx, DEFAULTS));
  return (await readWebhooks(tx)).map((record) => ({
    number: record.number,
    id: record.id,
    name: record.name,
    state: record.deletedAt === null ? stateOf(record, effectiveConfig(record.config, config)) : 'deleted',
    holdUntil: record.holdUntil,
  }));
}

/** Which key the secrets are sealed with, or null before the first start. */
export async function sealedBy(tx: ReadTx): Promise<string | null> {
  const row = await tx.get<{ value: string }>('SELECT value FROM settings WHERE name = ?', SEALED_BY);
  return row?.value ?? null;
}

/** How many webhooks there are, and those whose secrets the sealer cannot open, with the reason. */
export async function openSecrets(
  tx: ReadTx,
  sealer: Sealer,
): Promise<{ webhooks: number; closed: { id: string; because: string }[] }> {
  const defaults = defaultsOf(await readSettings(tx, DEFAULTS));
  const live = (await readWebhooks(tx)).filter((record) => record.deletedAt === null);
  return { webhooks: live.length, closed: live.flatMap((record) => closedSecret(record, defaults, sealer)) };
}

function closedSecret(record: WebhookRecord, defaults: Defaults, sealer: Sealer): { id: string; because: string }[] {
  try {
    openWebhook(record, defaults, sealer);
    return [];
  } catch (error) {
    return [{ id: record.id, because: messageOf(error) }];
  }
}

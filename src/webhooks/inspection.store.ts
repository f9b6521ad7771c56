import type { SealedSecret } from '../sealing/index.ts';
import type { ReadTx } from '../store/index.ts';
import { defaultsOf, effectiveConfig } from './defaults.ts';
import { sealedSecretsOf, sealedSecretsOfConfig } from './secrets.ts';
import { readSettings } from './settings.store.ts';
import { type OwnConfig, stateOf, type WebhookState } from './webhook.ts';
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

/** How many webhooks there are, and all their sealed secrets, the inherited ones included. */
export async function webhookSecretsAtRest(tx: ReadTx): Promise<{ webhooks: number; secrets: SealedSecret[] }> {
  const live = (await readWebhooks(tx)).filter((record) => record.deletedAt === null);
  const { value } = await readSettings<OwnConfig>(tx, DEFAULTS);
  return {
    webhooks: live.length,
    secrets: [...live.flatMap(sealedSecretsOf), ...sealedSecretsOfConfig(value, DEFAULTS)],
  };
}

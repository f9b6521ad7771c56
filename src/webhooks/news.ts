import type { NewEvent, Publish } from '../events/index.ts';
import { idTime } from '../kernel/ids.ts';
import type { JsonObject } from '../kernel/json.ts';
import type { Tx } from '../store/index.ts';
import { effectiveConfig } from './defaults.ts';
import { type WebhookRecord, webhookFacts } from './webhook.ts';
import type { WebhookBook, WebhookNews } from './webhooks.store.ts';

/** Publishes what happens to webhooks, in the transaction in which it happens. */
export function createWebhookNews(publish: Publish, book: Pick<WebhookBook, 'defaults'>): WebhookNews {
  async function tell(tx: Tx, type: string, record: WebhookRecord, now: number): Promise<void> {
    const defaults = await book.defaults(tx);
    const facts = webhookFacts({ record, config: effectiveConfig(record.config, defaults.config) });
    await publish(tx, webhookEvent(tx, { type, webhookId: record.id, facts }, now));
  }
  return {
    paused: (tx, record, now) => tell(tx, 'webhook.paused', record, now),
    recovered: (tx, record, now) => tell(tx, 'webhook.recovered', record, now),
  };
}

function webhookEvent(
  tx: Tx,
  { type, webhookId, facts }: { type: string; webhookId: string; facts: JsonObject },
  now: number,
): NewEvent {
  const id = tx.ids.make('evt', now);
  return {
    id,
    type,
    occurredAt: now,
    createdAt: idTime(id),
    data: JSON.stringify({ webhook: facts }),
    keys: { transferId: null, scheduleId: null, stationId: null, partnerId: null, webhookId },
  };
}

import { formatInstant, formatInstantOrNull } from '../kernel/instants.ts';
import type { Webhook, WebhookDirectory } from '../webhooks/index.ts';
import { isEnded } from './deliveries.state.ts';
import type { DeliveryRow } from './log.store.ts';

/** A delivery as the API shows it. What holds an open one, and until when, is its webhook's state of this moment. */
export function presentDelivery(row: DeliveryRow, directory: WebhookDirectory, now: number) {
  if (isEnded(row.state)) return presentRow(row);
  const webhook = directory.get(row.webhookId);
  return presentRow({ ...row, reason: heldBecause(row, webhook, now), dueAt: nextAttemptAt(row, webhook, now) });
}

/** A delivery as the API shows it, as it stands in the log. */
export function presentRow(row: DeliveryRow) {
  return {
    id: row.id,
    eventId: row.eventId,
    eventType: row.eventType,
    webhookId: row.webhookId,
    state: row.state,
    reason: row.reason,
    createdAt: formatInstant(row.createdAt),
    attemptCount: row.attemptCount,
    nextAttemptAt: formatInstantOrNull(row.dueAt),
    replayOf: row.replayOf,
    sequence: row.sequence,
  };
}

function heldBecause({ dueAt }: DeliveryRow, webhook: Webhook | null, now: number): string | null {
  if (webhook === null) return null;
  if (webhook.state !== 'active') return `webhook_${webhook.state}`;
  if (webhook.record.breaker !== null) return 'breaker_open';
  const isDue = dueAt !== null && dueAt <= now && (webhook.record.holdUntil ?? 0) <= now;
  return isDue && webhook.config.limits.ratePerSecond !== null ? 'rate_limited' : null;
}

/** When it is due, or later, while the receiver has asked for the whole webhook to wait or fails. Null: it does not wait. */
function nextAttemptAt({ dueAt }: DeliveryRow, webhook: Webhook | null, now: number): number | null {
  const holdUntil = Math.max(webhook?.record.holdUntil ?? 0, webhook?.record.breaker?.probeAt ?? 0);
  return dueAt === null || holdUntil <= now ? dueAt : Math.max(dueAt, holdUntil);
}

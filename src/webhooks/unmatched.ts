import type { Webhook } from './directory.ts';
import { isAbout, isInScope, type MatchEvent, matchWebhooks, wantsType } from './matching.ts';

/** Why an event was not owed to a webhook. */
type Mismatch = 'created_later' | 'disabled' | 'about_itself' | 'event_type' | 'scope' | 'routing' | 'changed_since';

interface Unmatched {
  webhookId: string;
  name: string;
  because: Mismatch;
}

/**
 * Why each of the webhooks that are there now was not owed an event, but for those that were (`matched`, by id). What
 * they wanted at that time is not kept: `changed_since` says that the webhook would be owed it by what it wants today.
 * Pure.
 */
export function unmatchedWebhooks(
  webhooks: readonly Webhook[],
  event: MatchEvent & { createdAt: number },
  matched: ReadonlySet<string>,
): Unmatched[] {
  const rules = webhooks.map(({ record, config }) => ({ ...config, id: record.id }));
  const wantedToday = new Set(matchWebhooks(rules, event).map(({ id }) => id));
  return webhooks
    .filter(({ record }) => !matched.has(record.id))
    .map((webhook) => ({
      webhookId: webhook.record.id,
      name: webhook.record.name,
      because: wantedToday.has(webhook.record.id) ? lateOrChanged(webhook, event) : mismatchOf(webhook, event),
    }));
}

function lateOrChanged({ record }: Webhook, event: { createdAt: number }): Mismatch {
  return record.createdAt > event.createdAt ? 'created_later' : 'changed_since';
}

/** The first rule that a webhook which does not match an event breaks. */
function mismatchOf({ record, config }: Webhook, event: MatchEvent & { createdAt: number }): Mismatch {
  if (record.createdAt > event.createdAt) return 'created_later';
  if (!config.enabled) return 'disabled';
  if (isAbout(event, record.id)) return 'about_itself';
  if (!wantsType(config.eventTypes, event.type)) return 'event_type';
  return isInScope(config.scope, event) ? 'routing' : 'scope';
}

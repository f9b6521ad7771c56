import type { WebhookView } from './directory.ts';
import { isAbout, isInScope, type MatchEvent, matchWebhooks, wantsType } from './matching.ts';
import { explainMismatch, type Mismatch, type MismatchWords } from './mismatch.ts';

/** A webhook that an event was not owed to, and why: the rule, and the same in words. */
interface Unmatched extends MismatchWords {
  webhookId: string;
  name: string;
  because: Mismatch;
}

interface Audience {
  /** The webhooks that are there now. */
  webhooks: readonly WebhookView[];
  /** Those that had been deleted when the event came. */
  deleted: readonly WebhookView[];
  /** The ids of those that the event was owed to. */
  matched: ReadonlySet<string>;
}

/**
 * Why each of the webhooks that are there now was not owed an event, but for those that were; and which of the deleted
 * ones would have been owed it. What they wanted at that time is not kept: `changed_since` says that the webhook would be
 * owed it by what it wants today. Pure.
 */
export function unmatchedWebhooks(
  event: MatchEvent & { createdAt: number },
  { webhooks, deleted, matched }: Audience,
): Unmatched[] {
  const wantedToday = wantedBy(webhooks, event);
  const wantedOnce = wantedBy(deleted, event);
  const isOwedNothing = ({ record }: WebhookView): boolean => !matched.has(record.id);
  const reasonOf = (webhook: WebhookView): Mismatch =>
    wantedToday.has(webhook.record.id) ? lateOrChanged(webhook, event) : mismatchOf(webhook, event);
  const unmatched = (webhook: WebhookView, because: Mismatch): Unmatched => {
    const { id: webhookId, name } = webhook.record;
    return { webhookId, name, because, ...explainMismatch(because, webhook, event) };
  };
  return [
    ...webhooks.filter(isOwedNothing).map((webhook) => unmatched(webhook, reasonOf(webhook))),
    ...deleted
      .filter((webhook) => isOwedNothing(webhook) && wantedOnce.has(webhook.record.id))
      .map((webhook) => unmatched(webhook, 'deleted')),
  ];
}

/** The ids of the webhooks that want an event. */
function wantedBy(webhooks: readonly WebhookView[], event: MatchEvent): Set<string> {
  const rules = webhooks.map(({ record, config }) => ({ ...config, id: record.id }));
  return new Set(matchWebhooks(rules, event).map(({ id }) => id));
}

function lateOrChanged({ record }: WebhookView, event: { createdAt: number }): Mismatch {
  return record.createdAt > event.createdAt ? 'created_later' : 'changed_since';
}

/**
 * The first rule that a webhook which does not match an event breaks: what it does not want comes first, so that the
 * others are named only where they alone stood in the way.
 */
function mismatchOf({ record, config }: WebhookView, event: MatchEvent & { createdAt: number }): Mismatch {
  if (isAbout(event, record.id)) return 'about_itself';
  if (!wantsType(config.eventTypes, event.type)) return 'event_type';
  if (!isInScope(config.scope, event)) return 'scope';
  if (record.createdAt > event.createdAt) return 'created_later';
  return config.enabled ? 'routing' : 'disabled';
}

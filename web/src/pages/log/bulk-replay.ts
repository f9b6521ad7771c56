import { serverNow } from '../../api/server-clock.ts';
import { given } from '../list-search.ts';
import type { Delivery } from './delivery.ts';
import { type DeliveryFilter, type DeliveryState, filterQuery } from './delivery-search.ts';

/** What is asked of `POST /replays`, without how it is to be sent. */
export interface ReplaySelection {
  webhookId?: string;
  from?: string;
  to?: string;
  states?: DeliveryState[];
  eventTypes?: string[];
  eventIds?: string[];
}

/** The most events that one replay may name. */
export const MOST_NAMED = 1_000;

const EVER = new Date(0).toISOString();

/**
 * What the filter of a list asks for, as one replay; null where a replay cannot choose by all of it, so that its events
 * have to be named.
 */
export function selectionOf(filter: DeliveryFilter, nowMs = serverNow()): ReplaySelection | null {
  const { webhookId, state, eventType, eventId, status, errorCode, q } = filter;
  if (eventId !== undefined || status !== undefined || errorCode !== undefined || q !== undefined) return null;
  const { from = EVER, to = new Date(nowMs).toISOString() } = filterQuery(filter, nowMs);
  return given<ReplaySelection>({
    webhookId,
    from,
    to,
    states: state === undefined ? undefined : [state],
    eventTypes: eventType === undefined ? undefined : [eventType],
  });
}

/** The same for deliveries that are known: one replay for each webhook, which names each event once. Tests are left out. */
export function selectionsOf(deliveries: readonly Delivery[]): ReplaySelection[] {
  const sendable = deliveries.filter(({ eventType }) => eventType !== 'webhook.test');
  const byWebhook = Map.groupBy(sendable, ({ webhookId }) => webhookId);
  return [...byWebhook].map(([webhookId, owed]) => ({
    webhookId,
    eventIds: [...new Set(owed.map(({ eventId }) => eventId))],
  }));
}

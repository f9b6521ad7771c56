import { given, type ListSearch, readListSearch, readText } from '../list-search.ts';
import { instantsOf, readTimeSearch, type TimeSearch } from '../time-range.ts';
import type { Delivery } from './delivery.ts';

export const DELIVERY_STATES = [
  'pending',
  'delivering',
  'retrying',
  'delivered',
  'exhausted',
  'cancelled',
] as const satisfies readonly Delivery['state'][];

export type DeliveryState = Delivery['state'];

/** Which part of which attempt is shown. Absent: the latest attempt, and its answer if there is one. */
export interface DetailSearch {
  attempt?: number;
  part?: 'request' | 'response';
}

/** Which deliveries are listed. */
export interface DeliveryFilter extends TimeSearch {
  state?: DeliveryState;
  eventType?: string;
  webhookId?: string;
  eventId?: string;
  status?: number;
  errorCode?: string;
  q?: string;
}

/** What the URL of the list says. */
export interface DeliverySearch extends DeliveryFilter, ListSearch, DetailSearch {
  /** The delivery whose detail is open beside the list. */
  open?: string;
}

export function readDetailSearch({ attempt, part }: Record<string, unknown>): DetailSearch {
  return given<DetailSearch>({
    attempt: readWhole(attempt),
    part: part === 'request' || part === 'response' ? part : undefined,
  });
}

/** Reads the URL; what makes no sense is left out. */
export function readDeliverySearch(search: Record<string, unknown>): DeliverySearch {
  const { state, eventType, webhookId, eventId, status, errorCode, q, open } = search;
  return {
    ...readListSearch(search),
    ...readTimeSearch(search),
    ...readDetailSearch(search),
    ...given<DeliveryFilter & { open?: string }>({
      state: isDeliveryState(state) ? state : undefined,
      eventType: readText(eventType),
      webhookId: readText(webhookId),
      eventId: readText(eventId),
      status: readWhole(status),
      errorCode: readText(errorCode),
      q: readText(q),
      open: readText(open),
    }),
  };
}

export function isDeliveryState(value: unknown): value is DeliveryState {
  return (DELIVERY_STATES as readonly unknown[]).includes(value);
}

function readWhole(value: unknown): number | undefined {
  const number = Number(readText(value));
  return Number.isSafeInteger(number) && number > 0 ? number : undefined;
}

/** The filter alone, without the page of the list and the open detail. */
export function filterOf({ cursor, open, attempt, part, ...filter }: DeliverySearch): DeliveryFilter {
  return filter;
}

/** As the API's lists take it. */
export function filterQuery({ range, from, to, ...filter }: DeliveryFilter, nowMs?: number) {
  return { ...filter, ...instantsOf(given<TimeSearch>({ range, from, to }), nowMs) };
}

/** Whether a delivery that has just come may be in the list; null where only the server can tell. */
export function mayMatch(delivery: Delivery, filter: DeliveryFilter): boolean | null {
  const { state, eventType, webhookId, eventId, to } = filter;
  const isIn =
    (state === undefined || delivery.state === state) &&
    (eventType === undefined || delivery.eventType === eventType) &&
    (webhookId === undefined || delivery.webhookId === webhookId) &&
    (eventId === undefined || delivery.eventId === eventId) &&
    (to === undefined || delivery.createdAt < to);
  const needsServer = filter.status !== undefined || filter.errorCode !== undefined || filter.q !== undefined;
  return isIn && needsServer ? null : isIn;
}

import type { EventSearch } from '../events/index.ts';
import { notFound } from '../kernel/errors.ts';
import type { DeliveryId, EventId, WebhookId } from '../kernel/ids.ts';
import {
  cutPage,
  type Handler,
  handleQuery,
  type NewestPage,
  newestFirst,
  query,
  type ReadTx,
} from '../store/index.ts';
import type { AttemptOutcome, DeliveryState, Trigger } from './deliveries.state.ts';
import { type DeliveryFilter, type DeliveryScope, scopeOf } from './facets.store.ts';
import { searchDeliveries } from './log-search.store.ts';

/** A delivery as the log lists it. Instants are epoch milliseconds. */
export interface DeliveryRow {
  id: DeliveryId;
  eventId: EventId;
  eventType: string;
  webhookId: WebhookId;
  sequence: number | null;
  state: DeliveryState;
  /** Why it ended; null while it is open. */
  reason: string | null;
  dueAt: number | null;
  attemptCount: number;
  replayOf: DeliveryId | null;
  createdAt: number;
  /** The store's own key; lists are in its order. */
  number: number;
}

/** An attempt as the log keeps it. */
export interface AttemptRow {
  number: number;
  trigger: Trigger;
  startedAt: number;
  durationMs: number;
  outcome: AttemptOutcome;
  /** A `LoggedExchange` in JSON. */
  exchange: string;
  /** What was sent; null when nothing is known to have been. */
  requestBody: string | null;
}

/** A page of deliveries, newest first, below the number `before`. With a search a page may be short, or empty. */
export const listDeliveries = query<
  DeliveryFilter & { q: string | null; limit: number; before: number | null },
  NewestPage<DeliveryRow>
>('deliveries.list');

/** The number of the newest delivery; 0 where there is none. */
export const newestDelivery = query<null, number>('deliveries.newest');

/** A delivery with its attempts in order, or null. */
export const findDelivery = query<{ id: string }, { delivery: DeliveryRow; attempts: AttemptRow[] } | null>(
  'deliveries.find',
);

/** All deliveries of an event, in the order in which they were made. */
export const deliveriesOfEvent = query<{ eventId: string }, DeliveryRow[]>('deliveries.of_event');

/** How many deliveries wait, and since when the oldest has been due: for metrics. */
export const countWaiting = query<null, { waiting: number }>('deliveries.count_waiting');

/** The webhooks that have something waiting, each with the instant at which the first of it is due. */
export const firstDue = query<{ webhookIds: string[] }, { webhookId: WebhookId; at: number }[]>('deliveries.first_due');

const SELECT = `SELECT
    d.number, d.id, e.id AS "eventId", d.event_type AS "eventType", w.id AS "webhookId", d.sequence, d.state, d.reason, d.due_at AS "dueAt",
    d.attempt_count AS "attemptCount", d.replay_of AS "replayOf", d.created_at AS "createdAt"
  FROM deliveries d
  JOIN events e ON e.sequence = d.event_sequence
  JOIN webhooks w ON w.number = d.webhook_number`;

const ATTEMPTS = `SELECT
    a.number, a.trigger_kind AS "trigger", a.started_at AS "startedAt", a.duration_ms AS "durationMs", a.outcome, a.exchange,
    b.content AS "requestBody"
  FROM attempts a
  JOIN deliveries d ON d.number = a.delivery_number
  LEFT JOIN bodies b ON b.event_sequence = d.event_sequence AND b.hash = a.body_hash
  WHERE a.delivery_number = ? ORDER BY a.number`;

/** A delivery as the log lists it, as the caller's transaction sees it. Refuses (404) when there is none. */
export async function loadDelivery(tx: ReadTx, id: string): Promise<DeliveryRow> {
  const delivery = await tx.get<DeliveryRow>(`${SELECT} WHERE d.id = ?`, id);
  if (delivery === undefined) throw notFound('delivery', id);
  return { ...delivery };
}

/** A delivery by the store's own key, or null. */
export async function selectDelivery(tx: ReadTx, number: number): Promise<DeliveryRow | null> {
  return (await tx.get<DeliveryRow>(`${SELECT} WHERE d.number = ?`, number)) ?? null;
}

const keyOf = (row: { number: number }): number => row.number;

async function pageOf(
  tx: ReadTx,
  { ranges }: DeliveryScope,
  { before, limit }: { before: number | null; limit: number },
): Promise<NewestPage<{ number: number }>> {
  const source = { columns: 'd.number', table: 'deliveries d', key: 'd.number', keyOf };
  const list = newestFirst<{ number: number }>(tx, { ...source, ranges, below: before });
  return cutPage(await list.take(limit + 1), { reach: null, limit, keyOf });
}

export function deliveryLogHandlers(search: EventSearch): Handler[] {
  return [
    handleQuery(listDeliveries, async (tx, { q, before, limit, ...filter }) => {
      const scope = await scopeOf(tx, filter);
      const page =
        q === null
          ? await pageOf(tx, scope, { before, limit })
          : await searchDeliveries(tx, scope, { q, below: before, limit, search });
      const rows: DeliveryRow[] = [];
      for (const { number } of page.rows) {
        rows.push((await selectDelivery(tx, number)) as DeliveryRow);
      }
      return { rows, next: page.next };
    }),
    handleQuery(newestDelivery, async (tx) => {
      const row = await tx.get<{ number: number }>('SELECT number FROM deliveries ORDER BY number DESC LIMIT 1');
      return row?.number ?? 0;
    }),
    handleQuery(findDelivery, async (tx, { id }) => {
      const delivery = await tx.get<DeliveryRow>(`${SELECT} WHERE d.id = ?`, id);
      if (delivery === undefined) return null;
      return { delivery, attempts: await tx.all<AttemptRow>(ATTEMPTS, delivery.number) };
    }),
    handleQuery(deliveriesOfEvent, (tx, { eventId }) =>
      tx.all<DeliveryRow>(
        `${SELECT} WHERE d.event_sequence = (SELECT sequence FROM events WHERE id = ?) ORDER BY d.number`,
        eventId,
      ),
    ),
    handleQuery(countWaiting, async (tx) => {
      const row = await tx.get<{ waiting: number }>(
        'SELECT COUNT(*) AS waiting FROM deliveries WHERE due_at IS NOT NULL',
      );
      return { waiting: row?.waiting ?? 0 };
    }),
    handleQuery(firstDue, async (tx, { webhookIds }) => {
      const found: { webhookId: WebhookId; at: number }[] = [];
      for (const webhookId of webhookIds) {
        const row = await tx.get<{ at: number }>(
          `SELECT due_at AS at FROM deliveries
            WHERE webhook_number = (SELECT number FROM webhooks WHERE id = ?) AND due_at IS NOT NULL ORDER BY due_at LIMIT 1`,
          webhookId,
        );
        if (row !== undefined) found.push({ webhookId: webhookId as WebhookId, at: row.at });
      }
      return found;
    }),
  ];
}

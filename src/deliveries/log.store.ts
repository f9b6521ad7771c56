import { type DeliveryId, type EventId, firstIdAt, type WebhookId } from '../kernel/ids.ts';
import { conditions, type Handler, handleQuery, query } from '../store/index.ts';
import type { AttemptOutcome, DeliveryState, Trigger } from './deliveries.state.ts';

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
}

/** An attempt as the log shows it. Headers are JSON, credentials masked when they were written. */
export interface AttemptRow {
  number: number;
  trigger: Trigger;
  startedAt: number;
  durationMs: number;
  outcome: AttemptOutcome;
  requestMethod: string | null;
  requestUrl: string | null;
  requestHeaders: string | null;
  requestBody: string | null;
  responseStatus: number | null;
  responseHeaders: string | null;
  responseBody: string | null;
  responseTruncated: number | null;
  errorCode: string | null;
  errorMessage: string | null;
}

export interface DeliveryFilter {
  webhookId: string | null;
  eventId: string | null;
  eventType: string | null;
  state: string | null;
  errorCode: string | null;
  /** The HTTP status of the latest attempt. */
  status: number | null;
  /** On `createdAt`, epoch milliseconds; from inclusive, to exclusive. */
  from: number | null;
  to: number | null;
}

/** Deliveries newest first, `limit + 1` of them, below the id `before`. */
export const listDeliveries = query<DeliveryFilter & { limit: number; before: string | null }, DeliveryRow[]>(
  'deliveries.list',
);

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

const COLUMNS =
  'id, event_id AS "eventId", event_type AS "eventType", webhook_id AS "webhookId", sequence, state, reason, due_at AS "dueAt", ' +
  'attempt_count AS "attemptCount", replay_of AS "replayOf", created_at AS "createdAt"';

const ATTEMPTS =
  'SELECT a.number, a.trigger_kind AS "trigger", a.started_at AS "startedAt", a.duration_ms AS "durationMs", a.outcome, a.request_method AS "requestMethod", ' +
  'a.request_url AS "requestUrl", a.request_headers AS "requestHeaders", b.content AS "requestBody", a.response_status AS "responseStatus", ' +
  'a.response_headers AS "responseHeaders", a.response_body AS "responseBody", a.response_truncated AS "responseTruncated", a.error_code AS "errorCode", ' +
  'a.error_message AS "errorMessage" FROM attempts a LEFT JOIN bodies b ON b.id = a.body_id WHERE a.delivery_id = ? ORDER BY a.number';

export function deliveryLogHandlers(): Handler[] {
  return [
    handleQuery(listDeliveries, (tx, { limit, before, ...filter }) => {
      const { where, params } = conditions([
        ['webhook_id = ?', filter.webhookId],
        ['event_id = ?', filter.eventId],
        ['event_type = ?', filter.eventType],
        ['state = ?', filter.state],
        ['error_code = ?', filter.errorCode],
        ['last_status = ?', filter.status],
        ['id >= ?', filter.from === null ? null : firstIdAt('dlv', filter.from)],
        ['id < ?', filter.to === null ? null : firstIdAt('dlv', filter.to)],
        ['id < ?', before],
      ]);
      return tx.all<DeliveryRow>(
        `SELECT ${COLUMNS} FROM deliveries ${where} ORDER BY id DESC LIMIT ?`,
        ...params,
        limit + 1,
      );
    }),
    handleQuery(findDelivery, async (tx, { id }) => {
      const delivery = await tx.get<DeliveryRow>(`SELECT ${COLUMNS} FROM deliveries WHERE id = ?`, id);
      if (delivery === undefined) return null;
      return { delivery, attempts: await tx.all<AttemptRow>(ATTEMPTS, id) };
    }),
    handleQuery(deliveriesOfEvent, (tx, { eventId }) =>
      tx.all<DeliveryRow>(`SELECT ${COLUMNS} FROM deliveries WHERE event_id = ? ORDER BY id`, eventId),
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
          'SELECT due_at AS at FROM deliveries WHERE webhook_id = ? AND due_at IS NOT NULL ORDER BY due_at LIMIT 1',
          webhookId,
        );
        if (row !== undefined) found.push({ webhookId: webhookId as WebhookId, at: row.at });
      }
      return found;
    }),
  ];
}

import { type Handler, handleQuery, indexed, query, type ReadTx } from '../store/index.ts';
import { isBehind } from './counting.store.ts';
import { FIGURES_COLUMNS, type FiguresRow, toFigures } from './figures.store.ts';
import { addFigures, type Figures, noFigures } from './figures.ts';

/** The figures of some hours, `to` exclusive, put together for every `bucketHours` from `from` on; empty ones are left out. */
export const readFigures = query<
  { webhookNumber: number; from: number; to: number; bucketHours: number },
  { buckets: { hour: number; figures: Figures }[]; isBehind: boolean }
>('statistics.figures');

/** What waits of a webhook. */
export interface Waiting {
  webhookNumber: number;
  pending: number;
  retrying: number;
  /** When the oldest of them was made, epoch milliseconds. */
  oldestAt: number;
}

/** What waits, of every webhook that is owed something, and how many deliveries are in hand. */
export const readBacklog = query<null, { waiting: Waiting[]; delivering: number }>('statistics.backlog');

/** How a webhook fares: its latest attempt, and those of the last hours. Instants in epoch milliseconds. */
export interface HealthRow {
  webhookNumber: number;
  attemptedAt: number;
  outcome: 'delivered' | 'failed' | 'unknown';
  status: number | null;
  errorCode: string | null;
  deliveredAt: number | null;
  consecutiveFailures: number;
}

export interface HourOfHealth {
  webhookNumber: number;
  hour: number;
  succeeded: number;
  failed: number;
}

/** How webhooks fare, those of which an attempt has been counted, and their hours from `fromHour` on. */
export const readHealth = query<
  { webhookNumbers: readonly number[]; fromHour: number },
  { health: HealthRow[]; hours: HourOfHealth[] }
>('statistics.health');

/** The numbers of the webhooks with so many failed attempts in a row, or more. */
export const failingWebhooks = query<{ least: number }, number[]>('statistics.failing_webhooks');

const FIGURES = `SELECT ${FIGURES_COLUMNS} FROM hourly_figures WHERE webhook_number = ? AND hour >= ? AND hour < ? ORDER BY hour`;

/** Each range is read from one end of an index to the other; the numbers of deliveries rise with their age. */
const waitingIn = (state: 'pending' | 'retrying') =>
  `SELECT COUNT(*) AS count, MIN(d.number) AS oldest FROM ${indexed('deliveries d', 'deliveries_by_facets')}
    WHERE d.webhook_number = ? AND d.state = '${state}' AND d.state <> 'delivering'`;
const PENDING = waitingIn('pending');
const RETRYING = waitingIn('retrying');
const IN_HAND = `SELECT COUNT(*) AS count FROM ${indexed('deliveries', 'deliveries_in_hand')} WHERE state = 'delivering'`;
const MADE_AT = 'SELECT created_at AS "createdAt" FROM deliveries WHERE number = ?';

const HEALTH_COLUMNS = `webhook_number AS "webhookNumber", attempted_at AS "attemptedAt", outcome, status, error_code AS "errorCode",
  delivered_at AS "deliveredAt", consecutive_failures AS "consecutiveFailures"`;
const FAILING = 'SELECT webhook_number AS "webhookNumber" FROM webhook_health WHERE consecutive_failures >= ?';

async function waitingOf(tx: ReadTx, webhookNumber: number): Promise<Waiting | null> {
  type Counted = { count: number; oldest: number | null };
  const none: Counted = { count: 0, oldest: null };
  const pending = (await tx.get<Counted>(PENDING, webhookNumber)) ?? none;
  const retrying = (await tx.get<Counted>(RETRYING, webhookNumber)) ?? none;
  const oldest = [pending.oldest, retrying.oldest].filter((number) => number !== null);
  if (oldest.length === 0) return null;
  const made = await tx.get<{ createdAt: number }>(MADE_AT, Math.min(...oldest));
  return { webhookNumber, pending: pending.count, retrying: retrying.count, oldestAt: made?.createdAt ?? 0 };
}

/** So many placeholders. */
function places(values: readonly unknown[]): string {
  return values.map(() => '?').join(', ');
}

export function statisticsHandlers(): Handler[] {
  return [
    handleQuery(readFigures, async (tx, { webhookNumber, from, to, bucketHours }) => {
      const buckets = new Map<number, Figures>();
      for (const row of await tx.all<FiguresRow>(FIGURES, webhookNumber, from, to)) {
        const hour = row.hour - ((row.hour - from) % bucketHours);
        const figures = buckets.get(hour) ?? noFigures();
        buckets.set(hour, figures);
        addFigures(figures, toFigures(row));
      }
      const found = [...buckets].map(([hour, figures]) => ({ hour, figures }));
      return { buckets: found, isBehind: await isBehind(tx) };
    }),
    handleQuery(readBacklog, async (tx) => {
      const webhooks = await tx.all<{ number: number }>('SELECT number FROM webhooks WHERE deleted_at IS NULL');
      const waiting: Waiting[] = [];
      for (const { number } of webhooks) {
        const found = await waitingOf(tx, number);
        if (found !== null) waiting.push(found);
      }
      return { waiting, delivering: (await tx.get<{ count: number }>(IN_HAND))?.count ?? 0 };
    }),
    handleQuery(readHealth, async (tx, { webhookNumbers, fromHour }) => {
      const among = `webhook_number IN (${places(webhookNumbers)})`;
      const health = await tx.all<HealthRow>(
        `SELECT ${HEALTH_COLUMNS} FROM webhook_health WHERE ${among}`,
        ...webhookNumbers,
      );
      const hours = await tx.all<HourOfHealth>(
        `SELECT webhook_number AS "webhookNumber", hour, succeeded, failed FROM hourly_figures WHERE ${among} AND hour >= ?`,
        ...webhookNumbers,
        fromHour,
      );
      return { health: health.map((row) => ({ ...row })), hours: hours.map((row) => ({ ...row })) };
    }),
    handleQuery(failingWebhooks, async (tx, { least }) =>
      (await tx.all<{ webhookNumber: number }>(FAILING, least)).map(({ webhookNumber }) => webhookNumber),
    ),
  ];
}

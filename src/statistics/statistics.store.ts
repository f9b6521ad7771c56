import { type Handler, handleQuery, query } from '../store/index.ts';
import { isBehind } from './counting.store.ts';
import { FIGURES_COLUMNS, type FiguresRow, toFigures } from './figures.store.ts';
import { addFigures, type Figures, noFigures } from './figures.ts';

/** The figures of some hours, `to` exclusive, put together for every `bucketHours` from `from` on; empty ones are left out. */
export const readFigures = query<
  { webhookNumber: number; from: number; to: number; bucketHours: number },
  { buckets: { hour: number; figures: Figures }[]; isBehind: boolean }
>('statistics.figures');

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

const HEALTH_COLUMNS = `webhook_number AS "webhookNumber", attempted_at AS "attemptedAt", outcome, status, error_code AS "errorCode",
  delivered_at AS "deliveredAt", consecutive_failures AS "consecutiveFailures"`;
const FAILING = 'SELECT webhook_number AS "webhookNumber" FROM webhook_health WHERE consecutive_failures >= ?';

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

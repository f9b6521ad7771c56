import type { ReadTx, Tx } from '../store/index.ts';
import { addFigures, type Figures } from './figures.ts';

/** The number that stands for all webhooks together. */
export const ALL_WEBHOOKS = 0;

/** Figures of an hour, as they are kept. */
export interface FiguresRow extends Omit<Figures, 'failures' | 'latencies' | 'durations'> {
  hour: number;
  failures: string;
  latencies: string;
  durations: string;
}

/** The columns of a `FiguresRow`. */
export const FIGURES_COLUMNS =
  'hour, succeeded, failed, unknown, delivered, exhausted, cancelled, failures, latencies, durations';

const ONE_HOUR = `SELECT ${FIGURES_COLUMNS} FROM hourly_figures WHERE webhook_number = ? AND hour = ?`;
const WRITE = `INSERT INTO hourly_figures (webhook_number, ${FIGURES_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (webhook_number, hour) DO UPDATE SET
    succeeded = excluded.succeeded, failed = excluded.failed, unknown = excluded.unknown,
    delivered = excluded.delivered, exhausted = excluded.exhausted, cancelled = excluded.cancelled,
    failures = excluded.failures, latencies = excluded.latencies, durations = excluded.durations`;

export function toFigures({ failures, latencies, durations, hour: _, ...counts }: FiguresRow): Figures {
  return {
    ...counts,
    failures: JSON.parse(failures) as Figures['failures'],
    latencies: JSON.parse(latencies) as Figures['latencies'],
    durations: JSON.parse(durations) as Figures['durations'],
  };
}

async function readHour(tx: ReadTx, webhookNumber: number, hour: number): Promise<Figures | null> {
  const row = await tx.get<FiguresRow>(ONE_HOUR, webhookNumber, hour);
  return row === undefined ? null : toFigures(row);
}

/** Adds figures to those of an hour of a webhook, in the caller's transaction. */
export async function addToHour(tx: Tx, webhookNumber: number, hour: number, more: Figures): Promise<void> {
  const kept = await readHour(tx, webhookNumber, hour);
  if (kept !== null) addFigures(kept, more);
  const { failures, latencies, durations, ...counts } = kept ?? more;
  const { succeeded, failed, unknown, delivered, exhausted, cancelled } = counts;
  const numbers = [succeeded, failed, unknown, delivered, exhausted, cancelled];
  const texts = [failures, latencies, durations].map((value) => JSON.stringify(value));
  await tx.run(WRITE, webhookNumber, hour, ...numbers, ...texts);
}

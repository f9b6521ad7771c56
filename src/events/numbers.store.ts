import { firstIdAt } from '../kernel/ids.ts';
import type { ReadTx } from '../store/index.ts';
import { EVENT_COUNTER, PRUNED_TO } from './events.store.ts';

/** How the numbers of all events stand. */
export interface EventNumbers {
  /** How many were given, from 1. */
  given: number;
  /** The highest that retention has deleted. */
  prunedTo: number;
  /** How many are kept, and how many of those retention has passed over. */
  kept: number;
  keptBelow: number;
  /** How many events of the last day are kept. */
  ofLastDay: number;
  /** When the newest was made, or null when there is none. */
  newestAt: number | null;
}

const DAY_MS = 24 * 60 * 60 * 1000;

async function one(tx: ReadTx, sql: string, ...params: (string | number)[]): Promise<number> {
  return Number((await tx.get<{ value: number | string | null }>(sql, ...params))?.value ?? 0);
}

/** Counts events, for tools that check them. */
export async function eventNumbers(tx: ReadTx, now: number): Promise<EventNumbers> {
  const prunedTo = await one(tx, 'SELECT value FROM settings WHERE name = ?', PRUNED_TO);
  const newest = await tx.get<{ at: number }>('SELECT created_at AS at FROM events ORDER BY sequence DESC LIMIT 1');
  return {
    given: await one(tx, 'SELECT value FROM counters WHERE name = ?', EVENT_COUNTER),
    prunedTo,
    kept: await one(tx, 'SELECT COUNT(*) AS value FROM events'),
    keptBelow: await one(tx, 'SELECT COUNT(*) AS value FROM events WHERE sequence <= ?', prunedTo),
    ofLastDay: await one(tx, 'SELECT COUNT(*) AS value FROM events WHERE id >= ?', firstIdAt('evt', now - DAY_MS)),
    newestAt: newest?.at ?? null,
  };
}

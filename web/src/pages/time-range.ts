import { serverNow } from '../api/server-clock.ts';
import { given, readText } from './list-search.ts';

/** What a list can be limited to with one choice, in ms before now. */
export const TIME_RANGES = {
  '15m': 900_000,
  '1h': 3_600_000,
  '24h': 86_400_000,
  '7d': 7 * 86_400_000,
  '30d': 30 * 86_400_000,
} as const;

export type TimeRange = keyof typeof TIME_RANGES;

/** What the URL says of time: the last while, or from an instant (inclusive) to another one (exclusive). */
export interface TimeSearch {
  range?: TimeRange;
  from?: string;
  to?: string;
}

export function isTimeRange(value: unknown): value is TimeRange {
  return typeof value === 'string' && Object.hasOwn(TIME_RANGES, value);
}

/** Reads it; what is no range and no instant is left out. */
export function readTimeSearch({ range, from, to }: Record<string, unknown>): TimeSearch {
  if (isTimeRange(range)) return { range };
  return given<TimeSearch>({ from: readInstant(from), to: readInstant(to) });
}

function readInstant(value: unknown): string | undefined {
  const text = readText(value);
  return text === undefined || Number.isNaN(Date.parse(text)) ? undefined : new Date(text).toISOString();
}

/** The instants that are meant, by the server's clock. */
export function instantsOf({ range, from, to }: TimeSearch, nowMs = serverNow()): { from?: string; to?: string } {
  if (range !== undefined) return { from: new Date(nowMs - TIME_RANGES[range]).toISOString() };
  return given<{ from?: string; to?: string }>({ from, to });
}

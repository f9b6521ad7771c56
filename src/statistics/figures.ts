import { addHistogram, countDuration, type Histogram } from './histogram.ts';

export const HOUR_MS = 60 * 60 * 1000;

/** What the log comes to, within an hour or longer. */
export interface Figures {
  /** Attempts, by outcome. */
  succeeded: number;
  failed: number;
  unknown: number;
  /** Deliveries that have ended, by state. */
  delivered: number;
  exhausted: number;
  cancelled: number;
  /** Attempts that failed, by error code. */
  failures: Record<string, number>;
  /** From a delivery being owed to its having been delivered. */
  latencies: Histogram;
  /** Of attempts, from their start to the end of the answer; those of unknown outcome apart. */
  durations: Histogram;
}

/** An attempt that has ended, as far as it is counted. Connection tests are not. */
export interface CountedAttempt {
  /** When it ended, epoch milliseconds. */
  at: number;
  durationMs: number;
  outcome: 'delivered' | 'failed' | 'unknown';
  errorCode: string | null;
  /** What its delivery became by it; null when that is still open, or was cancelled meanwhile. */
  ended: 'delivered' | 'exhausted' | null;
  /** When the delivery was made, epoch milliseconds. */
  owedAt: number;
}

export function noFigures(): Figures {
  return {
    succeeded: 0,
    failed: 0,
    unknown: 0,
    delivered: 0,
    exhausted: 0,
    cancelled: 0,
    failures: {},
    latencies: {},
    durations: {},
  };
}

/** Counts an attempt, in place. */
export function countAttempt(figures: Figures, attempt: CountedAttempt): void {
  const { at, durationMs, outcome, errorCode, ended, owedAt } = attempt;
  figures[outcome === 'delivered' ? 'succeeded' : outcome] += 1;
  if (outcome === 'failed' && errorCode !== null) {
    figures.failures[errorCode] = (figures.failures[errorCode] ?? 0) + 1;
  }
  if (outcome !== 'unknown') countDuration(figures.durations, durationMs);
  if (ended !== null) figures[ended] += 1;
  if (ended === 'delivered') countDuration(figures.latencies, at - owedAt);
}

/** Adds other figures, in place. */
export function addFigures(figures: Figures, other: Figures): void {
  for (const name of ['succeeded', 'failed', 'unknown', 'delivered', 'exhausted', 'cancelled'] as const) {
    figures[name] += other[name];
  }
  for (const [code, count] of Object.entries(other.failures)) {
    figures.failures[code] = (figures.failures[code] ?? 0) + count;
  }
  addHistogram(figures.latencies, other.latencies);
  addHistogram(figures.durations, other.durations);
}

/** The hour of an instant, counted from 1970. Pure. */
export function hourOf(at: number): number {
  return Math.floor(at / HOUR_MS);
}

/** When failed tries are made again, as the API has it. Delays are milliseconds. */
export type Retry =
  | { strategy: 'delays'; delaysMs: readonly number[]; jitter?: number }
  | { strategy: 'fixed'; maxAttempts: number; delayMs: number; jitter?: number }
  | {
      strategy: 'exponential';
      maxAttempts: number;
      initialDelayMs: number;
      factor: number;
      maxDelayMs: number;
      jitter?: number;
    };

/** One try of a plan, counted from 1. */
export interface PlannedTry {
  number: number;
  /** After the try before it; 0 for the first. */
  waitMs: number;
  /** After the first. */
  atMs: number;
}

/** The API takes no more. */
const MOST_TRIES = 101;

/** All tries of a plan while each fails at once, without jitter. Pure. */
export function retryPlan(retry: Retry): PlannedTry[] {
  let atMs = 0;
  return [0, ...waitsOf(retry)].slice(0, MOST_TRIES).map((waitMs, index) => {
    atMs += waitMs;
    return { number: index + 1, waitMs, atMs };
  });
}

function waitsOf(retry: Retry): readonly number[] {
  if (retry.strategy === 'delays') return retry.delaysMs;
  const length = Math.min(Math.max(0, Math.trunc(retry.maxAttempts) - 1), MOST_TRIES);
  if (retry.strategy === 'fixed') return Array.from({ length }, () => retry.delayMs);
  const { initialDelayMs, factor, maxDelayMs } = retry;
  return Array.from({ length }, (_, index) => Math.min(maxDelayMs, initialDelayMs * factor ** index));
}

/**
 * Where an instant lies on a time line from 0 to 1 that gives each power of ten the same room, so that seconds and days
 * can be told apart on it. Pure.
 */
export function placeOnTimeLine(atMs: number, endMs: number): number {
  return endMs <= 0 ? 0 : Math.log10(1 + atMs / 1_000) / Math.log10(1 + endMs / 1_000);
}

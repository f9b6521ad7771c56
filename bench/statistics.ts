/** Latencies in milliseconds, rounded to microseconds. All but `count` are null when there were none. */
export interface LatencySummary {
  count: number;
  p50Ms: number | null;
  p95Ms: number | null;
  p99Ms: number | null;
  maxMs: number | null;
}

/**
 * The value below or at which the given share of the values lies, by nearest rank: always one of the values.
 * `sorted` is ascending; `share` is in (0, 1]. Null for no values.
 */
export function percentile(sorted: ArrayLike<number>, share: number): number | null {
  if (sorted.length === 0) return null;
  const rank = Math.max(1, Math.ceil(share * sorted.length));
  return sorted[rank - 1] as number;
}

/** The middle value, or the mean of the two middle ones. Null for no values. */
export function median(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = values.toSorted((a, b) => a - b);
  const upper = Math.floor(sorted.length / 2);
  const high = sorted[upper] as number;
  return sorted.length % 2 === 1 ? high : ((sorted[upper - 1] as number) + high) / 2;
}

/** Summarises latencies given in microseconds, in any order. */
export function summariseLatencies(latenciesUs: Float64Array): LatencySummary {
  const sorted = latenciesUs.toSorted();
  const inMs = (us: number | null): number | null => (us === null ? null : us / 1_000);
  return {
    count: sorted.length,
    p50Ms: inMs(percentile(sorted, 0.5)),
    p95Ms: inMs(percentile(sorted, 0.95)),
    p99Ms: inMs(percentile(sorted, 0.99)),
    maxMs: inMs(percentile(sorted, 1)),
  };
}

/**
 * The median of a figure over runs, rounded to `digits` decimals. Runs in which the figure is null do not count;
 * null when none is left.
 */
export function medianOf<Run>(runs: readonly Run[], figure: (run: Run) => number | null, digits = 3): number | null {
  return rounded(median(runs.map(figure).filter((value) => value !== null)), digits);
}

/** `a / b`, or null where it has no meaning. */
export function ratio(a: number | null, b: number | null): number | null {
  return a === null || b === null || b === 0 ? null : a / b;
}

/** Rounds to `digits` decimals; null stays null. */
export function rounded(value: number | null, digits: number): number | null {
  return value === null ? null : Number(value.toFixed(digits));
}

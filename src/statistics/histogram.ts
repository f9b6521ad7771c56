/**
 * How many durations fell into each bucket, by its number. Buckets grow by a factor of 2^(1/4), so that a percentile is
 * off by a tenth at most, and a histogram over ten days has some 120. Bucket 0 is below 1 ms.
 */
export type Histogram = Record<number, number>;

const STEPS_PER_DOUBLING = 4;

/** The number of the bucket that a duration belongs to. Pure. */
function bucketOf(ms: number): number {
  return ms < 1 ? 0 : 1 + Math.floor(STEPS_PER_DOUBLING * Math.log2(ms));
}

/** Where a bucket begins, in milliseconds. Pure. */
function startOf(bucket: number): number {
  return bucket <= 0 ? 0 : 2 ** ((bucket - 1) / STEPS_PER_DOUBLING);
}

/** Counts a duration, in place. */
export function countDuration(histogram: Histogram, ms: number): void {
  const bucket = bucketOf(ms);
  histogram[bucket] = (histogram[bucket] ?? 0) + 1;
}

/** Adds what another histogram has counted, in place. */
export function addHistogram(histogram: Histogram, other: Histogram): void {
  for (const [bucket, count] of Object.entries(other)) {
    histogram[Number(bucket)] = (histogram[Number(bucket)] ?? 0) + count;
  }
}

/**
 * The duration, in whole milliseconds, that a share (0 to 1) of those counted do not exceed; null when none were. Within
 * a bucket durations are taken to be spread evenly. Pure.
 */
export function percentileOf(histogram: Histogram, share: number): number | null {
  // Keys that are whole numbers come in their order (ECMA-262, OrdinaryOwnPropertyKeys).
  const buckets = Object.entries(histogram).map(([bucket, count]) => [Number(bucket), count] as const);
  const total = buckets.reduce((sum, [, count]) => sum + count, 0);
  let rest = share * total;
  for (const [bucket, count] of buckets) {
    if (rest <= count) {
      const [from, to] = [startOf(bucket), startOf(bucket + 1)];
      return Math.round(from + (to - from) * (rest / count));
    }
    rest -= count;
  }
  return null;
}

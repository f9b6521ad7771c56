/**
 * What a lane knows of how its receiver does, and what follows from it: whether it is sent to at all (the *breaker*), and
 * how much at once (the *window*). Pure. Instants are epoch milliseconds.
 *
 * A breaker opens after failures in a row. While it is open what is owed waits, and one *probe* after another finds out
 * whether the receiver is back. Then the window begins at one and doubles with each round of answers, so that what has
 * gathered over a weekend does not flatten who has just come back ("slow start", RFC 5681 §3.1).
 */
export interface Health {
  /** Attempts that failed since the last one that did not. */
  failuresInRow: number;
  /** What they were of: different ones, no more than matter. */
  failed: readonly number[];
  breaker: OpenBreaker | null;
  /** How many attempts may be under way at once, beside the limit that people have set; may lie between two numbers. */
  window: number;
  /** Up to here the window doubles, and beyond it grows by one with each round of answers. */
  threshold: number;
}

export interface OpenBreaker {
  openedAt: number;
  /** Probes that have failed. */
  probes: number;
  /** When the next one may be sent. */
  probeAt: number;
}

const OPENS_AFTER_FAILURES = 10;
const OPENS_AFTER_DELIVERIES = 3;
/** So that a receiver that was only started anew is not left alone for long … */
const FIRST_PROBE_MS = 1_000;
const PROBE_GROWTH = 1.5;
/** … and one that is away for days gets few. */
const LONGEST_PROBE_MS = 300_000;
const PROBE_JITTER = 0.1;

/** Of a lane that nothing is known of, or that is to be trusted again. */
export const HEALTHY: Health = {
  failuresInRow: 0,
  failed: [],
  breaker: null,
  window: Number.POSITIVE_INFINITY,
  threshold: Number.POSITIVE_INFINITY,
};

/** Of a lane whose breaker was open when it was last heard of. */
export function withBreaker(breaker: OpenBreaker): Health {
  return { ...HEALTHY, breaker, window: 1 };
}

/** How many attempts may be under way at once, of at most `limit`. */
export function concurrencyOf({ window }: Health, limit: number): number {
  return Math.max(1, Math.min(limit, Math.floor(window)));
}

/** After an attempt that was taken. A breaker closes. `limit` is what people have set. */
export function afterSuccess(health: Health, limit: number): Health {
  if (health.breaker !== null) return { ...HEALTHY, window: 1, threshold: limit };
  const { window, threshold } = health;
  if (window >= limit) return isTrusted(health) ? health : HEALTHY;
  return { ...HEALTHY, window: window + (window < threshold ? 1 : 1 / window), threshold };
}

function isTrusted({ failuresInRow, window }: Health): boolean {
  return failuresInRow === 0 && window === Number.POSITIVE_INFINITY;
}

export interface Failure {
  /** What the attempt was of. */
  delivery: number;
  /** Whether it was a probe. */
  isProbe: boolean;
  /** Whether the receiver seems to have had too much to do: then it gets half as much at once. */
  isOverload: boolean;
  /** Until when it asked to be left alone, or null. */
  holdUntil: number | null;
}

/** After an attempt that failed. `random` is in [0, 1); `limit` is what people have set. */
export function afterFailure(health: Health, failure: Failure, limit: number, now: number, random: number): Health {
  const { breaker } = health;
  if (breaker !== null) {
    if (!failure.isProbe) return health;
    const probes = breaker.probes + 1;
    return { ...health, breaker: { ...breaker, probes, probeAt: nextProbeAt(probes, failure, now, random) } };
  }
  const failuresInRow = health.failuresInRow + 1;
  const failed = noted(health.failed, failure.delivery);
  if (failuresInRow >= OPENS_AFTER_FAILURES && failed.length >= OPENS_AFTER_DELIVERIES) {
    return withBreaker({ openedAt: now, probes: 0, probeAt: nextProbeAt(0, failure, now, random) });
  }
  return { ...health, failuresInRow, failed, ...(failure.isOverload ? halved(health, limit) : {}) };
}

/** Attempts that were under way together fail together: only the first of a round halves the window. */
function halved({ window, failuresInRow }: Health, limit: number): Pick<Health, 'window' | 'threshold'> {
  const before = Math.min(window, limit);
  if (failuresInRow % Math.max(1, Math.floor(before)) !== 0) return { window: before, threshold: before };
  const after = Math.max(1, before / 2);
  return { window: after, threshold: after };
}

function noted(failed: readonly number[], delivery: number): readonly number[] {
  return failed.length >= OPENS_AFTER_DELIVERIES || failed.includes(delivery) ? failed : [...failed, delivery];
}

function nextProbeAt(probes: number, { holdUntil }: Failure, now: number, random: number): number {
  const intervalMs = Math.min(FIRST_PROBE_MS * PROBE_GROWTH ** probes, LONGEST_PROBE_MS);
  return Math.max(Math.round(now + intervalMs * (1 + PROBE_JITTER * random)), holdUntil ?? 0);
}

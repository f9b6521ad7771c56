/**
 * How long a group waits for company before it is committed. Nothing while calls come one at a time, because then the
 * wait is pure latency; a millisecond or two under load, because a commit costs the same for one call as for fifty.
 */
export interface Linger {
  /** Notes a group of `calls` calls that goes out at the monotonic instant `atMs`. */
  note(calls: number, atMs: number): void;
  /** Milliseconds that the next group may wait. */
  waitMs(): number;
}

const BUSY_CALLS_PER_SECOND = 1_200;
const SATURATED_CALLS_PER_SECOND = 6_000;
const SMOOTHING = 0.2;

export function createLinger(): Linger {
  let ratePerSecond = 0;
  let lastAtMs = 0;
  return {
    note(calls, atMs) {
      const elapsedMs = Math.max(0.1, atMs - lastAtMs);
      lastAtMs = atMs;
      ratePerSecond += (Math.min((calls * 1000) / elapsedMs, 100_000) - ratePerSecond) * SMOOTHING;
    },
    waitMs() {
      if (ratePerSecond < BUSY_CALLS_PER_SECOND) return 0;
      return ratePerSecond < SATURATED_CALLS_PER_SECOND ? 1 : 2;
    },
  };
}

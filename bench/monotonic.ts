/**
 * Microseconds of CLOCK_MONOTONIC as an integer. All processes of one Linux machine read the same clock, so that an
 * instant which one process writes into an event can be subtracted from the instant at which another receives it.
 */
export function monotonicUs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1_000_000 + Math.floor(nanoseconds / 1_000);
}

/** Resolves after at least `ms`. */
export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

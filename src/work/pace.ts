/**
 * How fast a lane may start work: a token bucket, kept as the one instant from which on a start costs nothing that has
 * been saved up ("virtual scheduling", ITU-T I.371, annex A). Starts are spread evenly; only those less than a timer's
 * lateness apart may come together. Instants are epoch milliseconds; a lane that has started nothing yet is at 0.
 */
export interface Pace {
  /** From one start to the next. */
  intervalMs: number;
  /** How much earlier than evenly spread a start may come. */
  leewayMs: number;
}

/** Timers fire so much late when there is much to do: without leave to catch up, high rates would never be reached. */
const LATENESS_MS = 20;

/** The pace of so many starts a second. Pure. */
export function paceOf(ratePerSecond: number): Pace {
  const intervalMs = 1000 / ratePerSecond;
  return { intervalMs, leewayMs: Math.max(0, LATENESS_MS - intervalMs) };
}

/** The instant, in whole milliseconds, from which on the next start is allowed; it may have passed. Pure. */
export function nextStartAt(pace: Pace, at: number, now: number): number {
  return Math.ceil(settled(pace, at, now) - pace.leewayMs);
}

/** Where the lane is after a start at `now`. Pure. */
export function afterStart(pace: Pace, at: number, now: number): number {
  return Math.max(settled(pace, at, now), now) + pace.intervalMs;
}

/** How many starts will have been allowed by `now + withinMs`, if none is made before. Pure. */
export function startsAllowed(pace: Pace, at: number, now: number, withinMs: number): number {
  const until = now + withinMs + pace.leewayMs;
  return Math.max(0, Math.floor((until - Math.max(settled(pace, at, now), now)) / pace.intervalMs) + 1);
}

/** No start leaves it that far ahead: the clock was set back, or the pace was slower, and the lane begins anew. */
function settled({ intervalMs, leewayMs }: Pace, at: number, now: number): number {
  return at > now + leewayMs + 2 * intervalMs ? now : at;
}

/** A replay is `running` until all that it owes has ended, or a person ends it. */
export const REPLAY_STATES = ['running', 'completed', 'cancelled'] as const;
export type ReplayState = (typeof REPLAY_STATES)[number];

/** How fast a replay may go: deliveries a second, null for as fast as its webhooks take them. */
export interface ReplayPace {
  ratePerSecond: number | null;
  /** The instant in epoch milliseconds from which the next delivery may be made. A fraction is kept. */
  nextAt: number;
}

/** The most that one step makes, so that publishers wait a few milliseconds at most behind one. */
const MAX_STEP = 50;
/** How much of a rate is made at once: of 200 a second, twenty every tenth of a second. */
const STEP_MS = 100;

/** How many deliveries a step may make: one at least. Pure. */
export function stepSize({ ratePerSecond }: ReplayPace): number {
  if (ratePerSecond === null) return MAX_STEP;
  return Math.min(MAX_STEP, Math.max(1, Math.floor((ratePerSecond * STEP_MS) / 1000)));
}

/**
 * From when the next delivery may be made, once a step at `now` has made so many: epoch milliseconds. Each delivery
 * takes its share of time. A step that came late is made up for, by `STEP_MS` at most: time in which nothing could be
 * made, such as that of a restart, brings no burst after it. Pure.
 */
export function nextAtAfter({ ratePerSecond, nextAt }: ReplayPace, made: number, now: number): number {
  if (ratePerSecond === null || made === 0) return nextAt;
  return Math.max(nextAt, now - STEP_MS) + (made * 1000) / ratePerSecond;
}

const SHORTEST_WAIT_MS = 10;
const LONGEST_WAIT_MS = 1_000;

/**
 * How long to wait before the next look, in ms: `waitedMs` is the wait before the step that has just made `made`. While
 * nothing can be made, because webhooks have enough to do or are paused, looks become rarer. Pure.
 */
export function waitAfter(made: number, waitedMs: number): number {
  return made > 0 ? SHORTEST_WAIT_MS : Math.min(LONGEST_WAIT_MS, Math.max(SHORTEST_WAIT_MS, waitedMs) * 2);
}

/** How many deliveries a replay keeps in the queue of a webhook that nobody sends to now. */
const MOST_HELD = 500;
/** And in that of one whose own rate may be as low as one in a while: each is a turn that a fresh event has to wait. */
const MOST_PACED = 4;
const LEAST_CONCURRENT = 8;

/**
 * How many deliveries may wait or be under way at a webhook before a replay adds none: enough to keep every connection
 * busy until the next step, so few that a fresh event waits for about one answer of the receiver. Of a webhook that is
 * held, because it is paused or disabled, enough for people to see what waits. Pure.
 */
export function roomOf(webhook: { maxConcurrency: number; isPaced: boolean; isHeld: boolean }): number {
  if (webhook.isHeld) return MOST_HELD;
  return webhook.isPaced ? MOST_PACED : Math.max(LEAST_CONCURRENT, webhook.maxConcurrency * 2);
}

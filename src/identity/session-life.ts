const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** A session ends so long after it began, and earlier when it was not used for so long. */
export const SESSION_LIFE_MS = 30 * DAY_MS;
export const SESSION_IDLE_MS = 7 * DAY_MS;
/** When a session was seen last is written down at most so often. */
export const SEEN_EVERY_MS = MINUTE_MS;

/** When a session ends unless it is used again before. */
export function endOfSession({ expiresAt, lastSeenAt }: { expiresAt: number; lastSeenAt: number }): number {
  return Math.min(expiresAt, lastSeenAt + SESSION_IDLE_MS);
}

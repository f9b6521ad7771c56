import type { Clock } from '../kernel/clock.ts';
import { createKeepingUp, type KeepingUp, type Store } from '../store/index.ts';
import { countAttempts, isCountBehind, pruneFigures } from './counting.store.ts';

/** How soon an attempt is counted. */
const COUNT_EVERY_MS = 1000;

const DAY_MS = 24 * 60 * 60 * 1000;
/** Before the number of the first webhook, and before the row of all of them together. */
const BEFORE_ALL = -1;

/** Keeps the figures in step with the attempts, when the store has time for it. */
export function createKeepingCount(options: {
  store: Store;
  clock: Clock;
  onFault: (error: unknown) => void;
}): KeepingUp {
  return createKeepingUp({ ...options, step: countAttempts, isBehind: isCountBehind, everyMs: COUNT_EVERY_MS });
}

/**
 * A step of the retention: deletes the figures of one webhook that are older than `retentionDays`, all of them when it
 * is deleted. Returns 0 after the last webhook, and begins again with the first.
 */
export function createFiguresPruning(options: {
  store: Store;
  retentionDays: number;
}): (now: number) => Promise<number> {
  const { store, retentionDays } = options;
  let after = BEFORE_ALL;
  return async (now) => {
    const pruned = await store.run(pruneFigures, { before: now - retentionDays * DAY_MS, after });
    after = pruned ?? BEFORE_ALL;
    return pruned === null ? 0 : 1;
  };
}

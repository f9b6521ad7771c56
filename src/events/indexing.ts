import type { Clock } from '../kernel/clock.ts';
import { createKeepingUp, type KeepingUp, type Store } from '../store/index.ts';
import { indexEvents, isIndexBehind } from './search.store.ts';

/** How soon what was published is indexed. */
const EVERY_MS = 100;

/**
 * While others write, a step takes some 3 % of the store's time: that keeps up with some 2,000 events a second, and what
 * comes beyond is indexed when it is quieter.
 */
const BREATH = { idleMs: 2, busyMs: 100 };

/** Keeps the search index in step with the events, when the store has time for it. */
export function createIndexing(options: { store: Store; clock: Clock; onFault: (error: unknown) => void }): KeepingUp {
  return createKeepingUp({
    ...options,
    step: indexEvents,
    isBehind: isIndexBehind,
    everyMs: EVERY_MS,
    breath: BREATH,
  });
}

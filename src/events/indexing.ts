import type { Clock } from '../kernel/clock.ts';
import { createKeepingUp, type KeepingUp, type Store } from '../store/index.ts';
import { indexEvents, isIndexBehind } from './search.store.ts';

/** How soon what was published is indexed. */
const EVERY_MS = 100;

/**
 * Keeps the search index in step with the events, when the store has time for it: with some 2,000 a second, and what
 * comes beyond is indexed when it is quieter.
 */
export function createIndexing(options: { store: Store; clock: Clock; onFault: (error: unknown) => void }): KeepingUp {
  return createKeepingUp({ ...options, step: indexEvents, isBehind: isIndexBehind, everyMs: EVERY_MS });
}

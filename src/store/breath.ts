import { type Clock, delay } from '../kernel/clock.ts';
import type { Store } from './store.ts';

/**
 * The pause between the steps of work that can wait, each of which is one command: short while nobody else writes, and
 * long while somebody does.
 */
export function createBreath(
  store: Store,
  clock: Clock,
  { idleMs, busyMs }: { idleMs: number; busyMs: number },
): () => Promise<void> {
  let flushes = store.load.flushes;
  return () => {
    const isBusy = store.load.flushes - flushes > 1;
    flushes = store.load.flushes;
    return delay(clock, isBusy ? busyMs : idleMs);
  };
}

import { type Clock, delay } from '../kernel/clock.ts';
import { createBreath, type Store } from '../store/index.ts';
import { indexEvents, isIndexBehind } from './search.store.ts';

/** How soon what was published is indexed. */
const EVERY_MS = 100;

/**
 * While others write, a step takes some 3 % of the store's time: that keeps up with some 2,000 events a second, and what
 * comes beyond is indexed when it is quieter.
 */
const BREATH = { idleMs: 2, busyMs: 100 };

const AFTER_FAULT_MS = 60_000;

/** Keeps the search index in step with the events, when the store has time for it. */
export interface Indexing {
  start(): void;
  stop(): void;
}

export function createIndexing({
  store,
  clock,
  onFault,
}: {
  store: Store;
  clock: Clock;
  onFault: (error: unknown) => void;
}): Indexing {
  const breath = createBreath(store, clock, BREATH);
  let isStopped = false;
  /** How many groups the store had written when everything was last indexed; at a start nobody knows. */
  let flushesSeen = -1;

  async function run(): Promise<void> {
    while (!isStopped) {
      if (store.load.flushes !== flushesSeen) await catchUp();
      await delay(clock, EVERY_MS);
    }
  }

  async function catchUp(): Promise<void> {
    while (!isStopped && (await store.run(indexEvents, null)).isMore) await breath();
    const { flushes } = store.load;
    // What was published in the same group came after the last step, perhaps.
    if (!(isStopped || (await store.read(isIndexBehind, null)))) flushesSeen = flushes;
  }

  function start(): void {
    run().catch((error: unknown) => {
      onFault(error);
      clock.after(AFTER_FAULT_MS, start);
    });
  }

  return {
    start,
    stop() {
      isStopped = true;
    },
  };
}

import { type Clock, delay } from '../kernel/clock.ts';
import { createBreath } from './breath.ts';
import type { CommandRef, QueryRef } from './command.ts';
import type { Store } from './store.ts';

/** Work that follows what is written, in steps, when the store has time for it. */
export interface KeepingUp {
  start(): void;
  stop(): void;
}

export interface KeepUpOptions {
  store: Store;
  clock: Clock;
  /** Does some of it, in a few milliseconds, because publishers wait meanwhile. `isMore` says that others are left. */
  step: CommandRef<null, { isMore: boolean }>;
  isBehind: QueryRef<null, boolean>;
  /** How soon what was written is looked at. */
  everyMs: number;
  onFault: (error: unknown) => void;
}

const AFTER_FAULT_MS = 60_000;
/** While others write, a step of a few milliseconds takes some 3 % of the store's time. */
const BREATH = { idleMs: 2, busyMs: 100 };

/** Keeps something in step with what is written. While nothing is, it asks the store for nothing. */
export function createKeepingUp(options: KeepUpOptions): KeepingUp {
  const { store, clock, step, isBehind, everyMs, onFault } = options;
  const breath = createBreath(store, clock, BREATH);
  let isStopped = false;
  /** How many groups the store had written when everything was last done; at a start nobody knows. */
  let flushesSeen = -1;

  async function run(): Promise<void> {
    while (!isStopped) {
      if (store.load.flushes !== flushesSeen) await catchUp();
      await delay(clock, everyMs);
    }
  }

  async function catchUp(): Promise<void> {
    while (!isStopped && (await store.run(step, null)).isMore) await breath();
    const { flushes } = store.load;
    // What was written in the same group came after the last step, perhaps.
    if (!(isStopped || (await store.read(isBehind, null)))) flushesSeen = flushes;
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

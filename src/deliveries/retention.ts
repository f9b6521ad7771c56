import type { Clock } from '../kernel/clock.ts';
import { createBreath, giveBackSpace, pruneKeptAnswers, type Store } from '../store/index.ts';
import { pruneOld } from './retention.store.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const EVERY_MS = 60 * 60 * 1000;
const FIRST_AFTER_MS = 60 * 1000;
/** While others write, it takes a tenth of the store's time. */
const BREATH = { idleMs: 5, busyMs: 40 };

/** Deletes some of what is over at `now`, and returns how much that was: 0 when there is nothing left of it. */
export type PruneStep = (now: number) => Promise<number>;

/**
 * Deletes what is older than the retention, kept answers of yesterday, and what else is over, once an hour and a little
 * at a time, and gives the room back.
 */
export interface Retention {
  start(): void;
  stop(): void;
  /** One whole round now. Returns how many events it deleted. */
  run(): Promise<number>;
}

export function createRetention(options: {
  store: Store;
  clock: Clock;
  retentionDays: number;
  /** Of other modules. */
  pruneSteps?: readonly PruneStep[];
  onFault: (error: unknown) => void;
}): Retention {
  const { store, clock, retentionDays, pruneSteps = [], onFault } = options;
  const steps: readonly PruneStep[] = [(now) => store.run(pruneKeptAnswers, { now }), ...pruneSteps];
  let isStopped = false;

  const breath = createBreath(store, clock, BREATH);

  async function prune(): Promise<number> {
    const now = clock.now();
    for (const step of steps) while (!isStopped && (await step(now)) > 0) await breath();
    return pruneEvents(now - retentionDays * DAY_MS);
  }

  async function pruneEvents(before: number): Promise<number> {
    let deleted = 0;
    for (let after: number | null = 0; after !== null && !isStopped; ) {
      const step: { deleted: number; next: number | null } = await store.run(pruneOld, { before, after });
      deleted += step.deleted;
      after = step.next;
      await breath();
    }
    return deleted;
  }

  async function giveBack(): Promise<void> {
    let steps = 0;
    while (!isStopped && (await store.run(giveBackSpace, null)) > 0) {
      steps += 1;
      await breath();
    }
    if (steps > 0) store.checkpoint();
  }

  async function run(): Promise<number> {
    const deleted = await prune();
    if (!isStopped) await giveBack();
    return deleted;
  }

  function schedule(delayMs: number): void {
    clock.after(delayMs, () => {
      if (isStopped) return;
      run()
        .catch(onFault)
        .finally(() => schedule(EVERY_MS));
    });
  }

  return {
    run,
    start: () => schedule(FIRST_AFTER_MS),
    stop() {
      isStopped = true;
    },
  };
}

import type { Clock } from '../kernel/clock.ts';
import { createBreath, createKeepingUp, type KeepingUp, type Store } from '../store/index.ts';
import { countAttempts, isCountBehind, pruneFigures } from './counting.store.ts';

/** How soon an attempt is counted. */
const COUNT_EVERY_MS = 1000;
/** While others write, a step takes some 3 % of the store's time. */
const BREATH = { idleMs: 2, busyMs: 100 };

const DAY_MS = 24 * 60 * 60 * 1000;
const PRUNE_EVERY_MS = 60 * 60 * 1000;
const PRUNE_FIRST_AFTER_MS = 2 * 60 * 1000;

/** The figures, kept in step with the attempts when the store has time for it, and no longer than those are kept. */
export interface StatisticsKeeping extends KeepingUp {
  /** Deletes, now, what is older than the retention, and what was of deleted webhooks. */
  prune(): Promise<void>;
}

export function createStatisticsKeeping(options: {
  store: Store;
  clock: Clock;
  retentionDays: number;
  onFault: (error: unknown) => void;
}): StatisticsKeeping {
  const { store, clock, retentionDays, onFault } = options;
  const counting = createKeepingUp({
    ...{ store, clock, onFault },
    step: countAttempts,
    isBehind: isCountBehind,
    everyMs: COUNT_EVERY_MS,
    breath: BREATH,
  });
  const breath = createBreath(store, clock, BREATH);
  let isStopped = false;

  async function prune(): Promise<void> {
    const before = clock.now() - retentionDays * DAY_MS;
    for (let after: number | null = -1; after !== null && !isStopped; ) {
      after = await store.run(pruneFigures, { before, after });
      if (after !== null) await breath();
    }
  }

  function pruneLater(delayMs: number): void {
    clock.after(delayMs, () => {
      if (isStopped) return;
      prune()
        .catch(onFault)
        .finally(() => pruneLater(PRUNE_EVERY_MS));
    });
  }

  return {
    prune,
    start() {
      counting.start();
      pruneLater(PRUNE_FIRST_AFTER_MS);
    },
    stop() {
      isStopped = true;
      counting.stop();
    },
  };
}

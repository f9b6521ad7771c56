import { type Clock, delay } from '../kernel/clock.ts';
import { pruneKeptAnswers, type Store } from '../store/index.ts';
import { pruneOld } from './retention.store.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const EVERY_MS = 60 * 60 * 1000;
const FIRST_AFTER_MS = 60 * 1000;
const BREATH_MS = 20;

/** Deletes what is older than the retention, and kept answers of yesterday, once an hour and a little at a time. */
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
  onFault: (error: unknown) => void;
}): Retention {
  const { store, clock, retentionDays, onFault } = options;
  let isStopped = false;

  async function run(): Promise<number> {
    const now = clock.now();
    await pruneAnswers(now);
    return pruneEvents(now - retentionDays * DAY_MS);
  }

  async function pruneAnswers(now: number): Promise<void> {
    while (!isStopped && (await store.run(pruneKeptAnswers, { now })) > 0) await delay(clock, BREATH_MS);
  }

  async function pruneEvents(before: number): Promise<number> {
    let deleted = 0;
    for (let after: number | null = 0; after !== null && !isStopped; ) {
      const step: { deleted: number; next: number | null } = await store.run(pruneOld, { before, after });
      deleted += step.deleted;
      after = step.next;
      await delay(clock, BREATH_MS);
    }
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

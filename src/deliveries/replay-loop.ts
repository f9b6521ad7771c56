import type { Clock, Timer } from '../kernel/clock.ts';
import { Refusal } from '../kernel/errors.ts';
import type { Store } from '../store/index.ts';
import { stepSize, waitAfter } from './replays.state.ts';
import { makeReplayed, REPLAY_CREATED, type ReplayAtWork, unfinishedReplays } from './replays.store.ts';
import { cancelRest } from './replays.ts';

/**
 * Makes the deliveries of replays, one small step at a time: the store takes each step in a transaction of its own and
 * remembers where it stands, so a process that is killed between two of them goes on where it was.
 */
export interface ReplayLoop {
  /** Goes on with what an earlier process left unfinished, and with every replay created from now on. */
  start(): Promise<void>;
  /** Begins no further step, and waits for the one under way. */
  stop(): Promise<void>;
}

interface Job extends ReplayAtWork {
  /** When its next step is due, epoch milliseconds. */
  dueAt: number;
  /** How long it waited for the step before. */
  waitedMs: number;
}

/** After a step that failed: the disk is full, or the mistake is ours. */
const AFTER_FAILURE_MS = 1_000;

export function createReplayLoop({
  store,
  clock,
  onFault,
}: {
  store: Store;
  clock: Clock;
  onFault: (error: unknown) => void;
}): ReplayLoop {
  const jobs = new Map<number, Job>();
  let timer: Timer | null = null;
  let step: Promise<void> | null = null;
  let isStopped = false;

  store.subscribe<ReplayAtWork>(REPLAY_CREATED, add);

  function add(replay: ReplayAtWork): void {
    if (!jobs.has(replay.number)) jobs.set(replay.number, { ...replay, dueAt: replay.nextAt, waitedMs: 0 });
    schedule();
  }

  /** One step at a time, whichever is due first: replays share what they may take of the writer. */
  function schedule(): void {
    timer?.cancel();
    timer = null;
    const [job] = [...jobs.values()].sort((a, b) => a.dueAt - b.dueAt);
    if (isStopped || step !== null || job === undefined) return;
    timer = clock.after(Math.max(0, job.dueAt - clock.now()), () => {
      step = makeStep(job).finally(() => {
        step = null;
        schedule();
      });
    });
  }

  async function makeStep(job: Job): Promise<void> {
    const now = clock.now();
    try {
      const made = await store.run(makeReplayed, { number: job.number, limit: stepSize(job), now });
      if (made.isAllMade) jobs.delete(job.number);
      job.nextAt = made.nextAt;
      job.waitedMs = waitAfter(made.taken, job.waitedMs);
      job.dueAt = Math.max(job.nextAt, clock.now() + job.waitedMs);
    } catch (error) {
      if (!isDiskFull(error)) onFault(error);
      job.dueAt = clock.now() + AFTER_FAILURE_MS;
    }
  }

  return {
    async start() {
      const { atWork, cancelled } = await store.read(unfinishedReplays, null);
      for (const replay of atWork) add(replay);
      void finishCancelled(cancelled).catch(onFault);
    },
    async stop() {
      isStopped = true;
      timer?.cancel();
      await step;
    },
  };

  async function finishCancelled(ids: readonly string[]): Promise<void> {
    for (const id of ids) await cancelRest({ store, clock }, id);
  }
}

function isDiskFull(error: unknown): boolean {
  return error instanceof Refusal && error.code === 'storage_unavailable';
}

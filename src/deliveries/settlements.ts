import type { Clock, Timer } from '../kernel/clock.ts';
import { type Store, untilStored } from '../store/index.ts';
import { settleAttempts } from './deliveries.store.ts';
import type { Settlement } from './settlement.ts';

/** Gathers settlements, so that many of them share a commit, and sees to it that none is lost while the disk is full. */
export interface Settlements {
  add(settlement: Settlement): void;
  /** Writes what has been gathered, and waits until everything added so far is on disk. */
  flush(): Promise<void>;
}

interface Options {
  store: Store;
  clock: Clock;
  /** Called with each settlement once it is on disk. */
  onSettled: (settlement: Settlement) => void;
  onFault: (error: unknown) => void;
}

/**
 * Nobody waits for a settlement but the next in line, and every commit saved is one that no new event waits behind:
 * with 10 instead of 3 ms the slowest hundredth at 2,000/s took 18 instead of 28 ms (medians of three runs).
 */
const GATHER_MS = 10;
const MAX_TOGETHER = 64;

export function createSettlements({ store, clock, onSettled, onFault }: Options): Settlements {
  const underway = new Set<Promise<void>>();
  let gathered: Settlement[] = [];
  let timer: Timer | null = null;

  function send(): void {
    timer?.cancel();
    timer = null;
    if (gathered.length === 0) return;
    const together = gathered;
    gathered = [];
    const written = write(together).finally(() => underway.delete(written));
    underway.add(written);
  }

  async function write(settlements: Settlement[]): Promise<void> {
    try {
      // While the disk is full, slots stay taken: nothing more is sent than can be written down later.
      await untilStored(clock, () => store.run(settleAttempts, { settlements, now: clock.now() }));
      settlements.forEach(onSettled);
    } catch (error) {
      onFault(error);
      // One of them is at fault: the others must not suffer for it. It stays in hand until the next start.
      if (settlements.length > 1) for (const settlement of settlements) await write([settlement]);
    }
  }

  return {
    add(settlement) {
      gathered.push(settlement);
      if (gathered.length >= MAX_TOGETHER) send();
      else timer ??= clock.after(GATHER_MS, send);
    },
    async flush() {
      send();
      await Promise.all(underway);
    },
  };
}

import type { Clock } from '../../src/kernel/clock.ts';

/** A clock that stands still until it is turned by hand. */
export interface ManualClock extends Clock {
  /** Turns it on, and lets what falls due on the way run in order, with what that awaits. */
  advance(ms: number): Promise<void>;
}

export function createManualClock(): ManualClock {
  let now = 1_700_000_000_000;
  const timers = new Set<{ at: number; run: () => void }>();

  /** The store's threads answer in turns of the real event loop. */
  async function settle(): Promise<void> {
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setTimeout(resolve, 1));
  }

  return {
    now: () => now,
    monotonicMs: () => now,
    after(delayMs, run) {
      const timer = { at: now + delayMs, run };
      timers.add(timer);
      return { cancel: () => void timers.delete(timer) };
    },
    async advance(ms) {
      const until = now + ms;
      for (;;) {
        const [next] = [...timers].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at);
        if (next === undefined) break;
        timers.delete(next);
        now = Math.max(now, next.at);
        next.run();
        await settle();
      }
      now = until;
      await settle();
    },
  };
}

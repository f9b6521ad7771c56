/** Timers that a test lets run out by hand. */
export interface ManualLater {
  later: (ms: number, then: () => void) => () => void;
  /** How long those that run were set to, in ms. */
  waits(): number[];
  /** Lets all that run now run out. */
  runOut(): void;
}

export function manualLater(): ManualLater {
  let running: { ms: number; then: () => void }[] = [];
  return {
    later(ms, then) {
      const timer = { ms, then };
      running.push(timer);
      return () => {
        running = running.filter((other) => other !== timer);
      };
    },
    waits: () => running.map(({ ms }) => ms),
    runOut() {
      const out = running;
      running = [];
      for (const { then } of out) then();
    },
  };
}

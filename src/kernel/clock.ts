/** A timer that can be called off. Cancelling one that has fired does nothing. */
export interface Timer {
  cancel(): void;
}

/**
 * Time as the rest of Waybill may see it. Everything outside the kernel takes one as an argument,
 * so that a whole engine can run on a clock that a test turns by hand.
 */
export interface Clock {
  /** Wall-clock instant in epoch milliseconds. May jump when the machine's clock is set. */
  now(): number;
  /** Milliseconds since an arbitrary origin, never going back: for measuring durations. */
  monotonicMs(): number;
  /** Calls `run` once after at least `delayMs`. Does not keep the process alive. */
  after(delayMs: number, run: () => void): Timer;
}

/** The longest delay that one Node timer can carry; longer ones fire at once (Node docs, `setTimeout`). */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, run) {
    let handle: NodeJS.Timeout;
    const arm = (leftMs: number): void => {
      const stepMs = Math.min(leftMs, LONGEST_TIMER_MS);
      handle = setTimeout(() => (leftMs > stepMs ? arm(leftMs - stepMs) : run()), Math.max(0, stepMs));
      handle.unref();
    };
    arm(delayMs);
    return { cancel: () => clearTimeout(handle) };
  },
};

/** Resolves after `delayMs` of the given clock. */
export function delay(clock: Clock, delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(delayMs, resolve);
  });
}

/** Waits, and keeps the process alive meanwhile, which a timer alone does not. */
export async function keepingAlive<T>(wait: Promise<T>): Promise<T> {
  const keeper = setInterval(() => undefined, LONGEST_TIMER_MS);
  try {
    return await wait;
  } finally {
    clearInterval(keeper);
  }
}

/** Calls `run` in the next turn of the event loop, after the input that has already arrived has been read. */
export function nextTurn(run: () => void): void {
  setImmediate(run);
}

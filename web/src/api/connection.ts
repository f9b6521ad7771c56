import { createObservable, type Observable } from './observable.ts';

/** Whether the server answers. */
export type Connection = { isGone: false } | { isGone: true; sinceMs: number; nextTryMs: number };

export interface ConnectionWatch {
  state: Observable<Connection>;
  /** Called when a request got no answer: from now on the server is asked until it answers again. */
  lost(): void;
  /** Asks at once. */
  tryNow(): void;
}

export interface ConnectionOptions {
  /** Whether the server answers now. */
  probe: () => Promise<boolean>;
  onBack: () => void;
  nowMs?: () => number;
  /** Calls back after a time, unless what it returns is called before. */
  later?: (ms: number, then: () => void) => () => void;
}

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 30_000;

/** Calls back after a time, unless what it returns is called before. */
export function later(ms: number, then: () => void): () => void {
  const timer = setTimeout(then, ms);
  return () => clearTimeout(timer);
}

/** Watches over a server that does not answer, waiting twice as long after each look. */
export function watchConnection({
  probe,
  onBack,
  nowMs = Date.now,
  later: wait = later,
}: ConnectionOptions): ConnectionWatch {
  const state = createObservable<Connection>({ isGone: false });
  let waitMs = FIRST_WAIT_MS;
  let cancel = (): void => undefined;

  function waitFor(sinceMs: number): void {
    cancel();
    state.set({ isGone: true, sinceMs, nextTryMs: nowMs() + waitMs });
    cancel = wait(waitMs, look);
    waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS);
  }

  function look(): void {
    cancel();
    void probe().then((answers) => {
      const now = state.get();
      if (!now.isGone) return;
      if (!answers) return waitFor(now.sinceMs);
      waitMs = FIRST_WAIT_MS;
      cancel();
      state.set({ isGone: false });
      onBack();
    });
  }

  return {
    state,
    lost() {
      if (!state.get().isGone) waitFor(nowMs());
    },
    tryNow() {
      if (state.get().isGone) look();
    },
  };
}

import { findKeptAnswers, keyMismatch } from './once.store.ts';
import type { OnceAnswer, OnceKey, Store } from './store.ts';

/** The answer kept for a request, or null. Rejects with `idempotency_mismatch` when its key belongs to another one. */
export type Recall = (once: OnceKey) => Promise<OnceAnswer<unknown> | null>;

interface Asked {
  once: OnceKey;
  resolve: (kept: OnceAnswer<unknown> | null) => void;
  reject: (error: unknown) => void;
}

/**
 * Looks for kept answers: whatever is asked for while one look is under way goes into the next, because each look costs
 * several times what finding a key does.
 */
export function createRecall(store: Store): Recall {
  let waiting: Asked[] = [];
  let isLooking = false;

  async function look(): Promise<void> {
    isLooking = true;
    while (waiting.length > 0) {
      const asked = waiting;
      waiting = [];
      await answer(asked);
    }
    isLooking = false;
  }

  async function answer(asked: readonly Asked[]): Promise<void> {
    try {
      const found = await store.read(
        findKeptAnswers,
        asked.map(({ once }) => once),
      );
      for (const [index, { resolve, reject }] of asked.entries()) {
        const kept = found[index] ?? null;
        if (kept === 'mismatch') reject(keyMismatch());
        else resolve(kept);
      }
    } catch (error) {
      for (const { reject } of asked) reject(error);
    }
  }

  return (once) =>
    new Promise((resolve, reject) => {
      waiting.push({ once, resolve, reject });
      if (!isLooking) void look();
    });
}

import { type Clock, delay } from '../kernel/clock.ts';
import { Refusal } from '../kernel/errors.ts';

const RETRY_MS = 250;

/**
 * Runs a write that must not be lost until the disk takes it: a full one may have room again at any moment. Any other
 * failure is thrown.
 */
export async function untilStored<T>(clock: Clock, write: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await write();
    } catch (error) {
      if (!(error instanceof Refusal) || error.code !== 'storage_unavailable') throw error;
      await delay(clock, RETRY_MS);
    }
  }
}

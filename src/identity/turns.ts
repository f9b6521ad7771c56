import { Refusal } from '../kernel/errors.ts';

/** How many may wait for their turn. Each takes a tenth of a second or so on a slow machine. */
export const MAX_WAITING = 20;
const RETRY_AFTER_S = 2;

/** Makes a function that carries out work one after the other. It refuses with `rate_limited` when too many wait. */
export function createTurns(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  let underway = 0;
  return async (work) => {
    if (underway > MAX_WAITING) {
      throw new Refusal('rate_limited', 'Very many passwords are being checked just now. Try again in a moment.', {
        retryAfterS: RETRY_AFTER_S,
      });
    }
    underway += 1;
    const done = last.then(work);
    last = done.catch(() => undefined);
    try {
      return await done;
    } finally {
      underway -= 1;
    }
  };
}

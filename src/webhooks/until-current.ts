import { Refusal } from '../kernel/errors.ts';

/** Each time, somebody else has got a change through: more than so many in a row is a crowd. */
const MOST_TIMES = 20;

/**
 * Runs a change that the store refuses with `conflict` when what it was made from is no longer so, again from what is
 * there then. Throws that refusal when others are faster every time.
 */
export async function untilCurrent<T>(change: () => Promise<T>): Promise<T> {
  for (let time = 1; ; time += 1) {
    try {
      return await change();
    } catch (error) {
      if (!(error instanceof Refusal) || error.code !== 'conflict' || time === MOST_TIMES) throw error;
    }
  }
}

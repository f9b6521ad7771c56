import { randomFillSync } from 'node:crypto';

/** A source of randomness. Handed in wherever chance matters, so that a run can be repeated. */
export interface Random {
  /** A number in [0, 1). */
  next(): number;
  /** Fills the array with random bytes and returns it. */
  fill(bytes: Uint8Array): Uint8Array;
}

export const systemRandom: Random = {
  next: () => Math.random(),
  fill: (bytes) => randomFillSync(bytes),
};

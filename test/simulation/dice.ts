import type { Random } from '../../src/kernel/random.ts';
import { seededRandom } from '../chaos/seeded-random.ts';

/** One stream of chance. Each purpose has a stream of its own, so that more draws for one do not change another. */
export interface Dice extends Random {
  /** A whole number, both ends included. */
  within(min: number, max: number): number;
  /** True with that probability. */
  hit(share: number): boolean;
  pick<T>(from: readonly T[]): T;
}

/** The stream of a seed for a purpose: the same numbers each time. */
export function createDice(seed: number, purpose: string): Dice {
  const next = seededRandom(mixed(seed, purpose));
  const within = (min: number, max: number): number => min + Math.floor(next() * (max - min + 1));
  return {
    next,
    fill(bytes) {
      for (let i = 0; i < bytes.length; i += 1) bytes[i] = Math.floor(next() * 256);
      return bytes;
    },
    within,
    hit: (share) => next() < share,
    pick: <T>(from: readonly T[]) => from[within(0, from.length - 1)] as T,
  };
}

/** FNV-1a over seed and purpose. */
function mixed(seed: number, purpose: string): number {
  let hash = 0x811c9dc5;
  for (const char of `${seed} ${purpose}`) hash = Math.imul(hash ^ char.charCodeAt(0), 0x01000193);
  return hash >>> 0;
}

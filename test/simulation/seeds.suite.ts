import { expect, test } from 'vitest';
import { simulate } from './simulate.ts';

const SLICE = 50;
const SLICE_LIMIT_MS = 60_000;

/** Tests that everything holds in each of those worlds. What fails tells its seed and its story. */
export function seedsSuite({ from, count }: { from: number; count: number }): void {
  const slices = Array.from({ length: count / SLICE }, (_, i) => from + i * SLICE);
  test.each(slices)(
    `whatever happens, every promise is kept: ${SLICE} seeds from %i`,
    async (first) => {
      for (let seed = first; seed < first + SLICE; seed += 1) {
        const { story } = await simulate(seed);
        expect(story).toBe('');
      }
    },
    SLICE_LIMIT_MS,
  );
}

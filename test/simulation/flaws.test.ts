import { expect, test } from 'vitest';
import { FLAWS } from './flaws.ts';
import { simulate } from './simulate.ts';

/** Within so many seeds each mistake must show. */
const SEEDS = 60;
const LIMIT_MS = 60_000;

test.each(FLAWS)(
  'finds $title',
  async ({ plant, breaks, from = 1 }) => {
    const seen = new Set<string>();
    for (let seed = from; seed < from + SEEDS; seed += 1) {
      const { violation } = await simulate(seed, plant());
      if (violation === null) continue;
      if (breaks.includes(violation.invariant)) return;
      seen.add(violation.invariant);
    }
    expect.fail(`${SEEDS} seeds have shown ${[...seen].join(', ') || 'nothing'}`);
  },
  LIMIT_MS,
);

import { expect, test } from 'vitest';
import { runKills } from './chaos/kill-run.ts';

const MAX_IN_FLIGHT = 64;

test('five kills under load lose nothing, double no event, and repeat at most what was in flight', async () => {
  const report = await runKills({ kills: 5, seed: Date.now() % 1_000_000, maxInFlight: MAX_IN_FLIGHT });
  expect(report.violations).toEqual([]);
  // The run has put the promises to the test: there was work, and kills have interrupted it.
  expect(report.promised).toBeGreaterThan(100);
  expect(report.repeatedRequests).toBeGreaterThan(0);
  expect(report.unknownAttempts).toBeGreaterThan(0);
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { maxTries, plannedDelayMs, type RetryPolicy, withJitter } from './backoff.ts';

/** The waits after each try, to the end of the plan. */
function waitsOf(policy: RetryPolicy): (number | null)[] {
  return Array.from({ length: maxTries(policy) }, (_, index) => plannedDelayMs(policy, index + 1));
}

describe('a retry policy', () => {
  test('of delays waits each in turn, and makes one try more than it has delays', () => {
    expect(waitsOf({ strategy: 'delays', delaysMs: [5, 0, 7], jitter: 0 })).toEqual([5, 0, 7, null]);
    expect(waitsOf({ strategy: 'delays', delaysMs: [], jitter: 0 })).toEqual([null]);
  });

  test('of a fixed delay waits the same each time', () => {
    expect(waitsOf({ strategy: 'fixed', maxAttempts: 3, delayMs: 40, jitter: 0 })).toEqual([40, 40, null]);
    expect(waitsOf({ strategy: 'fixed', maxAttempts: 1, delayMs: 40, jitter: 0 })).toEqual([null]);
  });

  test('that is exponential multiplies, up to its longest delay', () => {
    const policy = {
      strategy: 'exponential',
      maxAttempts: 6,
      initialDelayMs: 100,
      factor: 3,
      maxDelayMs: 2_000,
      jitter: 0,
    } as const;
    expect(waitsOf(policy)).toEqual([100, 300, 900, 2_000, 2_000, null]);
    expect(waitsOf({ ...policy, maxDelayMs: 50, maxAttempts: 3 })).toEqual([50, 50, null]);
    expect(waitsOf({ ...policy, factor: 1, maxAttempts: 3 })).toEqual([100, 100, null]);
  });

  test('gives a finite wait for the hundredth try of the steepest plan', () => {
    const policy = {
      strategy: 'exponential',
      maxAttempts: 100,
      initialDelayMs: 1_000,
      factor: 100,
      maxDelayMs: 86_400_000,
      jitter: 0,
    } as const;
    expect(plannedDelayMs(policy, 99)).toBe(86_400_000);
    expect(plannedDelayMs({ ...policy, initialDelayMs: 0 }, 99)).toBe(0);
  });

  test('has nothing beyond its last try', () => {
    expect(plannedDelayMs({ strategy: 'delays', delaysMs: [5], jitter: 0 }, 17)).toBeNull();
  });
});

test('jitter stretches a delay by a share of it, never shortens it, and gives whole milliseconds', () => {
  expect(withJitter(1_000, 0, 0.9)).toBe(1_000);
  expect(withJitter(1_000, 0.1, 0)).toBe(1_000);
  expect(withJitter(1_000, 0.1, 0.5)).toBe(1_050);
  fc.assert(
    fc.property(
      fc.nat(86_400_000),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (delayMs, jitter, random) => {
        const waitMs = withJitter(delayMs, jitter, random);
        expect(Number.isInteger(waitMs)).toBe(true);
        expect(waitMs).toBeGreaterThanOrEqual(delayMs);
        expect(waitMs).toBeLessThanOrEqual(Math.ceil(delayMs * (1 + jitter)));
      },
    ),
  );
});

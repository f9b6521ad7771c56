import { expect, test } from 'vitest';
import { placeOnTimeLine, retryPlan } from './retry-plan.ts';

test('n delays make n + 1 attempts, each after the sum of the delays before it', () => {
  expect(retryPlan({ strategy: 'delays', delaysMs: [5_000, 300_000] })).toEqual([
    { number: 1, waitMs: 0, atMs: 0 },
    { number: 2, waitMs: 5_000, atMs: 5_000 },
    { number: 3, waitMs: 300_000, atMs: 305_000 },
  ]);
});

test('a fixed plan counts the first attempt', () => {
  const plan = retryPlan({ strategy: 'fixed', maxAttempts: 3, delayMs: 10 });
  expect(plan.map(({ atMs }) => atMs)).toEqual([0, 10, 20]);
});

test('a growing delay grows up to its bound', () => {
  const plan = retryPlan({ strategy: 'exponential', maxAttempts: 5, initialDelayMs: 10, factor: 3, maxDelayMs: 50 });
  expect(plan.map(({ waitMs }) => waitMs)).toEqual([0, 10, 30, 50, 50]);
});

test.each([0, -3, Number.NaN, 1_000_000_000])('a count of %s makes a plan that can be drawn', (maxAttempts) => {
  const { length } = retryPlan({ strategy: 'fixed', maxAttempts, delayMs: 10 });
  expect(length).toBeGreaterThanOrEqual(1);
  expect(length).toBeLessThanOrEqual(101);
});

test('the time line begins at 0, ends at 1, and gives early attempts room', () => {
  const day = 86_400_000;
  expect([placeOnTimeLine(0, day), placeOnTimeLine(day, day)]).toEqual([0, 1]);
  expect(placeOnTimeLine(60_000, day)).toBeGreaterThan(0.3);
  expect(placeOnTimeLine(0, 0)).toBe(0);
});

import { expect, test } from 'vitest';
import { median, medianOf, percentile, ratio, summariseLatencies } from './statistics.ts';

test('a percentile is the nearest rank, always one of the values', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => index + 1);
  expect(percentile(hundred, 0.5)).toBe(50);
  expect(percentile(hundred, 0.99)).toBe(99);
  expect(percentile(hundred, 1)).toBe(100);
  expect(percentile([7], 0.01)).toBe(7);
  expect(percentile([1, 2, 3], 0.5)).toBe(2);
  expect(percentile([], 0.5)).toBeNull();
});

test('a median does not depend on the order and takes the mean of two middle values', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([10, 1, 2, 5])).toBe(3.5);
  expect(median([])).toBeNull();
});

test('a median of runs leaves out the runs without the figure', () => {
  const runs = [{ ms: 1.23456 }, { ms: null }, { ms: 3 }, { ms: 2.5 }];
  expect(medianOf(runs, (run) => run.ms)).toBe(2.5);
  expect(medianOf(runs.slice(0, 2), (run) => run.ms, 2)).toBe(1.23);
  expect(medianOf([{ ms: null }], (run) => run.ms)).toBeNull();
});

test('a ratio without meaning is null', () => {
  expect(ratio(3, 2)).toBe(1.5);
  expect(ratio(3, 0)).toBeNull();
  expect(ratio(null, 2)).toBeNull();
  expect(ratio(3, null)).toBeNull();
});

test('latencies in microseconds are summarised in milliseconds, numbers and not texts being sorted', () => {
  expect(summariseLatencies(Float64Array.from([9_000, 10_000, 1_500]))).toEqual({
    count: 3,
    p50Ms: 9,
    p95Ms: 10,
    p99Ms: 10,
    maxMs: 10,
  });
  expect(summariseLatencies(new Float64Array())).toEqual({
    count: 0,
    p50Ms: null,
    p95Ms: null,
    p99Ms: null,
    maxMs: null,
  });
});

import { describe, expect, test } from 'vitest';
import { addHistogram, countDuration, type Histogram, percentileOf } from './histogram.ts';

function histogramOf(durations: number[]): Histogram {
  const histogram: Histogram = {};
  for (const ms of durations) countDuration(histogram, ms);
  return histogram;
}

describe('a histogram', () => {
  test.each([0.5, 0.95, 1])('tells the share %d of any durations, off by a tenth at most', (share) => {
    const durations = Array.from({ length: 2000 }, (_, at) => 3 + at ** 2 / 7).sort((a, b) => a - b);
    const exact = durations[Math.ceil(share * durations.length) - 1] ?? 0;
    const told = percentileOf(histogramOf(durations), share) ?? 0;
    expect(Math.abs(told - exact) / exact).toBeLessThan(0.1);
  });

  test('knows of nothing where nothing was counted, and of less than a millisecond', () => {
    expect(percentileOf({}, 0.5)).toBeNull();
    expect(percentileOf(histogramOf([0, 0, 0]), 0.5)).toBeLessThanOrEqual(1);
    expect(percentileOf(histogramOf([864_000_000]), 0.95)).toBeGreaterThan(700_000_000);
  });

  test('added to another is that of both, also after it was JSON', () => {
    const both = histogramOf([1, 5]);
    addHistogram(both, JSON.parse(JSON.stringify(histogramOf([5, 90]))));
    expect(both).toEqual(histogramOf([1, 5, 5, 90]));
  });
});

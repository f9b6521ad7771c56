import { expect, test } from 'vitest';
import { formatDuration, parseDuration, parseDurations } from './duration.ts';

test.each([
  [0, '0 s'],
  [250, '250 ms'],
  [15_000, '15 s'],
  [5_400_000, '1 h 30 min'],
  [86_400_000, '1 d'],
])('%i ms is written as %j and read again', (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
  expect(parseDuration(text)).toBe(ms);
});

test.each([
  ['15s', 15_000],
  ['1.5 h', 5_400_000],
  ['1,5 H', 5_400_000],
  ['2 m', 120_000],
  ['0', 0],
])('%j is understood', (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

test.each(['', '15', 'soon', '5 apples', '5 s and more', '-5 s'])('%j is no span of time', (text) => {
  expect(parseDuration(text)).toBeNull();
});

test('a list has commas or line breaks between its spans', () => {
  expect(parseDurations('5 s, 5 min\n2 h,')).toEqual([5_000, 300_000, 7_200_000]);
  expect(parseDurations('')).toEqual([]);
  expect(parseDurations('5 s, soon')).toBeNull();
});

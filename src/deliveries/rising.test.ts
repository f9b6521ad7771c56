import { expect, test } from 'vitest';
import { packRising, unpackRising } from './rising.ts';

test.each([
  [[], ''],
  [[7], '7'],
  [[7, 8, 9, 12], '7 1x2 3'],
  [[1, 2, 3], '1x3'],
  [[5, 10, 15, 16], '5x3 1'],
])('%j is written as %j, and read back', (numbers, text) => {
  expect(packRising(numbers)).toBe(text);
  expect(unpackRising(text)).toEqual(numbers);
});

test('every tenth of a million numbers makes a text of a line', () => {
  const numbers = Array.from({ length: 100_000 }, (_, i) => 3 + i * 10);
  expect(packRising(numbers).length).toBeLessThan(80);
  expect(unpackRising(packRising(numbers))).toEqual(numbers);
});

test('numbers without any order in their distances are read back as well', () => {
  const numbers = Array.from({ length: 1_000 }, (_, i) => i * i + (i % 3));
  expect(unpackRising(packRising(numbers))).toEqual(numbers);
});

import { expect, test } from 'vitest';
import { parseRetryAfter } from './retry-after.ts';

const NOW = Date.UTC(1994, 10, 6, 8, 49, 7);

test.each([
  ['120', 120_000],
  ['0', 0],
  [' 5 ', 5000],
  ['86401', 86_400_000],
  ['9'.repeat(400), 86_400_000],
  ['Sun, 06 Nov 1994 08:49:37 GMT', 30_000],
  ['Sunday, 06-Nov-94 08:49:37 GMT', 30_000],
  ['Sun Nov  6 08:49:37 1994', 30_000],
  ['Sun, 06 Nov 1994 08:00:00 GMT', 0],
  ['Wed, 06 Nov 2094 08:49:37 GMT', 86_400_000],
])('Retry-After: %s is a wait of %i ms', (value, waitMs) => {
  expect(parseRetryAfter(value, NOW)).toBe(waitMs);
});

test.each([
  undefined,
  '',
  'soon',
  '-5',
  '1.5',
  '1e3',
  '5, 10',
  '2094-11-06T08:49:37Z',
  'Sun, 99 Nov 1994 99:49:37 GMT',
])('Retry-After: %j asks for nothing', (value) => expect(parseRetryAfter(value, NOW)).toBeNull());

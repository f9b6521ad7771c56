import { expect, test } from 'vitest';
import { relativeTime } from './instant.tsx';

const NOW = Date.UTC(2026, 0, 1);

test.each([
  [-999, 'en', 'now'],
  [-59_999, 'en', '59 seconds ago'],
  [-60_000, 'en', '1 minute ago'],
  [3 * 3_600_000 + 1, 'en', 'in 3 hours'],
  [-86_400_000, 'en', 'yesterday'],
  [-40 * 86_400_000, 'de', 'letzten Monat'],
])('%d ms from now is told in %s as “%s”', (differenceMs, language, words) => {
  expect(relativeTime(NOW + differenceMs, NOW, language)).toBe(words);
});

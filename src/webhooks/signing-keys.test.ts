import { createSecretKey } from 'node:crypto';
import { expect, test } from 'vitest';
import { expiryAt, signingKeysAt } from './signing-keys.ts';

const current = createSecretKey(Buffer.alloc(32, 1));
const key = createSecretKey(Buffer.alloc(32, 2));

test('without a rotation one key signs', () => {
  expect(signingKeysAt({ current, previous: null }, 1000)).toEqual([current]);
  expect(expiryAt(null, 1000)).toBeNull();
});

test.each([
  ['long before its end', 0, true],
  ['a millisecond before its end', 999, true],
  ['at its end', 1000, false],
  ['after its end', 5000, false],
])('%s, the key before signs too, after the new one: %s ms, %s', (_when, now, signsToo) => {
  const keys = { current, previous: { key, expiresAt: 1000 } };
  expect(signingKeysAt(keys, now)).toEqual(signsToo ? [current, key] : [current]);
  expect(expiryAt(keys.previous, now)).toBe(signsToo ? 1000 : null);
});

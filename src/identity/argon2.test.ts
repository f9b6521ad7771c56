import crypto from 'node:crypto';
import { expect, test } from 'vitest';
import { nativeArgon2id, portableArgon2id } from './argon2.ts';

test.each([
  ...(typeof crypto.argon2 === 'function' ? ([["Node's own", nativeArgon2id]] as const) : []),
  ['the portable one', portableArgon2id] as const,
])('%s makes the tag that the reference implementation makes', async (_which, argon2id) => {
  // github.com/P-H-C/phc-winner-argon2, src/test.c: two passes over 256 KiB in two lanes.
  const tag = await argon2id('password', Buffer.from('somesalt'), 32, { memory: 256, passes: 2, parallelism: 2 });
  expect(tag.toString('base64').replace('=', '')).toBe('bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc');
});

test('the portable one leaves the event loop to others meanwhile', async () => {
  let turns = 0;
  const others = setInterval(() => {
    turns += 1;
  });
  await portableArgon2id('password', Buffer.from('somesalt'), 32, { memory: 19_456, passes: 2, parallelism: 1 });
  clearInterval(others);
  expect(turns).toBeGreaterThan(2);
});

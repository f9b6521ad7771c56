import { describe, expect, test } from 'vitest';
import { systemRandom } from '../kernel/random.ts';
import { createPasswordHashes } from './password-hashes.ts';

const hashes = createPasswordHashes(systemRandom);

/** Of the tests of the reference implementation (github.com/P-H-C/phc-winner-argon2, src/test.c). */
const OF_THE_REFERENCE = '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc';

describe('a password hash', () => {
  test('names its parameters, has a salt of its own, and is verified by the same password alone', async () => {
    const hash = await hashes.make('the password of a test');
    expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[\w+/]{22}\$[\w+/]{43}$/);
    expect(await hashes.make('the password of a test')).not.toBe(hash);
    expect(await hashes.verify('the password of a test', hash)).toBe(true);
    expect(await hashes.verify('The password of a test', hash)).toBe(false);
    expect(hashes.isOutdated(hash)).toBe(false);
  });

  test('of another implementation, with other parameters, is verified, and is outdated', async () => {
    expect(await hashes.verify('password', OF_THE_REFERENCE)).toBe(true);
    expect(await hashes.verify('passwore', OF_THE_REFERENCE)).toBe(false);
    expect(hashes.isOutdated(OF_THE_REFERENCE)).toBe(true);
  });

  test('is the same for a password that another system spells with other code points', async () => {
    const hash = await hashes.make('caf\u00e9 caf\u00e9 caf\u00e9');
    expect(await hashes.verify('cafe\u0301 cafe\u0301 cafe\u0301', hash)).toBe(true);
  });

  test('of nobody is verified by no password', async () => {
    expect(await hashes.verify('the password of a test', null)).toBe(false);
  });
});

test('a disguise is the same for the same password and salt, and another for others', async () => {
  const disguise = await hashes.disguise('a password', 'here');
  expect(disguise).not.toContain('a password');
  expect(await hashes.disguise('a password', 'here')).toBe(disguise);
  expect(await hashes.disguise('a password', 'there')).not.toBe(disguise);
  expect(await hashes.disguise('another password', 'here')).not.toBe(disguise);
});

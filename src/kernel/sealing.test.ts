import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createKeyring, MASTER_KEY_BYTES, sealedWith } from './sealing.ts';

const PLACE = 'webhooks/wh_1/token';
const sealer = createKeyring([masterKey(1)]);

describe('a sealed secret', () => {
  test('opens with its key at its place, whatever it is', () => {
    fc.assert(
      fc.property(latin1, (plain) => {
        expect(sealer.open(sealer.seal(plain, PLACE), PLACE)).toBe(plain);
      }),
    );
  });

  test('is another text each time, and does not show what it holds', () => {
    const [first, second] = [sealer.seal('hidden', PLACE), sealer.seal('hidden', PLACE)];
    expect(first).not.toBe(second);
    expect(Buffer.from(first.split('.')[2] ?? '', 'base64url').toString('latin1')).not.toContain('hidden');
  });

  test('does not open at another place', () => {
    expect(() => sealer.open(sealer.seal('hidden', PLACE), 'webhooks/wh_2/token')).toThrow();
  });

  test('does not open with another key, which is named', () => {
    const other = createKeyring([masterKey(2)]);
    expect(other.keyId).not.toBe(sealer.keyId);
    expect(() => other.open(sealer.seal('hidden', PLACE), PLACE)).toThrow(`sealed with another key (${sealer.keyId}`);
  });

  test('does not open when a single bit of it has changed', () => {
    const sealed = sealer.seal('hidden', PLACE);
    const [format, keyId, text = ''] = sealed.split('.');
    const bytes = Buffer.from(text, 'base64url');
    for (const at of bytes.keys()) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] as number) ^ 1;
      expect(() => sealer.open(`${format}.${keyId}.${changed.toString('base64url')}`, PLACE)).toThrow();
    }
  });

  test.each(['', 'hidden', 's1', 's2.12345678.AAAA'])('cannot be %j', (text) => {
    expect(() => sealer.open(text, PLACE)).toThrow();
  });

  test('does not open when it has been cut short', () => {
    const sealed = sealer.seal('hidden', PLACE);
    for (const length of [4, 12, 20, 30]) expect(() => sealer.open(sealed.slice(0, -length), PLACE)).toThrow();
  });
});

describe('a keyring', () => {
  test('seals with its first key and opens what any of them sealed', () => {
    const old = createKeyring([masterKey(1)]);
    const both = createKeyring([masterKey(2), masterKey(1)]);
    const sealed = [old.seal('before', PLACE), both.seal('since', PLACE)] as const;
    expect(both.keyIds).toEqual([createKeyring([masterKey(2)]).keyId, old.keyId]);
    expect(sealed.map(sealedWith)).toEqual([old.keyId, both.keyId]);
    expect(sealed.map((one) => both.open(one, PLACE))).toEqual(['before', 'since']);
  });

  test('seals anew what another of its keys sealed, and leaves alone what its first did', () => {
    const both = createKeyring([masterKey(2), masterKey(1)]);
    const resealed = both.reseal(createKeyring([masterKey(1)]).seal('hidden', PLACE), PLACE);
    expect(createKeyring([masterKey(2)]).open(resealed, PLACE)).toBe('hidden');
    expect(both.reseal(resealed, PLACE)).toBe(resealed);
    expect(() => both.reseal(createKeyring([masterKey(3)]).seal('hidden', PLACE), PLACE)).toThrow('another key');
    expect(() => both.reseal(createKeyring([masterKey(1)]).seal('hidden', PLACE), 'elsewhere')).toThrow();
  });

  test('that has adopted other keys no longer opens what only the ones before could', () => {
    const keyring = createKeyring([masterKey(1)]);
    const before = keyring.seal('hidden', PLACE);
    keyring.adopt([masterKey(2), masterKey(1)]);
    const resealed = keyring.reseal(before, PLACE);
    keyring.adopt([masterKey(2)]);
    expect(keyring.open(resealed, PLACE)).toBe('hidden');
    expect(() => keyring.open(before, PLACE)).toThrow('another key');
  });
});

test('a key has the same name on every start', () => {
  expect(createKeyring([masterKey(1)]).keyId).toBe(sealer.keyId);
});

function masterKey(fill: number): Uint8Array {
  return Buffer.alloc(MASTER_KEY_BYTES, fill);
}

/** Texts of every character up to U+00FF, control characters included. */
const latin1 = fc.uint8Array().map((bytes) => Buffer.from(bytes).toString('latin1'));

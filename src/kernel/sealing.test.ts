import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createSealer, MASTER_KEY_BYTES } from './sealing.ts';

const PLACE = 'webhooks/wh_1/token';
const sealer = createSealer(Buffer.alloc(MASTER_KEY_BYTES, 1));

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
    const other = createSealer(Buffer.alloc(MASTER_KEY_BYTES, 2));
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

test('a key has the same name on every start', () => {
  expect(createSealer(Buffer.alloc(MASTER_KEY_BYTES, 1)).keyId).toBe(sealer.keyId);
});

/** Texts of every character up to U+00FF, control characters included. */
const latin1 = fc.uint8Array().map((bytes) => Buffer.from(bytes).toString('latin1'));

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createIds, firstIdAt, idTime, isId } from './ids.ts';
import { type Random, systemRandom } from './random.ts';

const NOW = 1_700_000_000_000;
const NEWEST = 2 ** 48 - 1;

/** Randomness that is all one byte, to see the rest of an id. */
function always(byte: number): Random {
  return { next: () => 0, fill: (bytes) => bytes.fill(byte) };
}

/** The 128 bits in the 26 characters of an id, as a UUID is written. */
function uuidOf(id: string): string {
  const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';
  let bits = 0n;
  for (const character of id.slice(id.indexOf('_') + 1)) bits = bits * 32n + BigInt(alphabet.indexOf(character));
  const hex = bits.toString(16).padStart(32, '0');
  return hex.replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, '$1-$2-$3-$4-$5');
}

describe('an id', () => {
  test('is its prefix and a UUID of version 7 that begins with the instant (RFC 9562 §5.7)', () => {
    for (const random of [always(0), always(0xff), systemRandom]) {
      const uuid = uuidOf(createIds(random).make('evt', NOW));
      expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      expect(Number.parseInt(uuid.replace('-', '').slice(0, 12), 16)).toBe(NOW);
    }
  });

  test('tells the instant it was made at', () => {
    fc.assert(
      fc.property(fc.nat(NEWEST), (ms) => {
        expect(idTime(createIds(systemRandom).make('dlv', ms))).toBe(ms);
      }),
    );
  });

  test('has the form of its kind, and of no other', () => {
    const id = createIds(systemRandom).make('wh', NOW);
    expect(isId('wh', id)).toBe(true);
    expect(isId('evt', id)).toBe(false);
    for (const other of [
      'wh_',
      'wh',
      '',
      `${id}0`,
      id.slice(0, -1),
      id.toUpperCase(),
      id.replace(/.$/, 'u'),
      `wh_8${id.slice(4)}`,
      ` ${id}`,
    ]) {
      expect(isId('wh', other)).toBe(false);
    }
  });
});

describe('ids of one process', () => {
  test('sort in the order in which they were made, also within a millisecond and when the clock goes back', () => {
    const ids = createIds(systemRandom);
    const made = [NOW, NOW, NOW + 1, NOW - 5_000, NOW + 1, NOW + 2].map((ms) => ids.make('evt', ms));
    expect([...made].sort()).toEqual(made);
    expect(new Set(made).size).toBe(made.length);
    expect(made.map(idTime)).toEqual([NOW, NOW, NOW + 1, NOW + 1, NOW + 1, NOW + 2]);
  });

  test('borrow from the next millisecond when there are more of them than one can number', () => {
    const ids = createIds(always(0xff));
    const made = Array.from({ length: 10_000 }, () => ids.make('evt', NOW));
    expect(made.every((id, index) => index === 0 || id > (made[index - 1] as string))).toBe(true);
    expect(new Set(made.map(idTime))).toEqual(new Set([NOW, NOW + 1, NOW + 2]));
    expect(made.filter((id) => idTime(id) === NOW)).toHaveLength(4_096);
  });

  test('take their last 62 bits from chance', () => {
    const ids = createIds(systemRandom);
    const tails = Array.from({ length: 2_000 }, () => ids.make('evt', NOW).slice(-12));
    expect(new Set(tails).size).toBe(tails.length);
    for (let position = 0; position < 12; position += 1) {
      expect(new Set(tails.map((tail) => tail[position])).size).toBe(32);
    }
  });
});

test('the first id of an instant is not above any made then, and above all made before', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: NEWEST }), (ms) => {
      const first = firstIdAt('evt', ms);
      expect(isId('evt', first)).toBe(true);
      expect(createIds(always(0)).make('evt', ms) >= first).toBe(true);
      expect(createIds(always(0xff)).make('evt', ms - 1) < first).toBe(true);
    }),
  );
  expect(firstIdAt('evt', -5)).toBe(firstIdAt('evt', 0));
});

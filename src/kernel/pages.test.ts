import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Refusal } from './errors.ts';
import { decodeCursor, encodeCursor, toPage } from './pages.ts';

describe('a cursor', () => {
  test('gives back the key that it was made of, to its own list alone', () => {
    fc.assert(
      fc.property(latin1, (key) => {
        const cursor = encodeCursor('events', key);
        expect(cursor).toMatch(/^[\w-]+$/);
        expect(decodeCursor('events', cursor)).toBe(key);
        expect(() => decodeCursor('deliveries', cursor)).toThrow(Refusal);
      }),
    );
  });

  const genuine = encodeCursor('events', '17');
  test.each(['', 'x', '17', 'events:17', `${genuine}A`, `${genuine}=`, genuine.slice(0, -2), ` ${genuine}`, '%%%'])(
    'that is %j is refused with 400 at ?cursor',
    (cursor) => {
      const refused = expect.objectContaining({
        code: 'validation_failed',
        status: 400,
        errors: [{ pointer: '?cursor', detail: expect.any(String) }],
      });
      expect(() => decodeCursor('events', cursor)).toThrow(refused);
    },
  );
});

describe('a page', () => {
  const keyOf = (row: number) => String(row);
  const page = { list: 'events', limit: 2, before: null };

  test('holds as many items as were asked for, and leads on when there are more', () => {
    const { items, next } = toPage([9, 8, 7], page, keyOf);
    expect(items).toEqual([9, 8]);
    expect(decodeCursor('events', next ?? '')).toBe('8');
  });

  test.each([[[9, 8]], [[9]], [[]]])('of %j is the last', (rows) => {
    expect(toPage(rows, page, keyOf)).toEqual({ items: rows, next: null });
  });
});

/** Texts of every character up to U+00FF, control characters included. */
const latin1 = fc.uint8Array().map((bytes) => Buffer.from(bytes).toString('latin1'));

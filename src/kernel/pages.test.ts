import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Refusal } from './errors.ts';
import { decodeCursor, encodeCursor, pageOfList, toPage } from './pages.ts';

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

describe('a page of a list that is at hand', () => {
  const page = { list: 'events', limit: 2 };

  test.each([
    ['names', ['d', 'c', 'b', 'a'], (name: string | number) => name],
    ['numbers, which rise by value and not letter by letter', [11, 10, 9, 8], (number: string | number) => number],
  ])('leads on after the last seen of %s', (_what, list: (string | number)[], keyOf) => {
    const first = pageOfList(list, { ...page, before: null }, keyOf);
    expect(first.items).toEqual(list.slice(0, 2));
    const before = decodeCursor('events', first.next ?? '');
    expect(pageOfList(list, { ...page, before }, keyOf)).toEqual({ items: list.slice(2), next: null });
  });

  test('goes on where it stood when the last seen is no longer there', () => {
    expect(pageOfList([9, 7], { ...page, before: '8' }, (number) => number)).toEqual({ items: [7], next: null });
  });
});

/** Texts of every character up to U+00FF, control characters included. */
const latin1 = fc.uint8Array().map((bytes) => Buffer.from(bytes).toString('latin1'));

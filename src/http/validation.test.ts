import { describe, expect, test } from 'vitest';
import { Type } from '../kernel/type.ts';
import { kinds, nullable, strictObject } from './schemas.ts';
import { createCheck } from './validation.ts';

const schema = strictObject({
  name: Type.String({ minLength: 1, maxLength: 5 }),
  count: Type.Optional(Type.Integer({ minimum: 1, maximum: 9 })),
  share: Type.Optional(nullable(Type.Number({ maximum: 1 }))),
  at: Type.Optional(Type.String({ format: 'date-time' })),
  method: Type.Optional(nullable(Type.Enum(['GET', 'PUT']))),
  tags: Type.Optional(Type.Array(Type.String(), { uniqueItems: true, maxItems: 3 })),
  auth: Type.Optional(
    kinds(
      'type',
      strictObject({ type: Type.Literal('none') }),
      strictObject({ type: Type.Literal('bearer'), token: Type.String({ minLength: 1 }) }),
    ),
  ),
});
const check = createCheck(schema, 'body');

/** The status and the pointers that a body is refused with, or null when it is taken. */
function judge(members: object): [status: number, pointers: string[]] | null {
  const refusal = check({ name: 'n', ...members });
  return refusal && [refusal.status, refusal.errors.map(({ pointer }) => pointer)];
}

describe('a body', () => {
  test.each<[members: object]>([
    [{}],
    [{ count: 9, share: 0.5, at: '2023-09-15T14:22:33+02:00', method: 'PUT', tags: ['a', 'b'] }],
    [{ share: null, method: null }],
    [{ auth: { type: 'none' } }],
    [{ auth: { type: 'bearer', token: 't' } }],
  ])('with %j is taken', (members) => {
    expect(judge(members)).toBeNull();
  });

  test.each<[members: object, pointers: string[]]>([
    [{ name: undefined }, ['/name']],
    [{ name: null }, ['/name']],
    [{ name: 5 }, ['/name']],
    [{ count: '5' }, ['/count']],
    [{ count: true }, ['/count']],
    [{ count: 1.5 }, ['/count']],
    [{ count: null }, ['/count']],
    [{ share: '0.5' }, ['/share']],
    [{ tags: 'a' }, ['/tags']],
    [{ tags: ['a', 5] }, ['/tags/1']],
    [{ colour: 'red' }, ['/colour']],
    [{ 'a/b~c': 1 }, ['/a~1b~0c']],
    [{ auth: 'none' }, ['/auth']],
    [{ auth: {} }, ['/auth/type']],
    [{ auth: { type: 5 } }, ['/auth/type']],
    [{ auth: { type: 'bearer' } }, ['/auth/token']],
    [{ auth: { type: 'none', token: 't' } }, ['/auth/token']],
    [{ colour: 'red', count: 'x' }, ['/colour', '/count']],
  ])('with %j is malformed: 400 at %j', (members, pointers) => {
    expect(judge(members)).toEqual([400, pointers]);
  });

  test.each<[members: object, pointers: string[]]>([
    [{ name: '' }, ['/name']],
    [{ name: 'longer' }, ['/name']],
    [{ count: 0 }, ['/count']],
    [{ share: 1.1 }, ['/share']],
    [{ at: 'yesterday' }, ['/at']],
    [{ method: 'put' }, ['/method']],
    [{ tags: ['a', 'a'] }, ['/tags']],
    [{ auth: { type: 'digest' } }, ['/auth/type']],
    [{ auth: { type: 'bearer', token: '' } }, ['/auth/token']],
    [{ count: 10, name: '' }, ['/name', '/count']],
  ])('with %j is well-formed and not acceptable: 422 at %j', (members, pointers) => {
    expect(judge(members)).toEqual([422, pointers]);
  });

  test('with faults of both sorts is told of its form first', () => {
    expect(judge({ count: 0, colour: 'red' })).toEqual([400, ['/colour']]);
  });

  test('is left as it is', () => {
    const body = { name: 'n', colour: 'red', count: '5' };
    check(body);
    expect(body).toEqual({ name: 'n', colour: 'red', count: '5' });
  });

  test('with a thousand faults is told of the first twenty', () => {
    const refusal = check({ name: 'n', ...Object.fromEntries(Array.from({ length: 1_000 }, (_, n) => [`x${n}`, n])) });
    expect(refusal?.errors).toHaveLength(20);
  });

  test.each<[body: unknown]>([[null], [[]], ['text'], [5]])(
    'that is %j and no object is refused as a whole',
    (body) => {
      expect(check(body)).toMatchObject({ status: 400, errors: [{ pointer: '' }] });
    },
  );

  test.each<[members: object, detail: RegExp]>([
    [{ name: undefined }, /required/],
    [{ colour: 'red' }, /no such member/],
    [{ count: 'x' }, /integer/],
    [{ share: 'x' }, /number or null/],
    [{ method: 'POST' }, /"GET", "PUT"/],
    [{ at: 'x' }, /RFC 3339/],
    [{ auth: { type: 'digest' } }, /no such kind/],
    [{ count: 10 }, /<= 9/],
    [{ name: '' }, /fewer than 1/],
  ])('with %j is told %s', (members, detail) => {
    expect(check({ name: 'n', ...members })?.errors[0]?.detail).toMatch(detail);
    expect(check({ name: 'n', ...members })?.message).toMatch(detail);
  });
});

describe('a query', () => {
  const checkQuery = createCheck(
    strictObject({
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 250 })),
      type: Type.Optional(Type.String()),
    }),
    'query',
  );

  test('has its numbers read out of text', () => {
    const query = { limit: '25' };
    expect(checkQuery(query)).toBeNull();
    expect(query).toEqual({ limit: 25 });
  });

  test.each<[query: object, pointer: string]>([
    [{ limit: '0' }, '?limit'],
    [{ limit: '251' }, '?limit'],
    [{ limit: 'many' }, '?limit'],
    [{ limit: '' }, '?limit'],
    [{ limit: '1.5' }, '?limit'],
    [{ limit: ['1', '2'] }, '?limit'],
    [{ limits: '5' }, '?limits'],
  ])('%j is refused with 400, also for its values, at %s', (query, pointer) => {
    expect(checkQuery(query)).toMatchObject({ status: 400, errors: [{ pointer }] });
  });
});

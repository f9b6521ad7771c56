import { Type as Library } from 'typebox';
import { expect, test } from 'vitest';
import { Type } from './type.ts';

const options = { description: 'of a test' };

/** Every builder, with what it is used with. */
function schemasOf(T: typeof Type): Record<keyof typeof Type, object[]> {
  const inner = T.Object({ a: T.String(), b: T.Optional(T.Integer()) }, { additionalProperties: false });
  return {
    String: [T.String(), T.String({ minLength: 1, format: 'date-time' })],
    Integer: [T.Integer(), T.Integer({ minimum: 0, ...options })],
    Number: [T.Number(), T.Number({ maximum: 1 })],
    Boolean: [T.Boolean(), T.Boolean(options)],
    Null: [T.Null(), T.Null(options)],
    Unknown: [T.Unknown(), T.Unknown(options)],
    Unsafe: [T.Unsafe<string>({ type: ['string', 'null'] })],
    Literal: [T.Literal('a'), T.Literal(3), T.Literal(true, options)],
    Enum: [T.Enum(['a', 'b']), T.Enum(['a'], options)],
    Array: [T.Array(inner), T.Array(T.String(), { maxItems: 3 })],
    Union: [T.Union([inner, T.Null()]), T.Union([T.Literal('a'), T.Literal('b')], options)],
    Intersect: [T.Intersect([inner, T.Object({ c: T.Null() })], options)],
    Record: [T.Record(T.String(), inner), T.Record(T.String(), T.Number(), { maxProperties: 2 })],
    Object: [inner, T.Object({}), T.Object({ only: T.Optional(T.Null()) }, options)],
    Partial: [T.Partial(inner), T.Partial(inner, { additionalProperties: false })],
    Optional: [T.Optional(T.String(options)), T.Object({ a: T.Optional(inner), b: inner })],
  };
}

const theirs = schemasOf(Library as unknown as typeof Type);

test.each(Object.entries(schemasOf(Type)))('%s is what the library makes of it', (name, schemas) => {
  const wanted = theirs[name as keyof typeof Type];
  expect(schemas.map((schema) => JSON.parse(JSON.stringify(schema)))).toEqual(
    wanted.map((schema) => JSON.parse(JSON.stringify(schema))),
  );
});

test('what is optional in one object is still required in another', () => {
  const text = Type.String();
  expect(Type.Object({ a: Type.Optional(text) })).not.toHaveProperty('required');
  expect(Type.Object({ a: text })).toMatchObject({ required: ['a'] });
});

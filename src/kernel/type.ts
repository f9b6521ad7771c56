import type * as TypeBox from 'typebox';

/**
 * The part of TypeBox that we use, as the plain JSON Schema (2020-12) that it stands for. TypeBox itself is here for its
 * types alone: loading its 370 modules took a tenth of the start of the process (measured), and none of them is needed to
 * write an object literal. `type.test.ts` holds each of these against the library.
 */
const optionalSchemas = new WeakSet<object>();

const builders = {
  String: (options?: object) => ({ type: 'string', ...options }),
  Integer: (options?: object) => ({ type: 'integer', ...options }),
  Number: (options?: object) => ({ type: 'number', ...options }),
  Boolean: (options?: object) => ({ type: 'boolean', ...options }),
  Null: (options?: object) => ({ type: 'null', ...options }),
  Unknown: (options?: object) => ({ ...options }),
  Unsafe: (schema: object) => schema,
  Literal: (value: unknown, options?: object) => ({ type: typeof value, const: value, ...options }),
  Enum: (values: readonly unknown[], options?: object) => ({ enum: values, ...options }),
  Array: (items: object, options?: object) => ({ type: 'array', items, ...options }),
  Union: (anyOf: object[], options?: object) => ({ anyOf, ...options }),
  Intersect: (allOf: object[], options?: object) => ({ allOf, ...options }),
  /** Keys are any text: nothing here needs others. */
  Record: (_key: object, value: object, options?: object) => ({
    type: 'object',
    patternProperties: { '^.*$': value },
    ...options,
  }),
  Object: (properties: Record<string, object>, options?: object) => {
    const required = Object.keys(properties).filter((name) => !optionalSchemas.has(properties[name] as object));
    return { type: 'object', ...(required.length > 0 && { required }), properties, ...options };
  },
  Partial: ({ properties }: { properties: Record<string, object> }, options?: object) => ({
    type: 'object',
    properties,
    ...options,
  }),
  /** A copy, since the same schema may be required elsewhere. */
  Optional: (schema: object) => {
    const copy = { ...schema };
    optionalSchemas.add(copy);
    return copy;
  },
};

type Used = Pick<typeof TypeBox.Type, keyof typeof builders>;

/** Builds JSON Schemas whose TypeScript types are those of TypeBox (`Static`). Pure. */
export const Type = builders as unknown as Used;
export type { Static, TObjectOptions, TProperties, TSchema } from 'typebox';

import { type Static, type TObjectOptions, type TProperties, type TSchema, Type } from '../kernel/type.ts';

/**
 * The schema, or null. One schema with two types and not a union, so that a refusal names one fault and not two: but for
 * an intersection, which has no type of its own.
 */
export function nullable<T extends TSchema>(schema: T) {
  const { type, enum: values } = schema as { type?: string | string[]; enum?: unknown[] };
  if (type === undefined && values === undefined)
    return Type.Unsafe<Static<T> | null>(Type.Union([schema, Type.Null()]));
  const widened = {
    ...schema,
    ...(type === undefined ? {} : { type: [type, 'null'].flat() }),
    ...(values === undefined ? {} : { enum: [...values, null] }),
  };
  return Type.Unsafe<Static<T> | null>(widened);
}

/** An object that comes in kinds, told apart by one member; a refusal speaks of the kind that was meant. */
export function kinds<T extends TSchema[]>(discriminator: string, ...schemas: [...T]) {
  return Type.Unsafe<Static<T[number]>>({
    type: 'object',
    discriminator: { propertyName: discriminator },
    oneOf: schemas,
  });
}

/** An object that takes the named members and no other. */
export function strictObject<P extends TProperties>(properties: P, options: TObjectOptions = {}) {
  return Type.Object(properties, { additionalProperties: false, ...options });
}

/** The answer to a request that made something which has a path of its own. */
export function withLocation<T extends TSchema>(schema: T) {
  const location = { type: 'string', description: 'The path of what was made.' };
  return Type.Unsafe<Static<T>>({ ...schema, headers: { location } });
}

/** What an action takes: an empty object, or nothing at all, which Fastify hands over as null. */
export const NoBody = nullable(strictObject({}));

/** An instant as answers show it. */
export const Instant = Type.String({ format: 'date-time', description: 'RFC 3339, UTC, with milliseconds.' });

/** Any JSON value, as `JSON.parse` gives it. */
export type Json = null | boolean | number | string | Json[] | JsonObject;

export interface JsonObject {
  [key: string]: Json;
}

/** A member of a parsed object that is the object's own, or undefined: never something inherited. */
export function ownMember(object: JsonObject, key: string): Json | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/** A member of a parsed object if it is an object itself, else an empty one. */
export function objectMember(object: JsonObject, key: string): JsonObject {
  const value = ownMember(object, key);
  return isJsonObject(value) ? value : {};
}

export function isJsonObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A member's name as a part of a JSON pointer (RFC 6901 §3). */
export function escapeMember(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}

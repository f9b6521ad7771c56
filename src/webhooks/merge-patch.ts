import { isJsonObject, type Json, type JsonObject, ownMember } from '../kernel/json.ts';

/** Applies a JSON merge patch (RFC 7396 §2). Pure: neither argument is changed. */
export function mergePatch(target: Json | undefined, patch: Json): Json {
  if (!isJsonObject(patch)) return patch;
  const members = isJsonObject(target) ? target : {};
  return withMembers(members, patch, (key, value) => mergePatch(ownMember(members, key), value));
}

/**
 * A copy of `target` without the members that are null in `patch`, and with what `merged` makes of the others. Built
 * from entries, because to assign a member named `__proto__` would change what the object inherits from.
 */
export function withMembers(
  target: JsonObject,
  patch: JsonObject,
  merged: (key: string, value: Json) => Json,
): JsonObject {
  const members = new Map(Object.entries(target));
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) members.delete(key);
    else members.set(key, merged(key, value));
  }
  return Object.fromEntries(members);
}

import { expect, test } from 'vitest';
import { isJsonObject, type Json, type JsonObject, ownMember } from './json.ts';

test.each<[value: Json | undefined, isObject: boolean]>([
  [{}, true],
  [{ a: 1 }, true],
  [[], false],
  [null, false],
  ['{}', false],
  [0, false],
  [undefined, false],
])('%j is a JSON object: %s', (value, isObject) => {
  expect(isJsonObject(value)).toBe(isObject);
});

test('a member is an object’s own or none', () => {
  const object = JSON.parse('{"a":null,"__proto__":{"b":1}}') as JsonObject;
  expect(ownMember(object, 'a')).toBeNull();
  expect(ownMember(object, '__proto__')).toEqual({ b: 1 });
  for (const inherited of ['b', 'constructor', 'toString', 'hasOwnProperty']) {
    expect(ownMember(object, inherited)).toBeUndefined();
  }
  expect(ownMember({}, '__proto__')).toBeUndefined();
});

import { describe, expect, test } from 'vitest';
import { tooDeep } from './nesting.ts';

const arrays = (levels: number): unknown => JSON.parse('['.repeat(levels) + ']'.repeat(levels));
const objects = (levels: number): unknown => JSON.parse(`${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`);

describe('a value with 3 levels at most', () => {
  test.each<[value: unknown]>([
    [null],
    ['[[[[[[['],
    [{}],
    [arrays(4)],
    [objects(4)],
    [{ a: arrays(3), b: objects(3) }],
    [{ a: { b: { c: [1, null, 'x'] } } }],
  ])('may be %j', (value) => expect(tooDeep(value, 3)).toBeNull());

  test.each<[value: unknown, pointer: string]>([
    [arrays(5), '/0/0/0/0'],
    [objects(5), '/a/a/a/a'],
    [{ a: 1, b: [[], [{}, { c: {} }]] }, '/b/1/1/c'],
    [{ 'a/b': { '~': arrays(3) } }, '/a~1b/~0/0/0'],
    [JSON.parse('{"__proto__":[[[[]]]]}'), '/__proto__/0/0/0'],
  ])('is too deep as %j, at %s', (value, pointer) => expect(tooDeep(value, 3)).toBe(pointer));
});

test('a value of 200,000 levels is judged without going down all of them', () => {
  expect(tooDeep(arrays(200_000), 3)).toBe('/0/0/0/0');
});

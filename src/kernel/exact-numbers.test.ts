import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { changedNumbers } from './exact-numbers.ts';

function pointers(json: string): string[] {
  return changedNumbers(Buffer.from(json)).map(({ pointer }) => pointer);
}

describe('a number that a double does not hold', () => {
  test.each([
    ['{"id":9007199254740993}', ['/id']],
    ['{"id":-9007199254740993}', ['/id']],
    ['{"at":1700000000000000001}', ['/at']],
    ['{"sum":12345678901234567.89}', ['/sum']],
    ['{"third":0.33333333333333333333}', ['/third']],
    ['{"much":1e400}', ['/much']],
    ['{"much":-1E+400}', ['/much']],
    ['{"little":1e-400}', ['/little']],
    ['{"long":1.00000000000000000001}', ['/long']],
    ['[1,[2,{"a/b~c":[0,12345678901234567891]}]]', ['/1/1/a~1b~0c/1']],
    ['{ "x" : 12345678901234567891 }', ['/x']],
    ['12345678901234567891', ['']],
    ['{"":12345678901234567891}', ['/']],
    ['{"a":1,"b":12345678901234567891,"c":"x","d":12345678901234567893}', ['/b', '/d']],
  ])('in %s is found, at %j', (json, expected) => {
    expect(pointers(json)).toEqual(expected);
  });

  test('is told of with its text, cut short, and what to do', () => {
    const [found] = changedNumbers(Buffer.from(`[${'9'.repeat(500)}]`));
    expect(found?.detail).toBe(`${'9'.repeat(39)}… cannot be kept exactly as a number. Send it as text, in quotes.`);
  });
});

describe('a number that a double does hold', () => {
  test.each([
    '{"id":9007199254740992}',
    '{"id":18014398509481984}',
    '{"sum":0.1,"half":0.5000000000000000000,"ten":10.00}',
    '{"zero":-0,"more":0.000000000000000000000,"none":0e999}',
    '{"big":1e308,"small":5e-324,"milli":1E-3,"hundred":100e-2}',
    '{"pi":3.141592653589793}',
    '{"text":"12345678901234567891","also":"sum: 12345678901234567891","and":"1e400"}',
    '{"12345678901234567891":1}',
    '[]',
    '""',
  ])('as in %s is left alone', (json) => {
    expect(pointers(json)).toEqual([]);
  });

  test('is every number that a program writes out itself, wherever it stands', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(undefined, 1, 2, 7), (value, indent) => {
        expect(pointers(JSON.stringify(value, null, indent))).toEqual([]);
      }),
    );
  });
});

test('no integer that changes goes unnoticed, whatever stands before it', () => {
  const integers = fc.bigInt({ min: -(2n ** 69n), max: 2n ** 69n });
  fc.assert(
    fc.property(integers, fc.string(), fc.nat(20), (integer, text, spaces) => {
      const json = `{${JSON.stringify(`x${text}`)}:null,"n":${' '.repeat(spaces)}${integer}}`;
      const isKept = BigInt(JSON.stringify(Number(integer))) === integer;
      expect(pointers(json)).toEqual(isKept ? [] : ['/n']);
    }),
  );
});

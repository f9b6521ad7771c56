import { expect, test } from 'vitest';
import { maskEchoes, spellingsOf } from './masking.ts';

const answer = (body: string, headers: Record<string, string> = {}) => ({
  status: 200,
  headers,
  body,
  truncated: false,
});

test.each([
  ['as it is', 'token=a b&c"d/é', 'token=***'],
  ['in a URL', '/?k=a%20b%26c%22d%2F%C3%A9', '/?k=***'],
  ['in a form', 'k=a+b%26c%22d%2F%C3%A9', 'k=***'],
  ['in JSON', '{"k":"a b&c\\"d/é"}', '{"k":"***"}'],
  ['more than once', 'a b&c"d/é a b&c"d/é', '*** ***'],
  ['in part', 'a b&c"d', 'a b&c"d'],
])('a secret that an answer repeats %s: %j becomes %j', (_how, body, shown) => {
  const spellings = spellingsOf(['a b&c"d/é']);
  expect(maskEchoes(answer(body, { location: body }), spellings)).toEqual(answer(shown, { location: shown }));
});

test('the longer of two secrets is masked whole', () => {
  expect(maskEchoes(answer('abcd-efgh abcd'), spellingsOf(['abcd', 'abcd-efgh']))?.body).toBe('*** ***');
});

test('texts of three characters are no secrets, and without any an answer is as it was', () => {
  expect(spellingsOf(['abc', ''])).toEqual([]);
  const whole = answer('abc');
  expect(maskEchoes(whole, [])).toBe(whole);
  expect(maskEchoes(null, ['abcd'])).toBeNull();
});

test('a secret that is no valid Unicode is masked too', () => {
  expect(maskEchoes(answer('x\ud800xyz'), spellingsOf(['x\ud800xyz']))?.body).toBe('***');
});

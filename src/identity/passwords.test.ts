import { expect, test } from 'vitest';
import { systemRandom } from '../kernel/random.ts';
import { makePassword, objectionTo } from './passwords.ts';

const EMAIL = 'ada.lovelace@example.com';

test.each<[password: string]>([
  ['twelve chars'],
  ['            !'],
  ['ﬁvé wörds in ünicode'],
  ['密码密码密码密码密码密码'],
  ['x'.repeat(1_023).concat('y')],
  [makePassword(systemRandom)],
])('%s is a password', (password) => {
  expect(objectionTo(password, EMAIL)).toBeNull();
});

test.each<[password: string, objection: RegExp]>([
  ['', /at least 12/],
  ['eleven char', /at least 12/],
  // As many characters as two halves of surrogate pairs would be.
  ['🔑🔑🔑🔑🔑🔒', /at least 12/],
  ['é'.repeat(512).concat('x'), /at most 1024 bytes/],
  ['Ada.Lovelace@Example.com', /e-mail address/],
  ['Password12345', /first that anybody/],
  ['aaaaaaaaaaaaaaaa', /first that anybody/],
])('%s is none', (password, objection) => {
  expect(objectionTo(password, EMAIL)).toMatch(objection);
});

import { unacceptable } from '../kernel/errors.ts';
import { objectionTo } from './passwords.ts';

/** RFC 5321 §4.5.3.1.3, without the angle brackets. */
export const MAX_EMAIL_LENGTH = 254;

/** Refuses (422) what cannot be an e-mail address. Whether somebody reads it is not known. */
export function checkEmail(email: string): void {
  const isEmail = email.length <= MAX_EMAIL_LENGTH && /^[^\s@\p{Cc}]+@[^\s@\p{Cc}]+$/u.test(email);
  if (!isEmail) throw unacceptable('/email', 'Must be an e-mail address, such as ada@example.com.');
}

/** Refuses (422) what cannot be the password of the user with that e-mail address. */
export function checkPassword(password: string, email: string, pointer = '/password'): void {
  const objection = objectionTo(password, email);
  if (objection !== null) throw unacceptable(pointer, objection);
}

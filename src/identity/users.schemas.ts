import { ROLES } from '../http/index.ts';
import { Type } from '../kernel/type.ts';
import { MAX_EMAIL_LENGTH } from './users.ts';

export const EmailSchema = Type.String({ minLength: 1, maxLength: MAX_EMAIL_LENGTH });
export const NameSchema = Type.String({ minLength: 1, maxLength: 200 });
export const RoleSchema = Type.Enum([...ROLES]);
export const PasswordSchema = Type.String({
  minLength: 1,
  maxLength: 1024,
  description: 'A new one has 12 characters at least and 1,024 bytes at most, and is none of the most common ones.',
});

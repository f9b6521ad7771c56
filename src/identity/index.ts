export { apiKeyRoutes } from './api-keys.routes.ts';
export { type ApiKeyRow, DELETE_API_KEY, INSERT_API_KEY, listApiKeys, readApiKeys } from './api-keys.store.ts';
export { hashApiKey, makeApiKey } from './api-keys.ts';
export { createAuthenticator } from './authenticator.ts';
export { createPasswordHashes } from './password-hashes.ts';
export { makePassword } from './passwords.ts';
export { sessionRoutes } from './sessions.routes.ts';
export { pruneSessions } from './sessions.store.ts';
export { createSetup } from './setup.ts';
export { signInRoutes } from './sign-in.routes.ts';
export { createSignIn } from './sign-in.ts';
export { userRoutes } from './users.routes.ts';
export {
  END_SESSIONS_OF,
  INSERT_USER,
  readUserByEmail,
  readUsers,
  SET_PASSWORD,
  type UserRow,
  userValues,
} from './users.store.ts';
export { checkEmail, checkPassword } from './users.ts';

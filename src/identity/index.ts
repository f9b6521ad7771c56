export { apiKeyRoutes } from './api-keys.routes.ts';
export { type ApiKeyRow, DELETE_API_KEY, INSERT_API_KEY, listApiKeys, readApiKeys } from './api-keys.store.ts';
export { createAuthenticator, hashApiKey, makeApiKey } from './api-keys.ts';

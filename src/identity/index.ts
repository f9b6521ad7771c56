export { apiKeyRoutes } from './api-keys.routes.ts';
export { INSERT_API_KEY, listApiKeys } from './api-keys.store.ts';
export { createAuthenticator, hashApiKey, makeApiKey } from './api-keys.ts';

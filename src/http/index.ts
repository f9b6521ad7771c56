export { type Actor, bearerToken, ROLES, type Role } from './actor.ts';
export type { Api } from './api.ts';
export { addDocs } from './docs.ts';
export { type AssertMatch, entityTag, IfMatch, IfNoneMatch, ifMatch } from './entity-tags.ts';
export { PageQuery, pageOf, pageRequest, SEARCHED_PAGES, SearchQuery } from './paging.ts';
export { MAX_LEVELS } from './read-json.ts';
export { Instant, kinds, NoBody, nullable, strictObject, withLocation } from './schemas.ts';
export { createServer } from './server.ts';
export { createCheck } from './validation.ts';

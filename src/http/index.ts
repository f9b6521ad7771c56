export { type Actor, ROLES, type Role } from './actor.ts';
export { addDocs } from './docs.ts';
export { type AssertMatch, entityTag, IfMatch, IfNoneMatch, ifMatch } from './entity-tags.ts';
export { onceOf } from './once.ts';
export { PageQuery, pageOf, pageRequest } from './paging.ts';
export { tooLarge } from './problem.ts';
export { Instant, kinds, NoBody, nullable, strictObject } from './schemas.ts';
export { type Api, createServer } from './server.ts';
export { createCheck } from './validation.ts';

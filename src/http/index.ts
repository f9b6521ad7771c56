export { type Actor, ROLES, type Role } from './actor.ts';
export { addDocs } from './docs.ts';
export { PageQuery, pageOf, pageRequest } from './paging.ts';
export { Instant, kinds, NoBody, nullable, strictObject } from './schemas.ts';
export { type Api, createServer } from './server.ts';
export { createCheck } from './validation.ts';

export { inboxRoutes } from './inboxes.routes.ts';
export { openInboxes } from './inboxes.ts';
export { inboxRoots } from './own-urls.ts';
export { receivingRoutes } from './receiving.routes.ts';

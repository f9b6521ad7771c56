export { inboxRoutes } from './inboxes.routes.ts';
export { openInboxes } from './inboxes.ts';
export { inboxRoots } from './own-urls.ts';
export { receiverExampleRoutes } from './receiver-examples.routes.ts';
export { receivingRoutes } from './receiving.routes.ts';

export type { FeedWriter } from './feed.store.ts';
export { createFeed } from './feed.ts';
export { streamRoutes } from './stream.routes.ts';

export type { EventType } from './catalogue.ts';
export { EVENT_TYPES, findEventType, subscribable } from './catalogue.ts';
export { eventRoutes } from './events.routes.ts';
export type { NewEvent, Publish } from './events.store.ts';
export { createEvents } from './events.ts';
export { createIndexing } from './indexing.ts';
export { type EventNumbers, eventNumbers } from './numbers.store.ts';
export type { ScopeKeys } from './scope-keys.ts';
export type { EventSearch } from './search.store.ts';

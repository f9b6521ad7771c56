export { testWebhook } from './connection-test.ts';
export { deliveryRoutes, presentDelivery } from './deliveries.routes.ts';
export { cancelOrphans, removeWebhook } from './deliveries.store.ts';
export { type AttemptReport, createDispatcher, type Dispatcher } from './dispatcher.ts';
export { countWaiting, deliveriesOfEvent } from './log.store.ts';
export { createRetention, type Retention } from './retention.ts';

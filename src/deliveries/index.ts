export { testWebhook } from './connection-test.ts';
export { DeliverySchema, deliveryRoutes, presentDelivery } from './deliveries.routes.ts';
export { cancelOrphans, removeWebhook } from './deliveries.store.ts';
export { type AttemptReport, createDispatcher } from './dispatcher.ts';
export { countWaiting, deliveriesOfEvent } from './log.store.ts';
export { createReplayLoop } from './replay-loop.ts';
export { replayRoutes } from './replays.routes.ts';
export { createReplays } from './replays.ts';
export { createRetention } from './retention.ts';

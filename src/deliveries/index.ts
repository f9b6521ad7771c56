export { readBacklog, type WaitingOfWebhook } from './backlog.store.ts';
export { DELIVERY_TOPIC } from './changes.store.ts';
export { connectionTestRoutes } from './connection-test.routes.ts';
export { testUnsavedWebhook, testWebhook } from './connection-test.ts';
export { DeliverySchema, deliveryRoutes } from './deliveries.routes.ts';
export { DELIVERY_STATES } from './deliveries.state.ts';
export { cancelOrphans, removeWebhook } from './deliveries.store.ts';
export { type AttemptReport, createDispatcher } from './dispatcher.ts';
export { exportRoutes } from './export.routes.ts';
export { ledgerRoutes } from './ledger.routes.ts';
export { countWaiting, type DeliveryRow, deliveriesOfEvent } from './log.store.ts';
export { presentDelivery } from './present-delivery.ts';
export {
  countInHand,
  countLooseEnds,
  countWaitingByWebhook,
  type LooseEnds,
  sumLedgers,
} from './reconciliation.store.ts';
export { findRemedy } from './remedies.ts';
export { createReplayLoop } from './replay-loop.ts';
export { replayRoutes } from './replays.routes.ts';
export { createReplays } from './replays.ts';
export { createRetention } from './retention.ts';

export { openDirectory, type Webhook, type WebhookDirectory } from './directory.ts';
export { ensureInstanceIdentity } from './instance.ts';
export { ensureSealedBy } from './sealed-by.ts';
export type { Auth } from './webhook.ts';
export { webhookRoutes } from './webhooks.routes.ts';
export type { WebhookBook, WebhookRules } from './webhooks.store.ts';
export { createWebhooks } from './webhooks.ts';

export { effectiveConfig } from './defaults.ts';
export { openDirectory, type Webhook, type WebhookDirectory } from './directory.ts';
export { ensureInstanceIdentity } from './instance.ts';
export { matchWebhooks } from './matching.ts';
export { ensureSealedBy, SEALED_BY } from './sealed-by.ts';
export type { Auth, WebhookConfig, WebhookRecord } from './webhook.ts';
export { webhookRoutes } from './webhooks.routes.ts';
export type { WebhookBook, WebhookNews, WebhookRules } from './webhooks.store.ts';
export { createWebhooks, type Webhooks } from './webhooks.ts';

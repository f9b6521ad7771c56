export { createDefaultSettings } from './default-settings.ts';
export { openDirectory, type Webhook, type WebhookDirectory } from './directory.ts';
export { openInstance } from './instance.ts';
export { ensureSealedBy } from './sealed-by.ts';
export { settingsRoutes } from './settings.routes.ts';
export type { Auth } from './webhook.ts';
export { webhookRoutes } from './webhooks.routes.ts';
export type { Basis, WebhookBook, WebhookRules } from './webhooks.store.ts';
export { createWebhooks } from './webhooks.ts';

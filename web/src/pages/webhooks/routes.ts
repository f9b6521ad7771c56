import { createRoute } from '@tanstack/react-router';
import { signedInRoute } from '../../parents.tsx';
import { lazyPage } from '../lazy-page.ts';
import { readLedgerSearch, readTexts, readWebhookSearch } from './webhook-search.ts';

const webhooksRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/settings/notification-services/webhooks',
  validateSearch: readWebhookSearch,
  component: lazyPage(() => import('./webhooks-page.tsx'), 'WebhooksPage'),
});

const defaultsRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/settings/notification-services/webhooks/defaults',
  component: lazyPage(() => import('./defaults-page.tsx'), 'DefaultsPage'),
});

/** What is filled in: all of another webhook, or what the page that leads here knows. */
const newWebhookRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/settings/notification-services/webhooks/new',
  validateSearch: (search: Record<string, unknown>) =>
    readTexts(search, ['from', 'name', 'url', 'stationId', 'partnerId', 'routing']),
  component: lazyPage(() => import('./new-webhook-page.tsx'), 'NewWebhookPage'),
});

const webhookRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/settings/notification-services/webhooks/$id',
  component: lazyPage(() => import('./webhook-page.tsx'), 'WebhookPage'),
});

const ledgerRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/settings/notification-services/webhooks/$id/ledger',
  validateSearch: readLedgerSearch,
  component: lazyPage(() => import('./ledger-page.tsx'), 'LedgerPage'),
});

const editWebhookRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/settings/notification-services/webhooks/$id/edit',
  component: lazyPage(() => import('./edit-webhook-page.tsx'), 'EditWebhookPage'),
});

const stationsRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/integrations/webhooks',
  validateSearch: (search: Record<string, unknown>) => readTexts(search, ['q']),
  component: lazyPage(() => import('./stations-page.tsx'), 'StationsPage'),
});

export const webhooksRoutes = [
  webhooksRoute,
  defaultsRoute,
  newWebhookRoute,
  webhookRoute,
  ledgerRoute,
  editWebhookRoute,
  stationsRoute,
] as const;

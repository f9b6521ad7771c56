import { createRoute } from '@tanstack/react-router';
import { signedInRoute } from '../../parents.tsx';
import { lazyPage } from '../lazy-page.ts';

const STATES = ['active', 'trouble', 'paused', 'disabled'] as const;

/** The members of a URL's search that are texts. */
function texts<Name extends string>(
  search: Record<string, unknown>,
  names: readonly Name[],
): { [Key in Name]?: string } {
  const found = names.flatMap((name) => {
    const value = search[name];
    return typeof value === 'string' || typeof value === 'number' ? [[name, String(value)]] : [];
  });
  return Object.fromEntries(found);
}

const webhooksRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/settings/notification-services/webhooks',
  validateSearch(search: Record<string, unknown>): { q?: string; state?: (typeof STATES)[number] } {
    const state = STATES.find((known) => known === search.state);
    return { ...texts(search, ['q']), ...(state === undefined ? {} : { state }) };
  },
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
    texts(search, ['from', 'name', 'url', 'stationId', 'partnerId', 'routing']),
  component: lazyPage(() => import('./new-webhook-page.tsx'), 'NewWebhookPage'),
});

const webhookRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/settings/notification-services/webhooks/$id',
  component: lazyPage(() => import('./webhook-page.tsx'), 'WebhookPage'),
});

const editWebhookRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/settings/notification-services/webhooks/$id/edit',
  component: lazyPage(() => import('./edit-webhook-page.tsx'), 'EditWebhookPage'),
});

const stationsRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/integrations/webhooks',
  validateSearch: (search: Record<string, unknown>) => texts(search, ['q']),
  component: lazyPage(() => import('./stations-page.tsx'), 'StationsPage'),
});

export const webhooksRoutes = [
  webhooksRoute,
  defaultsRoute,
  newWebhookRoute,
  webhookRoute,
  editWebhookRoute,
  stationsRoute,
] as const;

import { createRoute } from '@tanstack/react-router';
import { signedInRoute } from '../../parents.tsx';
import { lazyPage } from '../lazy-page.ts';
import { readListSearch } from '../list-search.ts';
import { deliveriesQuery, webhookNamesQuery } from './deliveries.ts';
import { readDeliverySearch, readDetailSearch } from './delivery-search.ts';
import { readSystemLogSearch } from './system-log-search.ts';

const deliveriesRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/administration/log-viewer',
  validateSearch: readDeliverySearch,
  loaderDeps: ({ search: { attempt, part, open, ...list } }) => list,
  // What is on it comes while its code does.
  loader({ context: { queries }, deps }) {
    void queries.prefetchQuery(deliveriesQuery(deps));
    void queries.prefetchQuery(webhookNamesQuery);
  },
  component: lazyPage(() => import('./deliveries-page.tsx'), 'DeliveriesPage'),
});

const deliveryRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/administration/log-viewer/deliveries/$id',
  validateSearch: readDetailSearch,
  component: lazyPage(() => import('./delivery-page.tsx'), 'DeliveryPage'),
});

const replaysRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/administration/log-viewer/replays',
  validateSearch: readListSearch,
  component: lazyPage(() => import('./replays-page.tsx'), 'ReplaysPage'),
});

const systemLogRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/administration/log-viewer/system',
  validateSearch: readSystemLogSearch,
  component: lazyPage(() => import('./system-log-page.tsx'), 'SystemLogPage'),
});

export const logRoutes = [deliveriesRoute, deliveryRoute, replaysRoute, systemLogRoute] as const;

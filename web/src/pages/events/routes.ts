import { createRoute } from '@tanstack/react-router';
import { signedInRoute } from '../../parents.tsx';
import { lazyPage } from '../lazy-page.ts';
import { readText } from '../list-search.ts';
import { readEventSearch } from './event-search.ts';

const eventsRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/events',
  validateSearch: readEventSearch,
  component: lazyPage(() => import('./events-page.tsx'), 'EventsPage'),
});

const publishRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/events/publish',
  validateSearch(search: Record<string, unknown>): { type?: string } {
    const type = readText(search.type);
    return type === undefined ? {} : { type };
  },
  component: lazyPage(() => import('./publish-page.tsx'), 'PublishPage'),
});

const eventRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/events/$id',
  component: lazyPage(() => import('./event-page.tsx'), 'EventPage'),
});

export const eventRoutes = [eventsRoute, publishRoute, eventRoute] as const;

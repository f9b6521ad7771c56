import { createRoute } from '@tanstack/react-router';
import { signedInRoute } from '../../parents.tsx';
import { lazyPage } from '../lazy-page.ts';
import { type ListSearch, readListSearch } from '../list-search.ts';

const apiKeysRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/administration/api-keys',
  validateSearch: readListSearch,
  component: lazyPage(() => import('./api-keys-page.tsx'), 'ApiKeysPage'),
});

const usersRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/administration/users',
  validateSearch: readListSearch,
  component: lazyPage(() => import('./users-page.tsx'), 'UsersPage'),
});

const sessionsRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/administration/sessions',
  validateSearch: (search: Record<string, unknown>): ListSearch & { userId?: string } => ({
    ...readListSearch(search),
    ...(typeof search.userId === 'string' ? { userId: search.userId } : {}),
  }),
  component: lazyPage(() => import('./sessions-page.tsx'), 'SessionsPage'),
});

const instanceRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/settings/instance',
  component: lazyPage(() => import('./instance-page.tsx'), 'InstancePage'),
});

export const accessRoutes = [apiKeysRoute, usersRoute, sessionsRoute, instanceRoute] as const;

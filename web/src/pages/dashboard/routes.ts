import { createRoute } from '@tanstack/react-router';
import { signedInRoute } from '../../parents.tsx';
import { lazyPage } from '../lazy-page.ts';
import type { Range } from './figures.ts';

const dashboardRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/dashboard',
  validateSearch: ({ range }: Record<string, unknown>): { range?: Exclude<Range, '24h'> } =>
    range === '7d' ? { range } : {},
  component: lazyPage(() => import('./dashboard-page.tsx'), 'DashboardPage'),
});

export const dashboardRoutes = [dashboardRoute] as const;

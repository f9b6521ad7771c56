import type { QueryClient } from '@tanstack/react-query';
import { createRootRouteWithContext, createRoute, redirect } from '@tanstack/react-router';
import { sessionQuery } from './api/session.ts';
import { FailedAlone } from './shell/failed.tsx';
import { Root } from './shell/root.tsx';
import { Shell } from './shell/shell.tsx';

/** The parent of all pages. */
export const rootRoute = createRootRouteWithContext<{ queries: QueryClient }>()({
  component: Root,
  errorComponent: FailedAlone,
});

/** The parent of pages for those who are signed in: all others are asked to sign in, and brought here then. */
export const signedInRoute = createRoute({
  getParentRoute: () => rootRoute,
  id: 'signed-in',
  component: Shell,
  errorComponent: FailedAlone,
  async beforeLoad({ context, location }) {
    const session = await context.queries.ensureQueryData(sessionQuery);
    if (session === null) throw redirect({ to: '/sign-in', search: { to: location.href } });
  },
});

import { createRoute, redirect } from '@tanstack/react-router';
import { NAVIGATION, placesOf } from './navigation.ts';
import { accessRoutes } from './pages/access/routes.ts';
import { dashboardRoutes } from './pages/dashboard/routes.ts';
import { eventRoutes } from './pages/events/routes.ts';
import { inboxRoutes } from './pages/inbox/routes.ts';
import { logRoutes } from './pages/log/routes.ts';
import { templateRoutes } from './pages/templates/routes.ts';
import { webhooksRoutes } from './pages/webhooks/routes.ts';
import { aboutRoute, signInRoute, welcomeRoute, welcomeStepsRoute } from './pages/welcome/routes.ts';
import { rootRoute, signedInRoute } from './parents.tsx';
import { NotFound } from './shell/not-found.tsx';

/** `/` is the first place of the navigation that there is a page for. */
const indexRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/',
  beforeLoad() {
    const paths = new Set<string>(pages.map(({ fullPath }) => fullPath));
    const first = placesOf(NAVIGATION).find(({ place }) => paths.has(place.to) && place.role === undefined);
    throw redirect({ to: first?.place.to ?? '/about' });
  },
});

/** Whatever no other page is at. */
const unknownRoute = createRoute({ getParentRoute: () => signedInRoute, path: '/$', component: NotFound });

const pages = [
  ...dashboardRoutes,
  ...eventRoutes,
  ...inboxRoutes,
  ...logRoutes,
  ...templateRoutes,
  ...webhooksRoutes,
  ...accessRoutes,
  aboutRoute,
] as const;

/** Every page. A module adds its own below those for who is signed in; `navigation.ts` names its places. */
export const routeTree = rootRoute.addChildren([
  signInRoute,
  welcomeRoute,
  signedInRoute.addChildren([indexRoute, welcomeStepsRoute, unknownRoute, ...pages]),
]);

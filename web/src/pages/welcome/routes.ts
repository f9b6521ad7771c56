import { createRoute } from '@tanstack/react-router';
import { rootRoute, signedInRoute } from '../../parents.tsx';
import { lazyPage } from '../lazy-page.ts';

/** A path of ours to go on to; anything else is none. */
function localPath(value: unknown): string | undefined {
  return typeof value === 'string' && /^\/(?![/\\])/.test(value) ? value : undefined;
}

export const signInRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/sign-in',
  validateSearch(search: Record<string, unknown>): { to?: string } {
    const to = localPath(search.to);
    return to === undefined ? {} : { to };
  },
  component: lazyPage(() => import('./sign-in-page.tsx'), 'SignInPage'),
});

/** The one-time link leads here. */
export const welcomeRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/welcome',
  validateSearch: (search: Record<string, unknown>): { token?: string } =>
    search.token === undefined ? {} : { token: String(search.token) },
  component: lazyPage(() => import('./welcome-page.tsx'), 'WelcomePage'),
});

export const welcomeStepsRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/welcome/steps',
  component: lazyPage(() => import('./steps-page.tsx'), 'StepsPage'),
});

export const aboutRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/about',
  component: lazyPage(() => import('./about-page.tsx'), 'AboutPage'),
});

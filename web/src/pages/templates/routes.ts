import { createRoute } from '@tanstack/react-router';
import { signedInRoute } from '../../parents.tsx';
import { lazyPage } from '../lazy-page.ts';
import { readTemplateSearch } from './template-search.ts';

const templatesRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/settings/notification-services/templates',
  validateSearch: readTemplateSearch,
  component: lazyPage(() => import('./templates-page.tsx'), 'TemplatesPage'),
});

export const templateRoutes = [templatesRoute] as const;

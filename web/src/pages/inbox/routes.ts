import { createRoute } from '@tanstack/react-router';
import { signedInRoute } from '../../parents.tsx';
import { lazyPage } from '../lazy-page.ts';
import { given, type ListSearch, readListSearch, readText } from '../list-search.ts';

/** What the URL of an inbox says: which request is open, and which part of it; or that examples are shown. */
export interface InboxSearch extends ListSearch {
  tab?: 'verify';
  request?: string;
  part?: 'headers';
  language?: string;
}

function readInboxSearch(search: Record<string, unknown>): InboxSearch {
  return {
    ...readListSearch(search),
    ...given<InboxSearch>({
      tab: search.tab === 'verify' ? 'verify' : undefined,
      request: readText(search.request),
      part: search.part === 'headers' ? 'headers' : undefined,
      language: readText(search.language),
    }),
  };
}

const inboxesRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/integrations/inbox',
  validateSearch: readListSearch,
  component: lazyPage(() => import('./inboxes-page.tsx'), 'InboxesPage'),
});

const inboxRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/integrations/inbox/$name',
  validateSearch: readInboxSearch,
  component: lazyPage(() => import('./inbox-page.tsx'), 'InboxPage'),
});

export const inboxRoutes = [inboxesRoute, inboxRoute] as const;

import { queryOptions } from '@tanstack/react-query';
import { api, dataOf, versionOf } from '../../api/client.ts';
import type { paths } from '../../api/schema.d.ts';
import type { Settings } from './draft.ts';

export type Webhook =
  paths['/api/v1/webhooks']['get']['responses'][200]['content']['application/json']['items'][number];
export type NewWebhook = paths['/api/v1/webhooks']['post']['requestBody']['content']['application/json'];
export type Exchange = paths['/api/v1/webhooks/test']['post']['responses'][200]['content']['application/json'];

/** Below it is all that is read of webhooks. */
export const WEBHOOKS_KEY = ['webhooks'];

/** The API takes no more on a page. */
const PAGE_LIMIT = 250;

interface Page<T> {
  items: T[];
  next: string | null;
}

/** Every item of a list, page by page. */
export async function allPages<T>(
  readPage: (query: { limit: number; cursor?: string }) => Promise<Page<T>>,
): Promise<T[]> {
  const all: T[] = [];
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page: Page<T> = await readPage({ limit: PAGE_LIMIT, ...(cursor === undefined ? {} : { cursor }) });
    all.push(...page.items);
    cursor = page.next;
  }
  return all;
}

/** All webhooks, newest first: they are few, and searched on the screen. */
export const allWebhooksQuery = queryOptions({
  queryKey: [...WEBHOOKS_KEY, 'all'],
  queryFn: () => allPages((query) => dataOf(api.GET('/api/v1/webhooks', { params: { query } }))),
  refetchInterval: 10_000,
});

/** A webhook as it is now, and the entity tag of its configuration. */
export function webhookQuery(id: string) {
  return queryOptions({
    queryKey: [...WEBHOOKS_KEY, 'one', id],
    queryFn: () => versionOf(api.GET('/api/v1/webhooks/{id}', { params: { path: { id } } })),
    refetchInterval: 10_000,
  });
}

/** What webhooks inherit, and the entity tag of that. */
export const defaultsQuery = queryOptions({
  queryKey: [...WEBHOOKS_KEY, 'defaults'],
  async queryFn() {
    const { data, etag } = await versionOf(api.GET('/api/v1/settings/webhooks'));
    return { settings: data as Settings, etag };
  },
});

/** The URL of a webhook as it was given: a relative one as that. */
export function givenUrl({ url, configuredUrl }: Webhook): string {
  return configuredUrl ?? url;
}

/** The host of a URL, with its port; the URL itself where it has none. */
export function hostOf(url: string): string {
  return URL.parse(url)?.host || url;
}

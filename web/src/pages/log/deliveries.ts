import { keepPreviousData, queryOptions, useQuery } from '@tanstack/react-query';
import { api, dataOf } from '../../api/client.ts';
import { given } from '../list-search.ts';
import { readOn } from '../read-on.ts';
import { type DeliverySearch, filterOf, filterQuery } from './delivery-search.ts';

/** What every list of deliveries is kept under. */
export const DELIVERY_LISTS = ['deliveries', 'list'];

/** A page of the list that the URL asks for. An open detail does not read it again. */
export function deliveriesQuery(search: DeliverySearch) {
  const filter = filterOf(search);
  return queryOptions({
    queryKey: [...DELIVERY_LISTS, filter, search.cursor],
    queryFn: ({ signal }) =>
      readOn((cursor) => {
        const query = { ...filterQuery(filter), ...given<{ cursor?: string }>({ cursor }) };
        return dataOf(api.GET('/api/v1/deliveries', { params: { query }, signal }));
      }, search.cursor),
    placeholderData: keepPreviousData,
  });
}

export function deliveryQuery(id: string) {
  return queryOptions({
    queryKey: ['deliveries', 'one', id],
    queryFn: ({ signal }) => dataOf(api.GET('/api/v1/deliveries/{id}', { params: { path: { id } }, signal })),
  });
}

/** The most webhooks that are read to know their names. */
const MOST_PAGES = 4;
const PAGE = 250;

export interface WebhookName {
  id: string;
  name: string;
}

export const webhookNamesQuery = queryOptions({
  queryKey: ['webhooks', 'names'],
  staleTime: 60_000,
  async queryFn({ signal }): Promise<WebhookName[]> {
    const names: WebhookName[] = [];
    let cursor: string | null = null;
    for (let pages = 0; pages < MOST_PAGES; pages += 1) {
      const query: { limit: number; cursor?: string } = { limit: PAGE, ...(cursor === null ? {} : { cursor }) };
      const { items, next } = await dataOf(api.GET('/api/v1/webhooks', { params: { query }, signal }));
      names.push(...items.map(({ id, name }) => ({ id, name })));
      cursor = next;
      if (cursor === null) break;
    }
    return names;
  },
});

/** The webhooks there are, and how each is called: by its id where it has no name any more. */
export function useWebhookNames(): { webhooks: readonly WebhookName[]; nameOf: (id: string) => string } {
  const { data: webhooks = [] } = useQuery(webhookNamesQuery);
  return { webhooks, nameOf: (id) => webhooks.find((webhook) => webhook.id === id)?.name ?? id };
}

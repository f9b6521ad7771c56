import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { api, dataOf, versionOf } from '../../api/client.ts';
import type { paths } from '../../api/schema.d.ts';
import { given } from '../list-search.ts';

export type Inbox = paths['/api/v1/inboxes']['get']['responses'][200]['content']['application/json']['items'][number];
export type InboxAnswer = Inbox['answer'];
type Requests = paths['/api/v1/inboxes/{name}/requests']['get']['responses'][200]['content']['application/json'];
export type InboxRequest = Requests['items'][number];
export type WholeRequest =
  paths['/api/v1/inboxes/{name}/requests/{id}']['get']['responses'][200]['content']['application/json'];

/** Below it is all that is read of inboxes. */
export const INBOXES_KEY = ['inboxes'];

/** How often is looked for new requests: the stream tells of deliveries, and anybody may send to an inbox. */
const LOOK_EVERY_MS = 2_000;

/** A page of the list of inboxes. */
export function inboxesQuery(cursor?: string) {
  return queryOptions({
    queryKey: [...INBOXES_KEY, 'list', cursor],
    queryFn: ({ signal }) => {
      const query = given<{ cursor?: string }>({ cursor });
      return dataOf(api.GET('/api/v1/inboxes', { params: { query }, signal }));
    },
    placeholderData: keepPreviousData,
    refetchInterval: LOOK_EVERY_MS,
  });
}

/** An inbox, and the entity tag of what it is set to answer. */
export function inboxQuery(name: string) {
  return queryOptions({
    queryKey: [...INBOXES_KEY, 'one', name],
    queryFn: ({ signal }) => versionOf(api.GET('/api/v1/inboxes/{name}', { params: { path: { name } }, signal })),
    refetchInterval: LOOK_EVERY_MS,
  });
}

/** A page of what it has received. */
export function requestsQuery(name: string, cursor?: string) {
  return queryOptions({
    queryKey: [...INBOXES_KEY, 'requests', name, cursor],
    queryFn: ({ signal }) => {
      const params = { path: { name }, query: given<{ cursor?: string }>({ cursor }) };
      return dataOf(api.GET('/api/v1/inboxes/{name}/requests', { params, signal }));
    },
    placeholderData: keepPreviousData,
    refetchInterval: LOOK_EVERY_MS,
  });
}

/** A request as a whole. What has arrived does not change. */
export function requestQuery(name: string, id: string) {
  return queryOptions({
    queryKey: [...INBOXES_KEY, 'request', name, id],
    queryFn: ({ signal }) =>
      dataOf(api.GET('/api/v1/inboxes/{name}/requests/{id}', { params: { path: { name, id } }, signal })),
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** Receivers that verify signatures, one in each of some languages. They are those of the server's version. */
export const receiverExamplesQuery = queryOptions({
  queryKey: ['receiver-examples'],
  staleTime: Number.POSITIVE_INFINITY,
  queryFn: async () => (await dataOf(api.GET('/api/v1/receiver-examples'))).items,
});

/** What an inbox must be like for one to be made in its place: there must be none (RFC 9110 §13.1.1). */
const NONE = '""';

/** Makes an inbox that answers 200. One that is there is left alone: 412. */
export function makeInbox(name: string): Promise<Inbox> {
  const params = { path: { name }, header: { 'if-match': NONE } };
  return dataOf(api.PUT('/api/v1/inboxes/{name}', { params, body: {} }));
}

/** Sets what an inbox answers from now on, made from the version with that tag. Returns it with the tag it has then. */
export function setAnswer(name: string, answer: InboxAnswer, etag: string): Promise<{ data: Inbox; etag: string }> {
  const params = { path: { name }, header: { 'if-match': etag } };
  return versionOf(api.PUT('/api/v1/inboxes/{name}', { params, body: { answer } }));
}

/** Makes a webhook that sends every event to an inbox. The answer has its signing secret, this once. */
export function sendTo({ url }: Inbox, name: string) {
  return dataOf(api.POST('/api/v1/webhooks', { body: { name, url } }));
}

import { queryOptions, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, dataOf } from '../../api/client.ts';
import { eventTypesQuery } from '../../api/event-types.ts';
import { useChanges } from '../../api/live.ts';
import { INBOXES_KEY, type Inbox, type InboxRequest, inboxesQuery, requestsQuery } from '../inbox/inboxes.ts';

const ONE = { params: { query: { limit: 1 } } };

/** Whether anything has ever been published. */
const anyEventQuery = queryOptions({
  queryKey: ['events', 'any'],
  queryFn: async ({ signal }) => (await dataOf(api.GET('/api/v1/events', { ...ONE, signal }))).items.length > 0,
});

/** How far somebody has come, as the server has it: nothing is remembered here. */
export interface Progress {
  /** The inbox to go on with: one that a webhook sends to, else the newest; null where there is none. */
  inbox: Inbox | null;
  hasWebhook: boolean;
  hasEvent: boolean;
  /** What the inbox has received last; null where it has not. */
  latest: InboxRequest | null;
}

/** Follows the steps while they are done, here or elsewhere. */
export function useProgress(): { progress: Progress; refresh: () => Promise<void> } {
  const cache = useQueryClient();
  const inboxes = useQuery(inboxesQuery()).data?.items ?? [];
  const inbox = inboxes.find(({ webhookIds }) => webhookIds.length > 0) ?? inboxes[0] ?? null;
  const events = useQuery(anyEventQuery);
  const requests = useQuery({ ...requestsQuery(inbox?.name ?? ''), enabled: inbox !== null });

  async function refresh(): Promise<void> {
    await Promise.all([
      cache.invalidateQueries({ queryKey: INBOXES_KEY }, { cancelRefetch: false }),
      cache.invalidateQueries({ queryKey: anyEventQuery.queryKey }, { cancelRefetch: false }),
    ]);
  }
  useChanges('delivery', { onChanges: () => void refresh(), onReset: () => void refresh() });

  return {
    progress: {
      inbox,
      hasWebhook: inbox !== null && inbox.webhookIds.length > 0,
      hasEvent: events.data ?? false,
      latest: inbox === null ? null : (requests.data?.items[0] ?? null),
    },
    refresh,
  };
}

const SAMPLE_TYPE = 'transfer.completed';

/** Publishes the sample of a transfer that has gone well. */
export function usePublishSample(): () => Promise<void> {
  const cache = useQueryClient();
  return async () => {
    const types = await cache.ensureQueryData(eventTypesQuery);
    const sample = types.find(({ type }) => type === SAMPLE_TYPE)?.sample as Record<string, never> | undefined;
    await dataOf(api.POST('/api/v1/events', { body: { type: SAMPLE_TYPE, data: sample ?? {} } }));
  };
}

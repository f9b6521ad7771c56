import { queryOptions } from '@tanstack/react-query';
import { api, dataOf } from './client.ts';
import type { paths } from './schema.d.ts';

export type EventType =
  paths['/api/v1/event-types']['get']['responses'][200]['content']['application/json']['items'][number];

/** The built-in event types, each with a sample. They are those of the server's version, so they do not change. */
export const eventTypesQuery = queryOptions({
  queryKey: ['event-types'],
  staleTime: Number.POSITIVE_INFINITY,
  queryFn: async (): Promise<EventType[]> => (await dataOf(api.GET('/api/v1/event-types'))).items,
});

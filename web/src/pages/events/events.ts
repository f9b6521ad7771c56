import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { api, dataOf } from '../../api/client.ts';
import type { paths } from '../../api/schema.d.ts';
import { given } from '../list-search.ts';
import { readOn } from '../read-on.ts';
import { instantsOf, type TimeSearch } from '../time-range.ts';
import type { EventFilter, EventSearch } from './event-search.ts';

export type EventItem =
  paths['/api/v1/events']['get']['responses'][200]['content']['application/json']['items'][number];
export type EventWithAudience = paths['/api/v1/events/{id}']['get']['responses'][200]['content']['application/json'];

/** Events are listed whole, up to a megabyte each: so not too many of them. */
const PAGE = 25;

function filterQuery({ type, q, ...time }: EventFilter) {
  return { ...given<{ type?: string; q?: string }>({ type, q }), ...instantsOf(time satisfies TimeSearch) };
}

/** A page of the list that the URL asks for. */
export function eventsQuery({ cursor, ...filter }: EventSearch) {
  return queryOptions({
    queryKey: ['events', 'list', filter, cursor],
    queryFn: ({ signal }) =>
      readOn((from) => {
        const query = { ...filterQuery(filter), limit: PAGE, ...given<{ cursor?: string }>({ cursor: from }) };
        return dataOf(api.GET('/api/v1/events', { params: { query }, signal }));
      }, cursor),
    placeholderData: keepPreviousData,
  });
}

/** How often is looked for new events: the stream tells of deliveries, and an event may have none. */
const LOOK_EVERY_MS = 4_000;

/** The newest event of a filter; null where there is none. */
export function newestEventQuery(filter: EventFilter) {
  return queryOptions({
    queryKey: ['events', 'newest', filter],
    queryFn: async ({ signal }) => {
      const query = { ...filterQuery(filter), limit: 1 };
      const { items } = await dataOf(api.GET('/api/v1/events', { params: { query }, signal }));
      return items[0] === undefined ? null : { id: items[0].id, sequence: items[0].sequence };
    },
    refetchInterval: LOOK_EVERY_MS,
  });
}

export function eventQuery(id: string) {
  return queryOptions({
    queryKey: ['events', 'one', id],
    queryFn: ({ signal }) => dataOf(api.GET('/api/v1/events/{id}', { params: { path: { id } }, signal })),
  });
}

const KEY_MEMBERS = ['transfer', 'schedule', 'station', 'partner', 'message', 'webhook', 'delivery'] as const;

/** What an event is about: the names, or else the ids, of what its data describes. */
export function subjectsOf(data: Readonly<Record<string, unknown>>): string[] {
  return KEY_MEMBERS.flatMap((member) => {
    const subject = data[member];
    if (typeof subject !== 'object' || subject === null) return [];
    const { name, subject: line, id } = subject as Record<string, unknown>;
    const text = [name, line, id].find((value) => typeof value === 'string' || typeof value === 'number');
    return text === undefined ? [] : [String(text)];
  });
}

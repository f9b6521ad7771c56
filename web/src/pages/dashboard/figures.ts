import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { api, dataOf } from '../../api/client.ts';
import type { paths } from '../../api/schema.d.ts';
import { serverNow } from '../../api/server-clock.ts';

export type Statistics = paths['/api/v1/statistics']['get']['responses'][200]['content']['application/json'];
export type Health =
  paths['/api/v1/webhooks/health']['get']['responses'][200]['content']['application/json']['items'][number];

/** How far back the dashboard looks. */
export const RANGES = ['24h', '7d'] as const;
export type Range = (typeof RANGES)[number];

/** Below it is all that a dashboard reads. */
export const FIGURES_KEY = ['figures'];

/** However quiet the stream is, figures are read anew so often: hours end, and certificates grow old. */
const LOOK_EVERY_MS = 10_000;
/** While there are attempts that have not been counted yet. */
const BEHIND_EVERY_MS = 2_000;
const LIVE = { refetchInterval: LOOK_EVERY_MS, placeholderData: keepPreviousData };

const DAY_MS = 86_400_000;
/** Today, and so many days before it. */
const DAYS_BEFORE = 6;

/** What the log comes to: by hour for a day, and by day for a week. */
export function statisticsQuery(range: Range) {
  return queryOptions({
    queryKey: [...FIGURES_KEY, 'statistics', range],
    queryFn: ({ signal }) => {
      const from = new Date(serverNow() - DAYS_BEFORE * DAY_MS).toISOString();
      const query = range === '24h' ? {} : { bucket: 'day' as const, from };
      return dataOf(api.GET('/api/v1/statistics', { params: { query }, signal }));
    },
    ...LIVE,
    refetchInterval: ({ state }) => (state.data?.isBehind ? BEHIND_EVERY_MS : LOOK_EVERY_MS),
  });
}

export const backlogQuery = queryOptions({
  queryKey: [...FIGURES_KEY, 'backlog'],
  queryFn: ({ signal }) => dataOf(api.GET('/api/v1/statistics/backlog', { signal })),
  ...LIVE,
});

/** How many webhooks in trouble are named. */
const MOST_NAMED = 5;

export const troubleQuery = queryOptions({
  queryKey: [...FIGURES_KEY, 'trouble'],
  queryFn: ({ signal }) => {
    const params = { query: { trouble: 'any' as const, limit: MOST_NAMED } };
    return dataOf(api.GET('/api/v1/webhooks/health', { params, signal }));
  },
  ...LIVE,
});

export const certificatesQuery = queryOptions({
  queryKey: [...FIGURES_KEY, 'certificates'],
  queryFn: ({ signal }) => dataOf(api.GET('/api/v1/webhooks/certificates', { signal })),
  ...LIVE,
});

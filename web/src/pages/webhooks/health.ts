import { queryOptions } from '@tanstack/react-query';
import { api, dataOf } from '../../api/client.ts';
import type { paths } from '../../api/schema.d.ts';
import { allPages, WEBHOOKS_KEY } from './webhook-queries.ts';

export type Health =
  paths['/api/v1/webhooks/health']['get']['responses'][200]['content']['application/json']['items'][number];

/** How all webhooks fare, by their ids. */
export const healthQuery = queryOptions({
  queryKey: [...WEBHOOKS_KEY, 'health'],
  refetchInterval: 10_000,
  async queryFn(): Promise<ReadonlyMap<string, Health>> {
    const all = await allPages((query) => dataOf(api.GET('/api/v1/webhooks/health', { params: { query } })));
    return new Map(all.map((health) => [health.webhookId, health]));
  },
});

/** A share as people read it: “99.9%”, and never 100 % of what was not all. Pure. */
export function formatRate(rate: number, language: string): string {
  const shown = rate < 1 ? Math.min(rate, 0.999) : rate;
  return new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: 1 }).format(shown);
}

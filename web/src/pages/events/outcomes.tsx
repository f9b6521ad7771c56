import { Group, Text } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { api, dataOf } from '../../api/client.ts';
import { useChanges } from '../../api/live.ts';
import type { Change } from '../../api/stream.ts';
import type { Delivery } from '../log/delivery.ts';
import { DELIVERY_STATES } from '../log/delivery-search.ts';
import { DeliveryStatus } from '../log/delivery-status.tsx';

const QUERY_KEY = ['events', 'outcomes'];
/** More than that nobody counts. */
const MOST = 250;

/** What became of an event: how many deliveries are in which state. It follows what happens. */
export function Outcomes({ eventId }: { eventId: string }) {
  const { t } = useTranslation();
  const { data } = useQuery({
    queryKey: [...QUERY_KEY, eventId],
    queryFn: ({ signal }) =>
      dataOf(api.GET('/api/v1/deliveries', { params: { query: { eventId, limit: MOST } }, signal })),
  });
  if (data === undefined) return <Text size="sm">…</Text>;
  if (data.items.length === 0) return <Text c="dimmed">{t('events.noDeliveries')}</Text>;
  const counts = DELIVERY_STATES.map(
    (state) => [state, data.items.filter((one) => one.state === state).length] as const,
  );
  return (
    <Group gap={6}>
      {counts
        .filter(([, count]) => count > 0)
        .map(([state, count]) => (
          <Group key={state} gap={3} wrap="nowrap">
            <DeliveryStatus state={state} />
            {count > 1 && <Text size="sm">× {count === MOST ? `${MOST}+` : count}</Text>}
          </Group>
        ))}
    </Group>
  );
}

/** Has the outcomes of events read again when one of their deliveries changes. */
export function useFreshOutcomes(): void {
  const cache = useQueryClient();
  useChanges('delivery', {
    onChanges(changes: readonly Change[]) {
      const eventIds = new Set((changes as readonly Delivery[]).map(({ eventId }) => eventId));
      for (const eventId of eventIds) void cache.invalidateQueries({ queryKey: [...QUERY_KEY, eventId] });
    },
    onReset: () => void cache.invalidateQueries({ queryKey: QUERY_KEY }),
  });
}

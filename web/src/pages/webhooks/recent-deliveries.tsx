import { Group } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { api, dataOf } from '../../api/client.ts';
import { useLiveItems } from '../../api/live.ts';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { Instant } from '../../ui/instant.tsx';
import { ListView } from '../../ui/list-view.tsx';
import { PageLink } from '../../ui/page-link.tsx';
import type { Delivery } from '../log/delivery.ts';
import { DeliveryStatus } from '../log/delivery-status.tsx';
import { Section } from './section.tsx';

const COUNT = 10;

/** What a webhook was owed lately, as it changes. */
export function RecentDeliveries({ webhookId }: { webhookId: string }) {
  const { t } = useTranslation();
  const queryKey = ['deliveries', 'of', webhookId];
  const query = useQuery({
    queryKey,
    async queryFn() {
      const params = { query: { webhookId, limit: COUNT } };
      const { items } = (await dataOf(api.GET('/api/v1/deliveries', { params }))) as { items: Delivery[] };
      return { items, next: null };
    },
  });
  useLiveItems('delivery', queryKey, (changes) => {
    const isOurs = changes.some((change) => (change as { webhookId?: unknown }).webhookId === webhookId);
    if (isOurs) void query.refetch();
  });

  const columns: Column<Delivery>[] = [
    {
      heading: t('webhooks.detail.event'),
      isRowHeader: true,
      cell: ({ id, eventType }) => (
        <PageLink to="/administration/log-viewer/deliveries/$id" params={{ id }} size="sm">
          {eventType}
        </PageLink>
      ),
    },
    {
      heading: t('webhooks.list.state'),
      cell: ({ state, nextAttemptAt }) => (
        <Group gap={6}>
          <DeliveryStatus state={state} />
          {state === 'retrying' && nextAttemptAt !== null && (
            <small className="aside">
              <Instant at={nextAttemptAt} />
            </small>
          )}
        </Group>
      ),
    },
    { heading: t('webhooks.detail.attempts'), cell: ({ attemptCount }) => attemptCount },
    { heading: t('common.createdAt'), cell: ({ createdAt }) => <Instant at={createdAt} /> },
  ];

  return (
    <Section title={t('webhooks.detail.deliveries')}>
      <ListView
        query={query}
        empty={{ title: t('webhooks.detail.noDeliveries'), hint: t('webhooks.detail.noDeliveriesHint') }}
        onPage={() => undefined}
      >
        {(items) => <DataTable caption={t('webhooks.detail.deliveries')} columns={columns} items={items} />}
      </ListView>
      <PageLink to="/administration/log-viewer" search={{ webhookId }} size="sm">
        {t('webhooks.detail.allDeliveries')}
      </PageLink>
    </Section>
  );
}

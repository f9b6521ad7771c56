import { Group, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { api, dataOf } from '../../api/client.ts';
import { useLiveItems } from '../../api/live.ts';
import { useIsBuilt } from '../../shell/use-places.ts';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { Instant } from '../../ui/instant.tsx';
import { ListView } from '../../ui/list-view.tsx';
import { PageLink } from '../../ui/page-link.tsx';
import { Status } from '../../ui/status.tsx';
import type { StatusKind } from '../../ui/theme.ts';
import { Section } from './section.tsx';

const LOG = '/administration/log-viewer';
const DELIVERY = '/administration/log-viewer/deliveries/$id';
const COUNT = 10;

const KINDS = {
  pending: 'waiting',
  delivering: 'busy',
  retrying: 'waiting',
  delivered: 'good',
  exhausted: 'bad',
  cancelled: 'neutral',
} as const satisfies Record<string, StatusKind>;

/** A delivery as lists have it. */
interface Delivery {
  id: string;
  eventId: string;
  eventType: string;
  state: keyof typeof KINDS;
  createdAt: string;
  attemptCount: number;
  nextAttemptAt: string | null;
}

/** What a webhook was owed lately, as it changes. */
export function RecentDeliveries({ webhookId }: { webhookId: string }) {
  const { t } = useTranslation();
  const isBuilt = useIsBuilt();
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
      cell: ({ id, eventType }) =>
        isBuilt(DELIVERY) ? (
          <PageLink to={DELIVERY} params={{ id }} size="sm">
            {eventType}
          </PageLink>
        ) : (
          eventType
        ),
    },
    {
      heading: t('webhooks.list.state'),
      cell: ({ state, nextAttemptAt }) => (
        <Group gap={6}>
          <Status kind={KINDS[state]}>{t(`webhooks.deliveryStates.${state}`)}</Status>
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
      {isBuilt(LOG) && (
        <Text size="sm">
          <PageLink to={LOG} search={{ webhookId }} size="sm">
            {t('webhooks.detail.allDeliveries')}
          </PageLink>
        </Text>
      )}
    </Section>
  );
}

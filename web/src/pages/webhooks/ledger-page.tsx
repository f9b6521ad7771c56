import { Code, Group, NumberInput, Text } from '@mantine/core';
import { keepPreviousData, useQuery, useSuspenseQuery } from '@tanstack/react-query';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { api, dataOf } from '../../api/client.ts';
import { CopyButton } from '../../ui/copy-button.tsx';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { ListView } from '../../ui/list-view.tsx';
import { Page } from '../../ui/page.tsx';
import { PageLink } from '../../ui/page-link.tsx';
import { useDraft } from '../../ui/use-draft.ts';
import { given } from '../list-search.ts';
import { DeliveryStatus } from '../log/delivery-status.tsx';
import { webhookQuery } from './webhook-queries.ts';
import type { LedgerSearch } from './webhook-search.ts';

type Entry = Awaited<ReturnType<typeof readLedger>>['items'][number];

async function readLedger(id: string, { after, cursor }: LedgerSearch) {
  const query = given<{ after?: number; cursor?: string }>(cursor === undefined ? { after } : { cursor });
  const { items, next } = await dataOf(api.GET('/api/v1/webhooks/{id}/ledger', { params: { path: { id }, query } }));
  return { items: items.map((entry) => ({ ...entry, id: entry.deliveryId })), next };
}

/** The numbers that a webhook's receiver has been given, and what became of each: what a receiver can hold its own against. */
export function LedgerPage() {
  const { t } = useTranslation();
  const { id } = useParams({ from: '/signed-in/settings/notification-services/webhooks/$id/ledger' });
  const search = useSearch({ from: '/signed-in/settings/notification-services/webhooks/$id/ledger' });
  const navigate = useNavigate({ from: '/settings/notification-services/webhooks/$id/ledger' });
  const { name } = useSuspenseQuery(webhookQuery(id)).data.data;
  const query = useQuery({
    queryKey: ['webhooks', 'ledger', id, search],
    queryFn: () => readLedger(id, search),
    placeholderData: keepPreviousData,
  });
  const [after, typeAfter] = useDraft<number | string>(search.after ?? '', (draft) => {
    const asked = given<LedgerSearch>({ after: typeof draft === 'number' ? draft : undefined });
    void navigate({ search: asked, replace: true });
  });
  const path = `/api/v1/webhooks/${id}/ledger?after=${search.after ?? 0}`;
  return (
    <Page
      title={t('webhooks.ledger.title', { name })}
      lead={t('webhooks.ledger.lead')}
      actions={
        <PageLink to="/settings/notification-services/webhooks/$id" params={{ id }}>
          {t('webhooks.ledger.back')}
        </PageLink>
      }
    >
      <Group align="end" gap="md">
        <NumberInput
          label={t('webhooks.ledger.after')}
          description={t('webhooks.ledger.afterHint')}
          allowNegative={false}
          allowDecimal={false}
          w={220}
          value={after}
          onChange={typeAfter}
        />
        <Group gap="xs">
          <Code className="long-text">{`GET ${path}`}</Code>
          <CopyButton text={path} what={t('webhooks.ledger.address')} isCompact />
        </Group>
      </Group>
      <ListView
        query={query}
        empty={{ title: t('webhooks.ledger.empty'), hint: t('webhooks.ledger.emptyHint') }}
        onClearFilters={search.after === undefined ? undefined : () => void navigate({ search: {} })}
        cursor={search.cursor}
        onPage={(cursor) => void navigate({ search: given<LedgerSearch>({ after: search.after, cursor }) })}
      >
        {(items) => <Entries items={items} />}
      </ListView>
    </Page>
  );
}

function Entries({ items }: { items: readonly Entry[] }) {
  const { t } = useTranslation();
  const columns = useMemo(
    (): Column<Entry>[] => [
      { heading: t('webhooks.ledger.number'), isRowHeader: true, cell: ({ sequence }) => sequence },
      { heading: t('log.deliveries.state'), isNarrow: true, cell: ({ state }) => <DeliveryStatus state={state} /> },
      {
        heading: t('log.deliveries.event'),
        cell: ({ eventId }) => (
          <PageLink inherit to="/events/$id" params={{ id: eventId }}>
            {eventId}
          </PageLink>
        ),
      },
      {
        heading: t('webhooks.ledger.delivery'),
        cell: ({ deliveryId }) => (
          <PageLink inherit to="/administration/log-viewer/deliveries/$id" params={{ id: deliveryId }}>
            {deliveryId}
          </PageLink>
        ),
      },
    ],
    [t],
  );
  const [first, last] = [items.at(0)?.sequence ?? 0, items.at(-1)?.sequence ?? 0];
  const isWhole = last - first + 1 === items.length;
  return (
    <>
      <Text size="sm">{isWhole ? t('webhooks.ledger.whole', { first, last }) : t('webhooks.ledger.gap')}</Text>
      <DataTable caption={t('webhooks.detail.ledger')} columns={columns} items={items} />
    </>
  );
}

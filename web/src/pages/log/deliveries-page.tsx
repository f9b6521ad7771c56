import { Button, Menu } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { IconDownload, IconPlayerTrackNext } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMay } from '../../api/session.ts';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { Instant } from '../../ui/instant.tsx';
import { ListView } from '../../ui/list-view.tsx';
import { Page } from '../../ui/page.tsx';
import { PageLink } from '../../ui/page-link.tsx';
import { given } from '../list-search.ts';
import { BulkReplayDialog } from './bulk-replay-dialog.tsx';
import { deliveriesQuery } from './deliveries.ts';
import type { Delivery } from './delivery.ts';
import { DeliveryDrawer } from './delivery-drawer.tsx';
import { DeliveryFilters } from './delivery-filters.tsx';
import { type DeliveryFilter, type DeliverySearch, filterOf, filterQuery } from './delivery-search.ts';
import { DeliveryStatus } from './delivery-status.tsx';
import { FreshDeliveries } from './fresh-deliveries.tsx';
import { LogTabs } from './log-tabs.tsx';
import { NextAttempt } from './next-attempt.tsx';
import { ViewsMenu } from './views-menu.tsx';
import { WebhookLink } from './webhook-link.tsx';

/** Where a detail has room beside the list. */
const IS_WIDE = '(min-width: 62em)';

/** Administration › Log viewer: the deliveries. */
export function DeliveriesPage() {
  const { t } = useTranslation();
  const search = useSearch({ from: '/signed-in/administration/log-viewer' });
  const navigate = useNavigate({ from: '/administration/log-viewer' });
  const [isReplaying, setReplaying] = useState(false);
  const mayReplay = useMay('operator');
  const query = useQuery(deliveriesQuery(search));
  const { cursor, open } = search;
  const filter = filterOf(search);

  /** Goes to the first page of what is asked for now. */
  function change(members: { [Key in keyof DeliveryFilter]?: DeliveryFilter[Key] | undefined }): void {
    void navigate({ search: given<DeliverySearch>({ ...filter, ...members }), replace: true });
  }

  const columns = useColumns(search);
  return (
    <Page
      title={t('shell.places.logViewer')}
      lead={t('log.deliveries.lead')}
      actions={
        <>
          <ViewsMenu filter={filter} onChoose={(chosen) => void navigate({ search: chosen })} />
          <ExportMenu filter={filter} />
          {mayReplay && (
            <Button
              variant="default"
              leftSection={<IconPlayerTrackNext size={16} aria-hidden />}
              onClick={() => setReplaying(true)}
            >
              {t('log.bulk.button')}
            </Button>
          )}
        </>
      }
    >
      <LogTabs />
      <DeliveryFilters filter={filter} onChange={change} />
      {cursor === undefined && query.data !== undefined && (
        <FreshDeliveries
          key={JSON.stringify(filter)}
          filter={filter}
          shown={query.data}
          onShow={() => void query.refetch()}
        />
      )}
      <ListView
        query={query}
        empty={{ title: t('log.deliveries.empty'), hint: t('log.deliveries.emptyHint') }}
        onClearFilters={Object.keys(filter).length === 0 ? undefined : () => void navigate({ search: {} })}
        cursor={cursor}
        onPage={(to) => void navigate({ search: given<DeliverySearch>({ ...filter, cursor: to }) })}
      >
        {(items) => <DataTable caption={t('log.tabs.deliveries')} columns={columns} items={items} />}
      </ListView>
      {open !== undefined && (
        <DeliveryDrawer
          id={open}
          shown={search}
          onShow={(part) => void navigate({ search: { ...search, ...part }, replace: true })}
          onOpen={(id) => void navigate({ search: given<DeliverySearch>({ ...filter, cursor, open: id }) })}
        />
      )}
      {isReplaying && <BulkReplayDialog filter={filter} onClose={() => setReplaying(false)} />}
    </Page>
  );
}

function useColumns(search: DeliverySearch): Column<Delivery>[] {
  const { t } = useTranslation();
  const isWide = useMediaQuery(IS_WIDE, true, { getInitialValueInEffect: false });
  return useMemo(() => {
    const { attempt, part, ...list } = search;
    return [
      {
        heading: t('log.deliveries.event'),
        isRowHeader: true,
        cell: ({ id, eventType }) =>
          isWide ? (
            <PageLink inherit to="/administration/log-viewer" search={{ ...list, open: id }} resetScroll={false}>
              {eventType}
            </PageLink>
          ) : (
            <PageLink inherit to="/administration/log-viewer/deliveries/$id" params={{ id }}>
              {eventType}
            </PageLink>
          ),
      },
      { heading: t('log.deliveries.state'), isNarrow: true, cell: ({ state }) => <DeliveryStatus state={state} /> },
      { heading: t('log.deliveries.webhook'), cell: ({ webhookId }) => <WebhookLink id={webhookId} /> },
      { heading: t('log.deliveries.attempts'), isNarrow: true, cell: ({ attemptCount }) => attemptCount },
      {
        heading: t('log.deliveries.next'),
        isNarrow: true,
        cell: (delivery) => <NextAttempt delivery={delivery} />,
      },
      { heading: t('log.deliveries.createdAt'), isNarrow: true, cell: ({ createdAt }) => <Instant at={createdAt} /> },
    ];
  }, [t, isWide, search]);
}

const FORMATS = ['csv', 'ndjson'] as const;

/** The whole of the list as a file. The browser fetches it, with the cookie. */
function ExportMenu({ filter }: { filter: DeliveryFilter }) {
  const { t } = useTranslation();

  function address(format: (typeof FORMATS)[number]): string {
    const members = Object.entries({ ...filterQuery(filter), format });
    return `/api/v1/deliveries/export?${new URLSearchParams(members.map(([name, value]) => [name, String(value)]))}`;
  }

  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button variant="default" leftSection={<IconDownload size={16} aria-hidden />}>
          {t('log.export.label')}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {FORMATS.map((format) => (
          <Menu.Item key={format} component="a" href={address(format)} download>
            {t(`log.export.${format}`)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

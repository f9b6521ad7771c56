import { Button, Group, Modal, Select, Stack, Text } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMay } from '../../api/session.ts';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { ListView } from '../../ui/list-view.tsx';
import { Page } from '../../ui/page.tsx';
import { PageButton, PageLink } from '../../ui/page-link.tsx';
import { SearchField } from '../../ui/search-field.tsx';
import { ConnectionTest } from './connection-test.tsx';
import { EventsSummary } from './events-summary.tsx';
import { healthQuery } from './health.ts';
import { LastDay, LastResult } from './health-view.tsx';
import { testSaved, useWebhookActions } from './webhook-actions.ts';
import { WebhookMenu } from './webhook-menu.tsx';
import { allWebhooksQuery, hostOf, type Webhook } from './webhook-queries.ts';
import { isFound, STATES, type StateFilter } from './webhook-search.ts';
import { WebhookState } from './webhook-state.tsx';
import { WebhookTabs } from './webhook-tabs.tsx';

/** So many rows at once: more would keep the page from answering while it is typed into the search. */
const ROWS = 25;

/** Settings › Notification services › Webhooks. */
export function WebhooksPage() {
  const { t } = useTranslation();
  const search = useSearch({ from: '/signed-in/settings/notification-services/webhooks' });
  const navigate = useNavigate({ from: '/settings/notification-services/webhooks' });
  const mayCreate = useMay('admin');
  const { isDeleted } = useWebhookActions();
  const query = useQuery({
    ...allWebhooksQuery,
    select: (all) => ({
      items: all.filter((webhook) => isFound(webhook, search) && !isDeleted(webhook.id)),
      next: null,
    }),
  });
  const { data: health } = useQuery(healthQuery);
  const [testing, setTesting] = useState<Webhook | null>(null);
  const [rows, setRows] = useState(ROWS);
  const hasFilter = search.q !== undefined || search.state !== undefined;

  function filter(change: { q?: string | undefined; state?: StateFilter | undefined }): void {
    const { q, state } = { ...search, ...change };
    void navigate({ search: { ...(q ? { q } : {}), ...(state ? { state } : {}) }, replace: true });
  }

  const columns: Column<Webhook>[] = [
    {
      heading: t('common.name'),
      isRowHeader: true,
      cell: ({ id, name, url, method }) => (
        <Stack gap={2} miw="11rem">
          <PageLink
            to="/settings/notification-services/webhooks/$id"
            params={{ id }}
            fw={600}
            size="sm"
            className="clamped"
          >
            {name}
          </PageLink>
          <Text size="xs" c="dimmed" className="clamped" title={url}>
            {method} {hostOf(url)}
          </Text>
        </Stack>
      ),
    },
    { heading: t('webhooks.settings.eventTypes'), cell: ({ eventTypes }) => <EventsSummary eventTypes={eventTypes} /> },
    { heading: t('webhooks.list.state'), cell: (webhook) => <WebhookState webhook={webhook} /> },
    { heading: t('webhooks.list.lastResult'), cell: ({ id }) => <LastResult health={health?.get(id)} /> },
    { heading: t('webhooks.list.lastDay'), cell: ({ id }) => <LastDay health={health?.get(id)} /> },
  ];

  return (
    <Page
      title={t('shell.places.webhooks')}
      lead={t('webhooks.list.lead')}
      actions={
        mayCreate && (
          <PageButton
            to="/settings/notification-services/webhooks/new"
            leftSection={<IconPlus size={16} aria-hidden />}
          >
            {t('webhooks.list.create')}
          </PageButton>
        )
      }
    >
      <WebhookTabs />
      <Group gap="sm" role="search" align="end">
        <SearchField
          label={t('webhooks.list.searchLabel')}
          hint={t('webhooks.list.search')}
          value={search.q ?? ''}
          onSearch={(q) => filter({ q })}
        />
        <Select
          label={t('webhooks.list.state')}
          placeholder={t('webhooks.list.anyState')}
          clearable
          clearButtonProps={{ 'aria-label': t('webhooks.list.anyState') }}
          w={180}
          data={STATES.map((value) => ({ value, label: t(`webhooks.list.states.${value}`) }))}
          value={search.state ?? null}
          onChange={(state) => filter({ state: (state as StateFilter | null) ?? undefined })}
        />
      </Group>
      <ListView
        query={query}
        empty={{
          title: t('webhooks.list.empty'),
          hint: t('webhooks.list.emptyHint'),
          action: mayCreate && (
            <PageButton to="/settings/notification-services/webhooks/new">{t('webhooks.list.create')}</PageButton>
          ),
        }}
        onClearFilters={hasFilter ? () => filter({ q: undefined, state: undefined }) : undefined}
        onPage={() => undefined}
      >
        {(items) => (
          <>
            <DataTable
              caption={t('shell.places.webhooks')}
              columns={columns}
              items={items.slice(0, rows)}
              actions={(webhook) => <WebhookMenu webhook={webhook} onTest={() => setTesting(webhook)} />}
            />
            {items.length > rows && (
              <Group justify="center">
                <Button variant="default" onClick={() => setRows(rows + ROWS)}>
                  {t('webhooks.list.more', { count: items.length - rows })}
                </Button>
              </Group>
            )}
          </>
        )}
      </ListView>
      {testing !== null && <TestDialog webhook={testing} onClose={() => setTesting(null)} />}
    </Page>
  );
}

function TestDialog({ webhook: { id, name }, onClose }: { webhook: Webhook; onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Modal
      opened
      onClose={onClose}
      size="xl"
      title={t('webhooks.test.of', { name })}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      <ConnectionTest send={(eventType) => testSaved(id, eventType)} />
    </Modal>
  );
}

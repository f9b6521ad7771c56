import { Badge, Button, Group, Paper, Stack, Text, TextInput } from '@mantine/core';
import { IconBuildingWarehouse, IconPlus, IconUsersGroup } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMay } from '../../api/session.ts';
import { Callout } from '../../ui/callout.tsx';
import { ListView } from '../../ui/list-view.tsx';
import { Page } from '../../ui/page.tsx';
import { PageButton, PageLink } from '../../ui/page-link.tsx';
import { SearchField } from '../../ui/search-field.tsx';
import { EventsSummary } from './events-summary.tsx';
import { Section } from './section.tsx';
import { type Row, type StationMap, stationMapOf } from './stations.ts';
import { useWebhookActions } from './webhook-actions.ts';
import { allWebhooksQuery, hostOf, type Webhook } from './webhook-queries.ts';
import { WebhookState } from './webhook-state.tsx';

const NEW = '/settings/notification-services/webhooks/new';

/** Integrations › Webhooks: which station and partner has which webhook, and what the rest goes to. */
export function StationsPage() {
  const { t } = useTranslation();
  const { q = '' } = useSearch({ from: '/signed-in/integrations/webhooks' });
  const navigate = useNavigate({ from: '/integrations/webhooks' });
  const mayCreate = useMay('admin');
  const { isDeleted } = useWebhookActions();
  const query = useQuery({
    ...allWebhooksQuery,
    select: (all) => ({ items: all.filter(({ id }) => !isDeleted(id)), next: null }),
  });
  const map = stationMapOf(query.data?.items ?? []);
  const isFound = ({ id, webhooks }: Row) =>
    [id, ...webhooks.map(({ name }) => name)].some((text) => text.toLowerCase().includes(q.toLowerCase()));
  const rows = { ...query, data: query.data && { items: map.rows.filter(isFound), next: null } };

  const search = (text: string) => void navigate({ search: text === '' ? {} : { q: text }, replace: true });
  return (
    <Page title={t('shell.places.webhooksByStation')} lead={t('webhooks.stations.lead')}>
      {mayCreate && <AddPanel />}
      {query.data !== undefined && <Rest map={map} />}
      <Group maw={420}>
        <SearchField
          label={t('webhooks.list.searchLabel')}
          hint={t('webhooks.stations.search')}
          value={q}
          onSearch={search}
        />
      </Group>
      <ListView
        query={rows as Parameters<typeof ListView<Row>>[0]['query']}
        empty={{ title: t('webhooks.stations.empty'), hint: t('webhooks.stations.emptyHint') }}
        onClearFilters={q === '' ? undefined : () => search('')}
        onPage={() => undefined}
      >
        {(items) => (
          <Stack component="ul" className="places" gap="sm">
            {items.map((row) => (
              <li key={`${row.kind} ${row.id}`}>
                <RowCard row={row} hasFallback={map.fallback.some(({ enabled }) => enabled)} />
              </li>
            ))}
          </Stack>
        )}
      </ListView>
    </Page>
  );
}

/** Stations are texts until there are any: typed in, and taken to the form. */
function AddPanel() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [stationId, setStationId] = useState('');
  const [partnerId, setPartnerId] = useState('');

  function add(event: React.FormEvent): void {
    event.preventDefault();
    const search = {
      ...(stationId.trim() === '' ? {} : { stationId: stationId.trim() }),
      ...(partnerId.trim() === '' ? {} : { partnerId: partnerId.trim() }),
    };
    void navigate({ to: NEW, search });
  }

  return (
    <Section title={t('webhooks.stations.addTitle')} lead={t('webhooks.stations.addHint')}>
      <form onSubmit={add}>
        <Group align="end">
          <TextInput
            label={t('webhooks.stations.stationId')}
            placeholder="sta_…"
            value={stationId}
            onChange={(event) => setStationId(event.currentTarget.value)}
          />
          <TextInput
            label={t('webhooks.stations.partnerId')}
            placeholder="ptn_…"
            value={partnerId}
            onChange={(event) => setPartnerId(event.currentTarget.value)}
          />
          <Button
            type="submit"
            disabled={stationId.trim() === '' && partnerId.trim() === ''}
            leftSection={<IconPlus size={16} aria-hidden />}
          >
            {t('webhooks.stations.add')}
          </Button>
        </Group>
      </form>
    </Section>
  );
}

/** What is told of messages beside the webhooks of stations. */
function Rest({ map: { fallback, always } }: { map: StationMap }) {
  const { t } = useTranslation();
  const mayCreate = useMay('admin');
  return (
    <>
      <Section title={t('webhooks.stations.all')} lead={t('webhooks.stations.allHint')}>
        {fallback.length === 0 ? (
          <Callout kind="waiting" title={t('webhooks.stations.noFallback')}>
            {mayCreate && (
              <PageButton to={NEW} search={{ routing: 'unmatched' }} size="compact-sm" variant="default">
                {t('webhooks.stations.createFallback')}
              </PageButton>
            )}
          </Callout>
        ) : (
          <WebhookLines webhooks={fallback} />
        )}
      </Section>
      {always.length > 0 && (
        <Section title={t('webhooks.stations.always')} lead={t('webhooks.stations.alwaysHint')}>
          <WebhookLines webhooks={always} />
        </Section>
      )}
    </>
  );
}

function RowCard({ row: { id, kind, webhooks }, hasFallback }: { row: Row; hasFallback: boolean }) {
  const { t } = useTranslation();
  const mayCreate = useMay('admin');
  const isTold = webhooks.some(({ enabled }) => enabled);
  const Icon = kind === 'station' ? IconBuildingWarehouse : IconUsersGroup;
  const outcome = isTold ? 'fallbackUnused' : hasFallback ? 'fallbackUsed' : 'noneTold';
  return (
    <Paper withBorder p="md" radius="md">
      <Group justify="space-between" mb="xs">
        <Group gap="xs">
          <Icon size={18} aria-hidden />
          <Text fw={600} className="long-text">
            {id}
          </Text>
          <Badge variant="default">{t(`webhooks.stations.${kind}`)}</Badge>
        </Group>
        {mayCreate && (
          <PageButton
            to={NEW}
            search={kind === 'station' ? { stationId: id } : { partnerId: id }}
            size="compact-sm"
            variant="default"
            aria-label={t('webhooks.stations.createFor', { name: id })}
          >
            {t('webhooks.stations.create')}
          </PageButton>
        )}
      </Group>
      <WebhookLines webhooks={webhooks} isOfStation={kind === 'station'} />
      <Text size="xs" c="dimmed" mt="xs">
        {t(`webhooks.stations.${outcome}`)}
      </Text>
    </Paper>
  );
}

function WebhookLines({ webhooks, isOfStation = false }: { webhooks: readonly Webhook[]; isOfStation?: boolean }) {
  const { t } = useTranslation();
  return (
    <ul className="webhook-lines">
      {webhooks.map((webhook) => (
        <li key={webhook.id}>
          <Line webhook={webhook}>
            {isOfStation && (webhook.scope.partnerIds?.length ?? 0) > 0 && (
              <Text size="xs" c="dimmed">
                {t('webhooks.stations.withPartner', { ids: webhook.scope.partnerIds?.join(', ') })}
              </Text>
            )}
          </Line>
        </li>
      ))}
    </ul>
  );
}

function Line({ webhook, children }: { webhook: Webhook; children: ReactNode }) {
  const { id, name, url, eventTypes } = webhook;
  return (
    <Group gap="md" justify="space-between">
      <Stack gap={0} flex="1 1 14rem">
        <PageLink
          to="/settings/notification-services/webhooks/$id"
          params={{ id }}
          size="sm"
          fw={500}
          className="clamped"
        >
          {name}
        </PageLink>
        <Text size="xs" c="dimmed" className="clamped">
          {hostOf(url)}
        </Text>
        {children}
      </Stack>
      <EventsSummary eventTypes={eventTypes} />
      <WebhookState webhook={webhook} />
    </Group>
  );
}

import { Autocomplete, Button, Group, Text } from '@mantine/core';
import { IconArrowUp, IconSend } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { eventTypesQuery } from '../../api/event-types.ts';
import { useMay } from '../../api/session.ts';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { Instant } from '../../ui/instant.tsx';
import { ListView } from '../../ui/list-view.tsx';
import { Page } from '../../ui/page.tsx';
import { PageLink } from '../../ui/page-link.tsx';
import { SearchField } from '../../ui/search-field.tsx';
import { useDraft } from '../../ui/use-draft.ts';
import { given } from '../list-search.ts';
import { TimeFilter } from '../time-filter.tsx';
import type { TimeSearch } from '../time-range.ts';
import type { EventFilter, EventSearch } from './event-search.ts';
import { type EventItem, eventsQuery, newestEventQuery, subjectsOf } from './events.ts';
import { Outcomes, useFreshOutcomes } from './outcomes.tsx';

/** Events: what has happened, newest first. */
export function EventsPage() {
  const { t } = useTranslation();
  const search = useSearch({ from: '/signed-in/events' });
  const navigate = useNavigate({ from: '/events' });
  const mayPublish = useMay('operator');
  const query = useQuery(eventsQuery(search));
  useFreshOutcomes();
  const { cursor, ...filter } = search;

  /** Goes to the first page of what is asked for now. */
  function change(members: { [Key in keyof EventFilter]?: EventFilter[Key] | undefined }): void {
    void navigate({ search: given<EventSearch>({ ...filter, ...members }), replace: true });
  }

  const columns: Column<EventItem>[] = [
    {
      heading: t('events.type'),
      isRowHeader: true,
      cell: ({ id, type }) => (
        <PageLink inherit to="/events/$id" params={{ id }}>
          {type}
        </PageLink>
      ),
    },
    {
      heading: t('events.about'),
      cell: ({ data }) => (
        <Text size="sm" className="long-text" lineClamp={2} miw={110}>
          {subjectsOf(data).join(' · ')}
        </Text>
      ),
    },
    { heading: t('events.deliveries'), cell: ({ id }) => <Outcomes eventId={id} /> },
    { heading: t('events.sequence'), isNarrow: true, cell: ({ sequence }) => sequence },
    { heading: t('events.createdAt'), isNarrow: true, cell: ({ createdAt }) => <Instant at={createdAt} /> },
  ];

  const publish = mayPublish && <PublishLink />;
  return (
    <Page title={t('shell.places.events')} lead={t('events.lead')} actions={publish}>
      <Filters filter={filter} onChange={change} />
      {cursor === undefined && query.data !== undefined && (
        <FreshEvents filter={filter} shown={query.data.items[0] ?? null} onShow={() => void query.refetch()} />
      )}
      <ListView
        query={query}
        empty={{ title: t('events.empty'), hint: t('events.emptyHint'), action: publish }}
        onClearFilters={Object.keys(filter).length === 0 ? undefined : () => void navigate({ search: {} })}
        cursor={cursor}
        onPage={(to) => void navigate({ search: given<EventSearch>({ ...filter, cursor: to }) })}
      >
        {(items) => <DataTable caption={t('shell.places.events')} columns={columns} items={items} />}
      </ListView>
    </Page>
  );
}

function PublishLink() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  return (
    <Button leftSection={<IconSend size={16} aria-hidden />} onClick={() => void navigate({ to: '/events/publish' })}>
      {t('events.publish')}
    </Button>
  );
}

interface FiltersProps {
  filter: EventFilter;
  onChange: (change: { [Key in keyof EventFilter]?: EventFilter[Key] | undefined }) => void;
}

function Filters({ filter, onChange }: FiltersProps) {
  const { t } = useTranslation();
  const { data: types = [] } = useQuery(eventTypesQuery);
  const { q, range, from, to } = filter;
  const [type, typeType] = useDraft(filter.type ?? '', (draft) =>
    onChange({ type: draft.trim() === '' ? undefined : draft.trim() }),
  );
  return (
    <Group component="search" aria-label={t('log.filter.label')} align="end" gap="sm">
      <SearchField
        label={t('log.filter.search')}
        hint={t('events.searchHint')}
        value={q ?? ''}
        onSearch={(text) => onChange({ q: text === '' ? undefined : text })}
      />
      <Autocomplete
        label={t('events.type')}
        placeholder={t('events.typeHint')}
        w={{ base: '100%', xs: 260 }}
        limit={50}
        value={type}
        data={types.map((entry) => entry.type)}
        onChange={typeType}
      />
      <TimeFilter
        value={given<TimeSearch>({ range, from, to })}
        onChange={(time) => onChange({ range: undefined, from: undefined, to: undefined, ...time })}
      />
    </Group>
  );
}

interface FreshEventsProps {
  filter: EventFilter;
  /** The first event on the screen. */
  shown: EventItem | null;
  onShow: () => void;
}

/** Says that there are newer events, and shows them when somebody wants that. Sequences have no gap, so they count. */
function FreshEvents({ filter, shown, onShow }: FreshEventsProps) {
  const { t } = useTranslation();
  const { data: newest } = useQuery(newestEventQuery(filter));
  const count = newest === undefined || newest === null ? 0 : newest.sequence - (shown?.sequence ?? 0);
  if (count <= 0) return null;
  const isAll = Object.keys(filter).length === 0;
  return (
    <Group justify="center">
      <Button variant="light" size="compact-md" leftSection={<IconArrowUp size={16} aria-hidden />} onClick={onShow}>
        {isAll ? t('events.fresh', { count }) : t('events.freshPerhaps')}
      </Button>
    </Group>
  );
}

import './log.css';
import { Group, Select, Stack, Switch, Text } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { api, dataOf } from '../../api/client.ts';
import { Facts } from '../../ui/facts.tsx';
import { Instant } from '../../ui/instant.tsx';
import { ListView } from '../../ui/list-view.tsx';
import { Page } from '../../ui/page.tsx';
import { PageLink } from '../../ui/page-link.tsx';
import { SearchField } from '../../ui/search-field.tsx';
import { Status } from '../../ui/status.tsx';
import type { StatusKind } from '../../ui/theme.ts';
import { given } from '../list-search.ts';
import { readOn } from '../read-on.ts';
import { TimeFilter } from '../time-filter.tsx';
import { instantsOf, type TimeSearch } from '../time-range.ts';
import { LogTabs } from './log-tabs.tsx';
import { isLogLevel, LOG_LEVELS, type LogLevel, type SystemLogSearch } from './system-log-search.ts';

const FOLLOW_EVERY_MS = 2_000;

interface Line {
  at: string;
  level: LogLevel;
  message: string;
  [field: string]: unknown;
}

const KINDS: Record<LogLevel, StatusKind> = {
  trace: 'neutral',
  debug: 'neutral',
  info: 'neutral',
  warn: 'waiting',
  error: 'bad',
  fatal: 'bad',
};

/** Administration › Log viewer › System log. */
export function SystemLogPage() {
  const { t } = useTranslation();
  const search = useSearch({ from: '/signed-in/administration/log-viewer/system' });
  const navigate = useNavigate({ from: '/administration/log-viewer/system' });
  const { cursor, follow, q, level, ...time } = search;
  const isFollowing = follow === true && cursor === undefined;
  const query = useQuery({
    queryKey: ['logs', search],
    queryFn: ({ signal }) =>
      readOn((from) => {
        const filter = given<{ q?: string; level?: LogLevel; cursor?: string }>({ q, level, cursor: from });
        return dataOf(api.GET('/api/v1/logs', { params: { query: { ...filter, ...instantsOf(time) } }, signal }));
      }, cursor),
    placeholderData: keepPreviousData,
    refetchInterval: isFollowing && FOLLOW_EVERY_MS,
  });

  /** Goes to the first page of what is asked for now. */
  function change(members: { [Key in keyof SystemLogSearch]?: SystemLogSearch[Key] | undefined }): void {
    void navigate({ search: given<SystemLogSearch>({ ...search, cursor: undefined, ...members }), replace: true });
  }

  const isFiltered = q !== undefined || level !== undefined || Object.keys(time).length > 0;
  return (
    <Page title={t('shell.places.logViewer')} lead={t('log.system.lead')}>
      <LogTabs />
      <Group component="search" aria-label={t('log.filter.label')} align="end" gap="sm">
        <SearchField
          label={t('log.filter.search')}
          hint={t('log.system.searchHint')}
          value={q ?? ''}
          onSearch={(text) => change({ q: text === '' ? undefined : text })}
        />
        <Select
          label={t('log.system.level')}
          w={{ base: '100%', xs: 190 }}
          allowDeselect={false}
          value={level ?? 'any'}
          data={[
            { value: 'any', label: t('log.system.anyLevel') },
            ...LOG_LEVELS.slice(1).map((name) => ({
              value: name,
              label: t('log.system.andAbove', { level: t(`log.system.levels.${name}`) }),
            })),
          ]}
          onChange={(value) => change({ level: isLogLevel(value) ? value : undefined })}
        />
        <TimeFilter
          value={time}
          onChange={(next: TimeSearch) => change({ range: undefined, from: undefined, to: undefined, ...next })}
        />
        <Switch
          label={t('log.system.follow')}
          mb={8}
          checked={isFollowing}
          onChange={({ currentTarget }) => change({ follow: currentTarget.checked ? true : undefined })}
        />
      </Group>
      <ListView
        query={query}
        empty={{ title: t('log.system.empty') }}
        onClearFilters={isFiltered ? () => void navigate({ search: follow === true ? { follow } : {} }) : undefined}
        cursor={cursor}
        onPage={(to) => void navigate({ search: given<SystemLogSearch>({ ...search, cursor: to }) })}
      >
        {(lines) => <Lines lines={lines as readonly Line[]} />}
      </ListView>
    </Page>
  );
}

function Lines({ lines }: { lines: readonly Line[] }) {
  const { t } = useTranslation();
  return (
    <Stack component="ul" gap={0} className="log-lines" aria-label={t('log.system.lines')}>
      {withKeys(lines).map(([key, line]) => (
        <li key={key} className="log-line-item">
          <LogLine line={line} />
        </li>
      ))}
    </Stack>
  );
}

/** Lines have no id: what they say is one, and how many of the same are older. */
function withKeys(lines: readonly Line[]): [string, Line][] {
  const counts = new Map<string, number>();
  return lines
    .toReversed()
    .map((line): [string, Line] => {
      const text = `${line.at} ${line.message}`;
      const count = counts.get(text) ?? 0;
      counts.set(text, count + 1);
      return [`${text} ${count}`, line];
    })
    .reverse();
}

/** What a field holds. Ids of what has a page lead there. */
function FieldValue({ name, value }: { name: string; value: unknown }) {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  if (name === 'deliveryId' && value !== null) {
    return (
      <PageLink inherit to="/administration/log-viewer/deliveries/$id" params={{ id: text }}>
        {text}
      </PageLink>
    );
  }
  if (name === 'eventId' && value !== null) {
    return (
      <PageLink inherit to="/events/$id" params={{ id: text }}>
        {text}
      </PageLink>
    );
  }
  return text;
}

/** What a line says beside ids, and then those, as far as it fits; all of it unfolds. */
function inBrief(fields: Readonly<Record<string, unknown>>): string {
  return Object.entries(fields)
    .filter(([name, value]) => name !== 'pid' && typeof value !== 'object')
    .toSorted(([one], [other]) => Number(isId(one)) - Number(isId(other)))
    .slice(0, MOST_IN_BRIEF)
    .map(([name, value]) => `${name}=${String(value).slice(0, LONGEST_IN_BRIEF)}`)
    .join('  ');
}

/** Ids tell a reader least. */
function isId(name: string): boolean {
  return /^(id|.*Id)$/.test(name);
}

const MOST_IN_BRIEF = 8;
const LONGEST_IN_BRIEF = 60;

/** A line, which unfolds to its fields. */
function LogLine({ line: { at, level, message, ...fields } }: { line: Line }) {
  const { t } = useTranslation();
  const entries = Object.entries(fields);
  return (
    <details className="log-line">
      <summary>
        <span className="log-line-at">
          <Instant at={at} show="absolute" />
        </span>
        <Status kind={KINDS[level]}>{t(`log.system.levels.${level}`)}</Status>
        <span className="log-line-message">{message}</span>
        <span className="log-line-fields">{inBrief(fields)}</span>
      </summary>
      {entries.length === 0 ? (
        <Text size="sm" c="dimmed" p="sm">
          {t('log.system.noFields')}
        </Text>
      ) : (
        <Facts
          facts={entries.map(([name, value]) => [name, <FieldValue key={name} name={name} value={value} />])}
          isCode
        />
      )}
    </details>
  );
}

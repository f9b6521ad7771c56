import { Button, Progress, Stack, Text } from '@mantine/core';
import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, dataOf } from '../../api/client.ts';
import { useMay } from '../../api/session.ts';
import { Confirm } from '../../ui/confirm.tsx';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { Instant } from '../../ui/instant.tsx';
import { ListView } from '../../ui/list-view.tsx';
import { Page } from '../../ui/page.tsx';
import { Status } from '../../ui/status.tsx';
import type { StatusKind } from '../../ui/theme.ts';
import { LogTabs } from './log-tabs.tsx';
import { WebhookLink } from './webhook-link.tsx';

const QUERY_KEY = ['replays', 'list'];
/** How often is looked how far a running one has come. */
const LOOK_EVERY_MS = 1_000;

type Replay = Awaited<ReturnType<typeof readReplays>>['items'][number];

function readReplays(cursor?: string) {
  return dataOf(api.GET('/api/v1/replays', { params: { query: cursor === undefined ? {} : { cursor } } }));
}

const KINDS: Record<Replay['state'], StatusKind> = { running: 'busy', completed: 'good', cancelled: 'neutral' };

/** Administration › Log viewer › Replays: how far each has come. */
export function ReplaysPage() {
  const { t } = useTranslation();
  const { cursor } = useSearch({ from: '/signed-in/administration/log-viewer/replays' });
  const navigate = useNavigate({ from: '/administration/log-viewer/replays' });
  const cache = useQueryClient();
  const mayCancel = useMay('operator');
  const [toCancel, setToCancel] = useState<Replay | null>(null);
  const query = useQuery({
    queryKey: [...QUERY_KEY, { cursor }],
    queryFn: () => readReplays(cursor),
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) => (state.data?.items.some(isRunning) === true ? LOOK_EVERY_MS : false),
  });

  async function cancel({ id }: Replay): Promise<void> {
    await dataOf(api.POST('/api/v1/replays/{id}/cancel', { params: { path: { id } } }));
    await cache.invalidateQueries({ queryKey: QUERY_KEY });
  }

  const columns: Column<Replay>[] = [
    { heading: t('log.replays.what'), isRowHeader: true, cell: (replay) => <What replay={replay} /> },
    {
      heading: t('log.deliveries.webhook'),
      cell: ({ webhookId }) => (webhookId === null ? t('log.replays.allWebhooks') : <WebhookLink id={webhookId} />),
    },
    {
      heading: t('log.deliveries.state'),
      isNarrow: true,
      cell: ({ state }) => <Status kind={KINDS[state]}>{t(`log.replays.states.${state}`)}</Status>,
    },
    { heading: t('log.replays.progress'), cell: (replay) => <HowFar replay={replay} /> },
    { heading: t('log.deliveries.createdAt'), isNarrow: true, cell: ({ createdAt }) => <Instant at={createdAt} /> },
  ];

  return (
    <Page title={t('shell.places.logViewer')} lead={t('log.replays.lead')}>
      <LogTabs />
      <ListView
        query={query}
        empty={{ title: t('log.replays.empty'), hint: t('log.replays.emptyHint') }}
        cursor={cursor}
        onPage={(to) => void navigate({ search: to === undefined ? {} : { cursor: to } })}
      >
        {(items) => (
          <DataTable
            caption={t('log.tabs.replays')}
            columns={columns}
            items={items}
            actions={(replay) =>
              mayCancel &&
              isRunning(replay) && (
                <Button
                  variant="subtle"
                  color="red"
                  size="compact-sm"
                  aria-label={t('log.replays.cancelOf', { id: replay.id })}
                  onClick={() => setToCancel(replay)}
                >
                  {t('log.replays.cancel')}
                </Button>
              )
            }
          />
        )}
      </ListView>
      {toCancel !== null && (
        <Confirm
          title={t('log.replays.cancelTitle')}
          hint={t('log.replays.cancelHint')}
          verb={t('log.replays.cancel')}
          act={() => cancel(toCancel)}
          onClose={() => setToCancel(null)}
        />
      )}
    </Page>
  );
}

function isRunning({ state }: Replay): boolean {
  return state === 'running';
}

/** Which events, in words. */
function What({ replay }: { replay: Replay }) {
  const { t, i18n } = useTranslation();
  const { eventIds, eventTypes, states, from, to, body } = replay;
  const inWords = (at: string | null) =>
    new Intl.DateTimeFormat(i18n.language, { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(at ?? 0));
  const isFromTheStart = from !== null && Date.parse(from) === 0;
  const range = isFromTheStart
    ? t('log.replays.upTo', { to: inWords(to) })
    : t('log.replays.between', { from: inWords(from), to: inWords(to) });
  const details = [
    ...(eventTypes ?? []),
    ...(states ?? []).map((state) => t(`log.states.${state}`)),
    ...(body === 'exact' ? [t('log.replays.exact')] : []),
  ];
  return (
    <>
      <Text inherit>{eventIds === null ? range : t('log.replays.events', { count: eventIds.length })}</Text>
      {details.length > 0 && (
        <Text size="sm" c="dimmed" fw={400} className="long-text">
          {details.join(' · ')}
        </Text>
      )}
    </>
  );
}

function HowFar({ replay: { count, done, skipped } }: { replay: Replay }) {
  const { t } = useTranslation();
  return (
    <Stack gap={2} miw={140}>
      <Text size="sm">{t('log.replays.progressOf', { done, count })}</Text>
      <Progress value={count === 0 ? 100 : (done / count) * 100} aria-label={t('log.replays.progress')} />
      {skipped > 0 && (
        <Text size="sm" c="dimmed">
          {t('log.replays.skipped', { count: skipped })}
        </Text>
      )}
    </Stack>
  );
}

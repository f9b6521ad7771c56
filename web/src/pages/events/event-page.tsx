import { Button, Skeleton, Stack, Text, Title } from '@mantine/core';
import { IconPlayerTrackNext } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { type ReactNode, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useChanges } from '../../api/live.ts';
import { useMay } from '../../api/session.ts';
import type { Change } from '../../api/stream.ts';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { Facts } from '../../ui/facts.tsx';
import { Id } from '../../ui/id.tsx';
import { Instant } from '../../ui/instant.tsx';
import { Page } from '../../ui/page.tsx';
import { PageLink } from '../../ui/page-link.tsx';
import { ProblemAlert } from '../../ui/problem-alert.tsx';
import { TextView } from '../../ui/text-view.tsx';
import type { Delivery } from '../log/delivery.ts';
import { DeliveryStatus } from '../log/delivery-status.tsx';
import { isOneOf } from '../log/error-codes.ts';
import { NextAttempt } from '../log/next-attempt.tsx';
import { ReplayDialog } from '../log/replay-dialog.tsx';
import { WebhookLink } from '../log/webhook-link.tsx';
import { type EventWithAudience, eventQuery } from './events.ts';

/** An event: what it says, where it went, and why it went nowhere else. */
export function EventPage() {
  const { t } = useTranslation();
  const { id } = useParams({ from: '/signed-in/events/$id' });
  const cache = useQueryClient();
  const query = useQuery(eventQuery(id));
  const [isReplaying, setReplaying] = useState(false);
  const mayReplay = useMay('operator');
  const readAgain = () => void cache.invalidateQueries({ queryKey: eventQuery(id).queryKey });
  useChanges('delivery', {
    onChanges(changes: readonly Change[]) {
      if ((changes as readonly Delivery[]).some(({ eventId }) => eventId === id)) readAgain();
    },
    onReset: readAgain,
  });

  const event = query.data;
  return (
    <Page
      title={event === undefined ? t('events.event') : t('events.titleOf', { type: event.type })}
      lead={<Id id={id} />}
      actions={
        mayReplay &&
        event !== undefined && (
          <Button
            variant="default"
            leftSection={<IconPlayerTrackNext size={16} aria-hidden />}
            onClick={() => setReplaying(true)}
          >
            {t('events.replay')}
          </Button>
        )
      }
    >
      {event !== undefined && <Story event={event} />}
      {query.isPending && <Skeleton height={320} role="status" aria-label={t('common.list.loading')} />}
      {query.isError && event === undefined && (
        <ProblemAlert title={t('events.failed')} error={query.error} onTryAgain={() => void query.refetch()} />
      )}
      {isReplaying && <ReplayDialog eventId={id} onClose={() => setReplaying(false)} />}
    </Page>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Stack gap="sm">
      <Title order={2} size="h4">
        {title}
      </Title>
      {children}
    </Stack>
  );
}

function Story({ event }: { event: EventWithAudience }) {
  const { t } = useTranslation();
  const { id, createdAt, occurredAt, sequence, deliveries } = event;
  const data = useMemo(() => JSON.stringify(event.data), [event.data]);
  return (
    <>
      <Facts
        isStrip
        facts={[
          [t('events.createdAt'), <Instant key="created" at={createdAt} show="both" />],
          [t('events.occurredAt'), <Instant key="occurred" at={occurredAt} show="both" />],
          [t('events.sequence'), sequence],
        ]}
      />
      <Part title={t('events.sentTo')}>
        {deliveries.length === 0 ? (
          <Text>
            {t('events.sentToNobody')}.{' '}
            <Text span c="dimmed">
              {t('events.sentToNobodyHint')}
            </Text>
          </Text>
        ) : (
          <>
            <Deliveries deliveries={deliveries} />
            <PageLink to="/administration/log-viewer" search={{ eventId: id }}>
              {t('events.inLog')}
            </PageLink>
          </>
        )}
      </Part>
      <Part title={t('events.notSentTo')}>
        <Unmatched unmatched={event.unmatched} />
      </Part>
      <Part title={t('events.data')}>
        <TextView text={data} contentType="application/json" label={t('events.data')} />
      </Part>
    </>
  );
}

function Deliveries({ deliveries }: Pick<EventWithAudience, 'deliveries'>) {
  const { t } = useTranslation();
  const columns: Column<Delivery>[] = [
    {
      heading: t('log.deliveries.webhook'),
      isRowHeader: true,
      cell: ({ webhookId }) => <WebhookLink id={webhookId} />,
    },
    { heading: t('log.deliveries.state'), isNarrow: true, cell: ({ state }) => <DeliveryStatus state={state} /> },
    { heading: t('log.deliveries.attempts'), isNarrow: true, cell: ({ attemptCount }) => attemptCount },
    {
      heading: t('log.deliveries.next'),
      isNarrow: true,
      cell: (delivery) => <NextAttempt delivery={delivery} />,
    },
    {
      heading: t('log.detail.delivery'),
      cell: ({ id }) => (
        <PageLink to="/administration/log-viewer/deliveries/$id" params={{ id }} ff="monospace" size="sm">
          {id}
        </PageLink>
      ),
    },
  ];
  return <DataTable caption={t('events.sentTo')} columns={columns} items={deliveries} />;
}

const RULES = [
  'about_itself',
  'event_type',
  'scope',
  'created_later',
  'disabled',
  'routing',
  'changed_since',
  'deleted',
] as const;

function Unmatched({ unmatched }: Pick<EventWithAudience, 'unmatched'>) {
  const { t } = useTranslation();
  if (unmatched.length === 0) return <Text c="dimmed">{t('events.notSentToNone')}</Text>;
  const columns: Column<{ id: string; name: string; because: string }>[] = [
    {
      heading: t('log.deliveries.webhook'),
      isRowHeader: true,
      cell: ({ id, name, because }) => (because === 'deleted' ? name : <WebhookLink id={id} />),
    },
    {
      heading: t('events.rule'),
      cell: ({ because }) => (isOneOf(RULES, because) ? t(`events.reasons.${because}`) : because),
    },
  ];
  const items = unmatched.map(({ webhookId, name, because }) => ({ id: webhookId, name, because }));
  return <DataTable caption={t('events.notSentTo')} columns={columns} items={items} />;
}

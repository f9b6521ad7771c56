import './log.css';
import { Button, Group, Skeleton, Stack, Title } from '@mantine/core';
import { IconPlayerTrackNext, IconRefresh, IconX } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, dataOf } from '../../api/client.ts';
import { useChanges } from '../../api/live.ts';
import { useMay } from '../../api/session.ts';
import { Confirm } from '../../ui/confirm.tsx';
import { Facts } from '../../ui/facts.tsx';
import { Id } from '../../ui/id.tsx';
import { Instant } from '../../ui/instant.tsx';
import { notify } from '../../ui/notify.ts';
import { PageLink } from '../../ui/page-link.tsx';
import { ProblemAlert } from '../../ui/problem-alert.tsx';
import { Attempts } from './attempts.tsx';
import { DELIVERY_LISTS, deliveryQuery } from './deliveries.ts';
import { type DeliveryWithAttempts, isOpen } from './delivery.ts';
import type { DetailSearch } from './delivery-search.ts';
import { DeliveryStatus } from './delivery-status.tsx';
import { ExchangeView } from './exchange-view.tsx';
import { ReplayDialog } from './replay-dialog.tsx';
import { WebhookLink } from './webhook-link.tsx';
import { WhyNot } from './why-not.tsx';

interface DeliveryDetailProps {
  id: string;
  shown: DetailSearch;
  /** Shows another attempt, or another part of it. */
  onShow: (shown: DetailSearch) => void;
  /** The level of its headings: one below that of whatever it stands in. */
  headings: 2 | 3;
  /** Goes to another delivery. */
  onOpen: (id: string) => void;
  /** Told whether it asks something, in a dialog of its own. */
  onAsking?: (isAsking: boolean) => void;
}

/** All there is to say of a delivery. It follows what happens. */
export function DeliveryDetail({ id, ...others }: DeliveryDetailProps) {
  const { t } = useTranslation();
  const cache = useQueryClient();
  const query = useQuery(deliveryQuery(id));
  const readAgain = () => void cache.invalidateQueries({ queryKey: deliveryQuery(id).queryKey });
  useChanges('delivery', {
    onChanges: (changes) => changes.some((change) => change.id === id) && readAgain(),
    onReset: readAgain,
  });
  if (query.data !== undefined) return <Story delivery={query.data} {...others} />;
  if (query.isPending) return <Skeleton height={320} role="status" aria-label={t('common.list.loading')} />;
  return <ProblemAlert title={t('log.detail.failed')} error={query.error} onTryAgain={() => void query.refetch()} />;
}

function Story({
  delivery,
  headings,
  shown,
  onShow,
  onOpen,
  onAsking,
}: Omit<DeliveryDetailProps, 'id'> & { delivery: DeliveryWithAttempts }) {
  const { t } = useTranslation();
  const { attempts } = delivery;
  const chosen = attempts.find(({ number }) => number === shown.attempt) ?? attempts.at(-1);
  return (
    <Stack gap="lg">
      <Overview delivery={delivery} />
      <Actions delivery={delivery} onOpen={onOpen} onAsking={onAsking ?? (() => undefined)} />
      <WhyNot delivery={delivery} />
      <Part title={t('log.attempts.title')} level={headings}>
        <Attempts
          delivery={delivery}
          chosen={chosen?.number ?? null}
          onChoose={(attempt) => onShow({ ...shown, attempt })}
        />
      </Part>
      {chosen !== undefined && (
        <Part title={t('log.attempts.numbered', { number: chosen.number })} level={headings}>
          <ExchangeView attempt={chosen} part={shown.part} onPart={(part) => onShow({ ...shown, part })} />
        </Part>
      )}
    </Stack>
  );
}

function Part({ title, level, children }: { title: string; level: 2 | 3; children: ReactNode }) {
  return (
    <Stack gap="xs">
      <Title order={level} size="h5">
        {title}
      </Title>
      {children}
    </Stack>
  );
}

function Overview({ delivery }: { delivery: DeliveryWithAttempts }) {
  const { t } = useTranslation();
  const { id, eventId, eventType, webhookId, state, createdAt, attemptCount, sequence, replayOf } = delivery;
  return (
    <Facts
      isStrip
      facts={[
        [t('log.deliveries.state'), <DeliveryStatus key="state" state={state} />],
        [
          t('log.deliveries.event'),
          <PageLink key="event" inherit to="/events/$id" params={{ id: eventId }} className="long-text">
            {eventType}
          </PageLink>,
        ],
        [t('log.deliveries.webhook'), <WebhookLink key="webhook" id={webhookId} />],
        [t('log.deliveries.createdAt'), <Instant key="at" at={createdAt} show="both" />],
        [t('log.deliveries.attempts'), attemptCount],
        ...(sequence === null ? [] : [[t('log.detail.sequence'), sequence] as const]),
        [t('log.detail.delivery'), <Id key="id" id={id} />],
        ...(replayOf === null
          ? []
          : [
              [
                t('log.detail.replayOf'),
                <PageLink key="of" inherit to="/administration/log-viewer/deliveries/$id" params={{ id: replayOf }}>
                  {replayOf}
                </PageLink>,
              ] as const,
            ]),
      ]}
    />
  );
}

interface ActionsProps {
  delivery: DeliveryWithAttempts;
  onOpen: (id: string) => void;
  onAsking: (isAsking: boolean) => void;
}

/** What may be done with it; nothing for those who may only look. */
function Actions({ delivery, onOpen, onAsking }: ActionsProps) {
  const { t } = useTranslation();
  const cache = useQueryClient();
  const mayAct = useMay('operator');
  const [asked, setAsked] = useState<'cancel' | 'replay' | null>(null);
  const { id, eventId, eventType, webhookId } = delivery;
  const params = { path: { id } };

  function ask(what: typeof asked): void {
    setAsked(what);
    onAsking(what !== null);
  }

  const retry = useMutation({
    mutationFn: () => dataOf(api.POST('/api/v1/deliveries/{id}/retry', { params })),
    async onSuccess(made) {
      const isOther = made.id !== id;
      notify({ message: t(isOther ? 'log.detail.retriedAnew' : 'log.detail.retried') });
      await cache.invalidateQueries({ queryKey: ['deliveries'] });
      if (isOther) onOpen(made.id);
    },
  });

  async function cancel(): Promise<void> {
    await dataOf(api.POST('/api/v1/deliveries/{id}/cancel', { params }));
    await cache.invalidateQueries({ queryKey: deliveryQuery(id).queryKey });
    await cache.invalidateQueries({ queryKey: DELIVERY_LISTS });
  }

  if (!mayAct) return null;
  const isTest = eventType === 'webhook.test';
  return (
    <>
      <Group gap="sm">
        {!isTest && (
          <Button
            leftSection={<IconRefresh size={16} aria-hidden />}
            loading={retry.isPending}
            onClick={() => retry.mutate()}
          >
            {t('log.detail.retry')}
          </Button>
        )}
        {!isTest && (
          <Button
            variant="default"
            leftSection={<IconPlayerTrackNext size={16} aria-hidden />}
            onClick={() => ask('replay')}
          >
            {t('log.detail.replay')}
          </Button>
        )}
        {isOpen(delivery) && (
          <Button variant="default" leftSection={<IconX size={16} aria-hidden />} onClick={() => ask('cancel')}>
            {t('log.detail.cancel')}
          </Button>
        )}
      </Group>
      {retry.isError && <ProblemAlert title={t('log.detail.failedTo')} error={retry.error} />}
      {asked === 'cancel' && (
        <Confirm
          title={t('log.detail.cancelTitle')}
          hint={t('log.detail.cancelHint')}
          verb={t('log.detail.cancel')}
          act={cancel}
          onClose={() => ask(null)}
        />
      )}
      {asked === 'replay' && <ReplayDialog eventId={eventId} webhookId={webhookId} onClose={() => ask(null)} />}
    </>
  );
}

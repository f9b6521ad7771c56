import { Button, Group, Paper, Stack, Text, Title } from '@mantine/core';
import { IconSend } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { useMay } from '../../api/session.ts';
import { Instant } from '../../ui/instant.tsx';
import { PageLink } from '../../ui/page-link.tsx';
import { ProblemAlert } from '../../ui/problem-alert.tsx';
import { TextView } from '../../ui/text-view.tsx';
import { AnswerSwitch } from '../inbox/answer-switch.tsx';
import { type Inbox, type InboxRequest, inboxQuery, requestQuery } from '../inbox/inboxes.ts';
import { SignatureAlert } from '../inbox/request-detail.tsx';
import { deliveriesQuery } from '../log/deliveries.ts';
import { DeliveryStatus } from '../log/delivery-status.tsx';
import { usePublishSample } from './steps.ts';

interface ArrivedProps {
  inbox: Inbox;
  /** What it has received last. */
  latest: InboxRequest | null;
  /** Told when something was done. */
  onDone: () => Promise<void>;
}

/** What the inbox has received, and what there is to try with it. */
export function Arrived({ inbox, latest, onDone }: ArrivedProps) {
  const { t } = useTranslation();
  return (
    <>
      {latest === null ? (
        <Text role="status">{t('welcome.arrived.waiting')}</Text>
      ) : (
        <Request name={inbox.name} request={latest} />
      )}
      <BreakIt inbox={inbox} onDone={onDone} />
    </>
  );
}

function Request({ name, request }: { name: string; request: InboxRequest }) {
  const { t } = useTranslation();
  const { id, method, path, eventType, receivedAt } = request;
  const { data: whole } = useQuery(requestQuery(name, id));
  return (
    <Paper component="section" withBorder p="md" aria-label={t('welcome.arrived.title')}>
      <Stack gap="md">
        <Group justify="space-between">
          <Title order={2} size="h4">
            {t('welcome.arrived.title')}
          </Title>
          <PageLink to="/integrations/inbox/$name" params={{ name }}>
            {t('welcome.arrived.open')}
          </PageLink>
        </Group>
        <SignatureAlert signature={request.signature} />
        <Text size="sm" className="long-text">
          <strong>
            {method} {path}
          </strong>{' '}
          {eventType} · <Instant at={receivedAt} />
        </Text>
        {whole?.body && <TextView text={whole.body} contentType={whole.contentType ?? ''} label={t('inbox.body')} />}
      </Stack>
    </Paper>
  );
}

/** The promise, shown: a receiver that fails loses nothing. */
function BreakIt({ inbox, onDone }: Pick<ArrivedProps, 'inbox' | 'onDone'>) {
  const { t } = useTranslation();
  const mayPublish = useMay('operator');
  const publishSample = usePublishSample();
  const publish = useMutation({ mutationFn: publishSample, onSettled: onDone });
  const { data: version } = useQuery(inboxQuery(inbox.name));
  return (
    <Paper component="section" withBorder p="md" aria-label={t('welcome.break.title')}>
      <Stack gap="md">
        <div>
          <Title order={2} size="h4">
            {t('welcome.break.title')}
          </Title>
          <Text c="dimmed" size="sm">
            {t('welcome.break.hint')}
          </Text>
        </div>
        {version !== undefined && <AnswerSwitch inbox={version.data} etag={version.etag} />}
        <Group>
          {mayPublish && (
            <Button
              variant="default"
              leftSection={<IconSend size={16} aria-hidden />}
              loading={publish.isPending}
              onClick={() => publish.mutate()}
            >
              {t('welcome.break.publish')}
            </Button>
          )}
          {inbox.webhookIds[0] !== undefined && <LatestDelivery webhookId={inbox.webhookIds[0]} />}
        </Group>
        {publish.isError && <ProblemAlert title={t('common.form.problems')} error={publish.error} />}
      </Stack>
    </Paper>
  );
}

/** How often is looked how the delivery stands. */
const LOOK_EVERY_MS = 2_000;

function LatestDelivery({ webhookId }: { webhookId: string }) {
  const { t } = useTranslation();
  const { data } = useQuery({ ...deliveriesQuery({ webhookId }), refetchInterval: LOOK_EVERY_MS });
  const delivery = data?.items[0];
  if (delivery === undefined) return null;
  const { id, state, attemptCount, nextAttemptAt } = delivery;
  return (
    <Group gap="xs" role="status">
      <PageLink to="/administration/log-viewer/deliveries/$id" params={{ id }}>
        {t('welcome.break.delivery')}
      </PageLink>
      <DeliveryStatus state={state} />
      <Text size="sm">
        {t('welcome.break.attempts', { count: attemptCount })}
        {nextAttemptAt !== null && state === 'retrying' && (
          <>
            {', '}
            {t('welcome.break.next')} <Instant at={nextAttemptAt} />
          </>
        )}
      </Text>
    </Group>
  );
}

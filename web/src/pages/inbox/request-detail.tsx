import { Alert, Group, Paper, Skeleton, Stack, Tabs, Text, Title } from '@mantine/core';
import { IconCircleCheck, IconInfoCircle, IconShieldX } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import type { TFunction } from 'i18next';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Facts } from '../../ui/facts.tsx';
import { Instant } from '../../ui/instant.tsx';
import { PageLink } from '../../ui/page-link.tsx';
import { ProblemAlert } from '../../ui/problem-alert.tsx';
import { TextView } from '../../ui/text-view.tsx';
import { given } from '../list-search.ts';
import { answerInWords } from './answers.ts';
import { type InboxRequest, requestQuery, type WholeRequest } from './inboxes.ts';

/** All there is to say of a request that an inbox has received. */
export function RequestDetail({ name, id }: { name: string; id: string }) {
  const { t } = useTranslation();
  const query = useQuery(requestQuery(name, id));
  if (query.data !== undefined) return <Whole request={query.data} />;
  if (query.isPending) return <Skeleton height={320} role="status" aria-label={t('common.list.loading')} />;
  return <ProblemAlert title={t('inbox.requestGone')} error={query.error} />;
}

function Whole({ request }: { request: WholeRequest }) {
  const { t } = useTranslation();
  const { part = 'body', cursor } = useSearch({ from: '/signed-in/integrations/inbox/$name' });
  const navigate = useNavigate({ from: '/integrations/inbox/$name' });
  const { id, method, path, headers } = request;
  const entries = Object.entries(headers);

  function show(wanted: string | null): void {
    const part = wanted === 'headers' ? { part: 'headers' as const } : {};
    void navigate({ search: { ...given<{ cursor?: string }>({ cursor }), request: id, ...part }, replace: true });
  }

  return (
    <Paper component="section" withBorder p="md" aria-label={t('inbox.request')}>
      <Stack gap="md">
        <Title order={2} size="h4" ff="monospace" className="long-text">
          {method} {path}
        </Title>
        <SignatureAlert signature={request.signature} />
        <Facts facts={factsOf(request, t)} />
        <Tabs value={part} onChange={show} keepMounted={false}>
          <Tabs.List>
            <Tabs.Tab value="body">{t('inbox.body')}</Tabs.Tab>
            <Tabs.Tab value="headers">
              {t('inbox.headers')} ({entries.length})
            </Tabs.Tab>
          </Tabs.List>
          <Tabs.Panel value="body" pt="md">
            <Body request={request} />
          </Tabs.Panel>
          <Tabs.Panel value="headers" pt="md">
            <Facts facts={entries} isCode />
          </Tabs.Panel>
        </Tabs>
      </Stack>
    </Paper>
  );
}

const LOOKS = {
  valid: { color: 'green', Icon: IconCircleCheck },
  wrong: { color: 'red', Icon: IconShieldX },
  not_checked: { color: 'gray', Icon: IconInfoCircle },
} as const;

/** The verdict on the signature, and why it is so. */
export function SignatureAlert({ signature: { verdict, scheme, reason } }: Pick<InboxRequest, 'signature'>) {
  const { t } = useTranslation();
  const { color, Icon } = LOOKS[verdict];
  return (
    <Alert color={color} variant="light" icon={<Icon aria-hidden />} title={t(`inbox.verdicts.${verdict}`)}>
      <Text size="sm" className="long-text">
        {verdict === 'valid' ? t('inbox.validHint', { scheme }) : reason}
      </Text>
    </Alert>
  );
}

function factsOf(request: WholeRequest, t: TFunction): [string, ReactNode][] {
  const { receivedAt, eventType, eventId, deliveryId, attemptNumber, answer } = request;
  return [
    [t('inbox.receivedAt'), <Instant key="at" at={receivedAt} show="both" />],
    ...(eventType === null ? [] : [[t('inbox.eventType'), eventType] as [string, ReactNode]]),
    ...(eventId === null ? [] : [[t('inbox.event'), <EventLink key="event" id={eventId} />] as [string, ReactNode]]),
    ...(deliveryId === null
      ? []
      : [[t('inbox.delivery'), <DeliveryLink key="delivery" id={deliveryId} />] as [string, ReactNode]]),
    ...(attemptNumber === null ? [] : [[t('inbox.attemptLabel'), attemptNumber] as [string, ReactNode]]),
    [t('inbox.answered'), answerInWords(answer, t)],
  ];
}

/** Whoever can reach the server may send an id: what does not look like one of ours leads nowhere. */
const OUR_ID = /^(evt|dlv)_[0-9a-z]{26}$/;

function EventLink({ id }: { id: string }) {
  if (!OUR_ID.test(id)) return id;
  return (
    <PageLink to="/events/$id" params={{ id }} size="sm">
      {id}
    </PageLink>
  );
}

function DeliveryLink({ id }: { id: string }) {
  if (!OUR_ID.test(id)) return id;
  return (
    <PageLink to="/administration/log-viewer/deliveries/$id" params={{ id }} size="sm">
      {id}
    </PageLink>
  );
}

function Body({ request: { body, bodyBase64, bodyBytes, contentType } }: { request: WholeRequest }) {
  const { t } = useTranslation();
  if (bodyBytes === 0) return <Text c="dimmed">{t('inbox.noBody')}</Text>;
  if (body !== null) return <TextView text={body} contentType={contentType ?? ''} label={t('inbox.body')} />;
  return (
    <Stack gap="xs">
      <Group>
        <Text c="dimmed">{t('inbox.notText')}</Text>
      </Group>
      <TextView text={bodyBase64 ?? ''} label={t('inbox.body')} />
    </Stack>
  );
}

import './inbox.css';
import { Button, Group, Paper, Skeleton, Stack, Tabs, Text } from '@mantine/core';
import { IconEraser, IconSend, IconTrash, IconWebhook } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, dataOf } from '../../api/client.ts';
import { useChanges } from '../../api/live.ts';
import { useMay } from '../../api/session.ts';
import { Confirm } from '../../ui/confirm.tsx';
import { CopyButton } from '../../ui/copy-button.tsx';
import { Page } from '../../ui/page.tsx';
import { ProblemAlert } from '../../ui/problem-alert.tsx';
import { WebhookLink } from '../log/webhook-link.tsx';
import { AnswerSwitch } from './answer-switch.tsx';
import { INBOXES_KEY, type Inbox, inboxQuery } from './inboxes.ts';
import { ReceiverExamples } from './receiver-examples.tsx';
import { RequestList } from './request-list.tsx';
import { WebhookDialog } from './webhook-dialog.tsx';

/** Integrations › Inbox › one of them: where to send to, what it answers, and what has arrived. */
export function InboxPage() {
  const { t } = useTranslation();
  const { name } = useParams({ from: '/signed-in/integrations/inbox/$name' });
  const cache = useQueryClient();
  const query = useQuery(inboxQuery(name));
  const readAgain = () => void cache.invalidateQueries({ queryKey: INBOXES_KEY }, { cancelRefetch: false });
  useChanges('delivery', { onChanges: readAgain, onReset: readAgain });
  if (query.data !== undefined) return <OneInbox inbox={query.data.data} etag={query.data.etag} />;
  return (
    <Page title={name}>
      {query.isPending && <Skeleton height={320} role="status" aria-label={t('common.list.loading')} />}
      {query.isError && (
        <ProblemAlert title={t('shell.failed')} error={query.error} onTryAgain={() => void query.refetch()} />
      )}
    </Page>
  );
}

type Question = 'webhook' | 'clear' | 'delete';

function OneInbox({ inbox, etag }: { inbox: Inbox; etag: string }) {
  const { t } = useTranslation();
  const { name } = inbox;
  const { tab = 'requests' } = useSearch({ from: '/signed-in/integrations/inbox/$name' });
  const navigate = useNavigate({ from: '/integrations/inbox/$name' });
  const cache = useQueryClient();
  const [question, setQuestion] = useState<Question | null>(null);
  const params = { path: { name } };

  async function clear(): Promise<void> {
    await dataOf(api.DELETE('/api/v1/inboxes/{name}/requests', { params }));
    await navigate({ search: {} });
    await cache.invalidateQueries({ queryKey: INBOXES_KEY });
  }

  async function remove(): Promise<void> {
    await dataOf(api.DELETE('/api/v1/inboxes/{name}', { params }));
    await navigate({ to: '/integrations/inbox' });
    await cache.invalidateQueries({ queryKey: INBOXES_KEY });
  }

  return (
    <Page title={name} lead={t('inbox.oneLead')} actions={<Actions inbox={inbox} onAsk={setQuestion} />}>
      <Paper withBorder p="md">
        <Stack gap="md">
          <div className="inbox-url">
            <span className="long-text">{inbox.url}</span>
            <CopyButton text={inbox.url} what={t('inbox.urlOf', { name })} isCompact />
          </div>
          <AnswerSwitch inbox={inbox} etag={etag} />
          <Senders inbox={inbox} />
        </Stack>
      </Paper>
      <Tabs
        value={tab}
        onChange={(value) => void navigate({ search: value === 'verify' ? { tab: 'verify' } : {} })}
        keepMounted={false}
      >
        <Tabs.List>
          <Tabs.Tab value="requests">
            {t('inbox.requests')} ({inbox.requestCount})
          </Tabs.Tab>
          <Tabs.Tab value="verify">{t('inbox.verify')}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="requests" pt="md">
          <RequestList name={name} />
        </Tabs.Panel>
        <Tabs.Panel value="verify" pt="md">
          <ReceiverExamples />
        </Tabs.Panel>
      </Tabs>
      {question === 'webhook' && <WebhookDialog inbox={inbox} onClose={() => setQuestion(null)} />}
      {question === 'clear' && (
        <Confirm
          title={t('inbox.clearQuestion')}
          hint={t('inbox.clearHint')}
          verb={t('inbox.clear')}
          act={clear}
          onClose={() => setQuestion(null)}
        />
      )}
      {question === 'delete' && (
        <Confirm
          title={t('inbox.deleteQuestion', { name })}
          hint={t('inbox.deleteHint')}
          verb={t('common.delete')}
          act={remove}
          onClose={() => setQuestion(null)}
        />
      )}
    </Page>
  );
}

function Actions({ inbox, onAsk }: { inbox: Inbox; onAsk: (question: Question) => void }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const mayMakeWebhooks = useMay('admin');
  if (!useMay('operator')) return null;
  const hasWebhook = inbox.webhookIds.length > 0;
  return (
    <>
      {mayMakeWebhooks && (
        <Button
          variant={hasWebhook ? 'default' : 'filled'}
          leftSection={<IconWebhook size={16} aria-hidden />}
          onClick={() => onAsk('webhook')}
        >
          {t('inbox.webhook')}
        </Button>
      )}
      {hasWebhook && (
        <Button
          leftSection={<IconSend size={16} aria-hidden />}
          onClick={() => void navigate({ to: '/events/publish' })}
        >
          {t('inbox.publish')}
        </Button>
      )}
      {inbox.requestCount > 0 && (
        <Button variant="default" leftSection={<IconEraser size={16} aria-hidden />} onClick={() => onAsk('clear')}>
          {t('inbox.clear')}
        </Button>
      )}
      {!hasWebhook && (
        <Button
          variant="default"
          leftSection={<IconTrash size={16} aria-hidden />}
          aria-label={t('common.deleteOf', { name: inbox.name })}
          onClick={() => onAsk('delete')}
        >
          {t('common.delete')}
        </Button>
      )}
    </>
  );
}

/** The webhooks that send there. */
function Senders({ inbox: { webhookIds, droppedCount } }: { inbox: Inbox }) {
  const { t } = useTranslation();
  return (
    <Group gap="xs">
      <Text size="sm" c="dimmed">
        {webhookIds.length === 0 ? t('inbox.noWebhooks') : t('inbox.sentBy')}
      </Text>
      {webhookIds.map((id) => (
        <Text key={id} size="sm" component="span">
          <WebhookLink id={id} />
        </Text>
      ))}
      {droppedCount > 0 && (
        <Text size="sm" c="dimmed">
          {t('inbox.dropped', { count: droppedCount })}
        </Text>
      )}
    </Group>
  );
}

import { Button, Code, Group, Modal, SimpleGrid, Stack, Text } from '@mantine/core';
import { IconPencil, IconPlugConnected } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Problem } from '../../api/problem.ts';
import { useMay } from '../../api/session.ts';
import { Callout } from '../../ui/callout.tsx';
import { Instant } from '../../ui/instant.tsx';
import { Page } from '../../ui/page.tsx';
import { PageButton, PageLink } from '../../ui/page-link.tsx';
import { ProblemAlert } from '../../ui/problem-alert.tsx';
import { ConnectionTest } from './connection-test.tsx';
import { healthQuery } from './health.ts';
import { HealthFacts } from './health-view.tsx';
import { RecentDeliveries } from './recent-deliveries.tsx';
import { Section } from './section.tsx';
import { SettingsSummary } from './settings-summary.tsx';
import { SigningSecret } from './signing-secret.tsx';
import { testSaved, useWebhookActions } from './webhook-actions.ts';
import { WebhookMenu } from './webhook-menu.tsx';
import { type Webhook, webhookQuery } from './webhook-queries.ts';
import { standingOf } from './webhook-search.ts';
import { insecureKey, WebhookState } from './webhook-state.tsx';

/** One webhook: how it stands and fares, what it was owed lately, and its settings. */
export function WebhookPage() {
  const { t } = useTranslation();
  const { id } = useParams({ from: '/signed-in/settings/notification-services/webhooks/$id' });
  const { data, error, refetch } = useQuery(webhookQuery(id));
  if (data !== undefined) return <Loaded webhook={data.data} />;
  const isMissing = error instanceof Problem && error.status === 404;
  return (
    <Page title={t(isMissing ? 'webhooks.detail.notFound' : 'shell.places.webhooks')}>
      {error !== null && <ProblemAlert title={t('shell.failed')} error={error} onTryAgain={() => void refetch()} />}
    </Page>
  );
}

function Loaded({ webhook }: { webhook: Webhook }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const mayAct = useMay('operator');
  const mayChange = useMay('admin');
  const [isTesting, setIsTesting] = useState(false);
  const { id, name, url, method } = webhook;
  return (
    <Page
      title={name}
      lead={
        <span className="long-text">
          {method} {url}
        </span>
      }
      actions={
        <>
          {mayAct && (
            <Button
              variant="default"
              leftSection={<IconPlugConnected size={16} aria-hidden />}
              onClick={() => setIsTesting(true)}
            >
              {t('webhooks.test.verb')}
            </Button>
          )}
          {mayChange && (
            <PageButton
              to="/settings/notification-services/webhooks/$id/edit"
              params={{ id }}
              leftSection={<IconPencil size={16} aria-hidden />}
            >
              {t('common.edit')}
            </PageButton>
          )}
          <WebhookMenu
            webhook={webhook}
            onTest={() => setIsTesting(true)}
            onRemoved={() => void navigate({ to: '/settings/notification-services/webhooks' })}
          />
        </>
      }
    >
      <Standing webhook={webhook} />
      <SimpleGrid cols={{ base: 1, lg: 2 }}>
        <Section title={t('webhooks.detail.secret')} lead={t('webhooks.detail.secretHint')}>
          <SigningSecret webhook={webhook} />
        </Section>
        <Section title={t('webhooks.detail.ledger')} lead={t('webhooks.detail.ledgerHint')}>
          <Stack gap="xs">
            <PageLink to="/settings/notification-services/webhooks/$id/ledger" params={{ id }} size="sm">
              {t('webhooks.detail.openLedger')}
            </PageLink>
            <dl className="settings-list">
              <dt>{t('webhooks.detail.id')}</dt>
              <dd>
                <Code>{id}</Code>
              </dd>
              <dt>{t('webhooks.detail.createdAt')}</dt>
              <dd>
                <Instant at={webhook.createdAt} show="both" />
              </dd>
              <dt>{t('webhooks.detail.updatedAt')}</dt>
              <dd>
                <Instant at={webhook.updatedAt} show="both" />
              </dd>
            </dl>
          </Stack>
        </Section>
      </SimpleGrid>
      <RecentDeliveries webhookId={id} />
      <Section title={t('webhooks.detail.settings')} lead={t('webhooks.detail.settingsLead')}>
        <SettingsSummary webhook={webhook} />
      </Section>
      {isTesting && (
        <Modal
          opened
          onClose={() => setIsTesting(false)}
          size="xl"
          title={t('webhooks.test.of', { name })}
          closeButtonProps={{ 'aria-label': t('common.close') }}
        >
          <ConnectionTest send={(eventType) => testSaved(id, eventType)} />
        </Modal>
      )}
    </Page>
  );
}

/** How it stands, what follows from that, and the way out. */
function Standing({ webhook }: { webhook: Webhook }) {
  const { t } = useTranslation();
  const { resume, pause, setEnabled } = useWebhookActions();
  const mayAct = useMay('operator');
  const mayChange = useMay('admin');
  const { data: health } = useQuery(healthQuery);
  const own = health?.get(webhook.id);
  const standing = standingOf(webhook);
  const { breaker, insecure = [] } = webhook;
  return (
    <Section title={t('webhooks.detail.health')}>
      <Group justify="space-between" align="start">
        <Stack gap="xs" flex="1 1 20rem">
          <WebhookState webhook={webhook} />
          {standing !== 'active' && <Text size="sm">{t(`webhooks.detail.${standing}`)}</Text>}
          {breaker !== null && (
            <Text size="sm" c="dimmed">
              {t('webhooks.detail.openedAt')} <Instant at={breaker.openedAt} />, {t('webhooks.detail.failedProbes')}:{' '}
              {breaker.failedProbes}
            </Text>
          )}
        </Stack>
        {mayAct && (standing === 'paused' || standing === 'gone') && (
          <Button onClick={() => void resume(webhook)}>{t('webhooks.resume')}</Button>
        )}
        {mayAct && (standing === 'active' || standing === 'failing') && (
          <Button variant="default" onClick={() => void pause(webhook)}>
            {t('webhooks.pause')}
          </Button>
        )}
        {mayChange && standing === 'disabled' && (
          <Button onClick={() => void setEnabled(webhook, true)}>{t('webhooks.enable')}</Button>
        )}
      </Group>
      {own !== undefined && <HealthFacts health={own} />}
      {insecure.map((setting) => (
        <Callout key={setting} kind="bad" title={t(`webhooks.insecure.${insecureKey(setting)}`)}>
          {t(setting === 'allowInsecureHttp' ? 'webhooks.form.insecureHttpWarning' : 'webhooks.form.skipVerifyWarning')}
        </Callout>
      ))}
    </Section>
  );
}

import { Group, Paper, Stack, Text, Title } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { api, dataOf } from '../../api/client.ts';
import { useChanges } from '../../api/live.ts';
import { useIsBuilt } from '../../shell/use-places.ts';
import { Page } from '../../ui/page.tsx';
import { PageLink } from '../../ui/page-link.tsx';
import { Status } from '../../ui/status.tsx';

const ONE = { params: { query: { limit: 1 } } };

interface Step {
  title: string;
  hint: string;
  /** Where it is done. */
  to: string;
  isDone: boolean;
}

/** The three steps to the first webhook that arrives. */
export function StepsPage() {
  const { t } = useTranslation();
  const cache = useQueryClient();
  const webhooks = useQuery({ queryKey: ['webhooks', 'any'], queryFn: () => dataOf(api.GET('/api/v1/webhooks', ONE)) });
  const events = useQuery({ queryKey: ['events', 'any'], queryFn: () => dataOf(api.GET('/api/v1/events', ONE)) });
  const refresh = () => void cache.invalidateQueries({ predicate: ({ queryKey }) => queryKey[1] === 'any' });
  useChanges('delivery', { onChanges: refresh, onReset: refresh });
  const hasWebhook = (webhooks.data?.items.length ?? 0) > 0;
  const hasEvent = (events.data?.items.length ?? 0) > 0;

  const steps: Step[] = [
    {
      title: t('welcome.steps.receiver'),
      hint: t('welcome.steps.receiverHint'),
      to: '/integrations/inbox',
      isDone: hasWebhook,
    },
    {
      title: t('welcome.steps.webhook'),
      hint: t('welcome.steps.webhookHint'),
      to: '/settings/notification-services/webhooks',
      isDone: hasWebhook,
    },
    { title: t('welcome.steps.event'), hint: t('welcome.steps.eventHint'), to: '/events', isDone: hasEvent },
  ];

  return (
    <Page title={t('welcome.title')} lead={t('welcome.lead')}>
      <Stack component="ol" className="places">
        {steps.map((step, index) => (
          <li key={step.to}>
            <StepCard {...step} title={`${index + 1}. ${step.title}`} />
          </li>
        ))}
      </Stack>
    </Page>
  );
}

function StepCard({ title, hint, to, isDone }: Step) {
  const { t } = useTranslation();
  const isBuilt = useIsBuilt();
  return (
    <Paper withBorder p="md">
      <Group justify="space-between">
        <Title order={2} size="h4">
          {isBuilt(to) ? (
            <PageLink to={to} inherit>
              {title}
            </PageLink>
          ) : (
            title
          )}
        </Title>
        <Status kind={isDone ? 'good' : 'waiting'}>{t(isDone ? 'welcome.steps.done' : 'welcome.steps.toDo')}</Status>
      </Group>
      <Text c="dimmed">{hint}</Text>
    </Paper>
  );
}

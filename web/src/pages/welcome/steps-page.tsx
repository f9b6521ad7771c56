import { Button, Group, Paper, Stack, Text, Title } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { type Role, useMay } from '../../api/session.ts';
import { Page } from '../../ui/page.tsx';
import { ProblemAlert } from '../../ui/problem-alert.tsx';
import { Status } from '../../ui/status.tsx';
import { makeInbox, sendTo } from '../inbox/inboxes.ts';
import { Arrived } from './arrived.tsx';
import { useProgress, usePublishSample } from './steps.ts';

/** What the inbox of the first minutes is called. */
const INBOX = 'demo';

interface Step {
  title: string;
  hint: string;
  /** The verb on its button. */
  verb: string;
  /** Who may do it. */
  role: Role;
  isDone: boolean;
  /** Whether what it stands on is there. */
  isReady: boolean;
  act: () => Promise<unknown>;
}

/** The three steps to the first webhook that arrives, and what has arrived then. */
export function StepsPage() {
  const { t } = useTranslation();
  const { progress, refresh } = useProgress();
  const publishSample = usePublishSample();
  const { inbox, hasWebhook, hasEvent, latest } = progress;

  const steps: Step[] = [
    {
      title: t('welcome.steps.receiver'),
      hint: t('welcome.steps.receiverHint'),
      verb: t('welcome.steps.makeReceiver'),
      role: 'operator',
      isDone: inbox !== null,
      isReady: true,
      act: () => makeInbox(INBOX),
    },
    {
      title: t('welcome.steps.webhook'),
      hint: t('welcome.steps.webhookHint'),
      verb: t('welcome.steps.makeWebhook'),
      role: 'admin',
      isDone: hasWebhook,
      isReady: inbox !== null,
      act: async () => inbox && sendTo(inbox, t('inbox.webhookName', { name: inbox.name })),
    },
    {
      title: t('welcome.steps.event'),
      hint: t('welcome.steps.eventHint'),
      verb: t('welcome.steps.publish'),
      role: 'operator',
      isDone: hasEvent,
      isReady: hasWebhook,
      act: publishSample,
    },
  ];
  const isOver = steps.every(({ isDone }) => isDone);

  return (
    <Page title={t('welcome.title')} lead={t('welcome.lead')}>
      <Stack component="ol" className="places" gap="sm">
        {steps.map((step, index) => (
          <li key={step.title}>
            <StepCard step={step} number={index + 1} onDone={refresh} />
          </li>
        ))}
      </Stack>
      {isOver && inbox !== null && <Arrived inbox={inbox} latest={latest} onDone={refresh} />}
    </Page>
  );
}

function StepCard({ step, number, onDone }: { step: Step; number: number; onDone: () => Promise<void> }) {
  const { t } = useTranslation();
  const { title, hint, verb, role, isDone, isReady, act } = step;
  const may = useMay(role);
  const action = useMutation({ mutationFn: act, onSettled: onDone });
  return (
    <Paper withBorder p="md">
      <Group justify="space-between" align="center">
        <Stack gap={2} flex={1} miw={220}>
          <Title order={2} size="h4">
            {number}. {title}
          </Title>
          <Text c="dimmed" size="sm">
            {hint}
          </Text>
        </Stack>
        {may && !isDone && (
          <Button disabled={!isReady} loading={action.isPending} onClick={() => action.mutate()}>
            {verb}
          </Button>
        )}
        <Status kind={isDone ? 'good' : 'waiting'}>{t(isDone ? 'welcome.steps.done' : 'welcome.steps.toDo')}</Status>
      </Group>
      {action.isError && <ProblemAlert title={t('common.form.problems')} error={action.error} />}
    </Paper>
  );
}

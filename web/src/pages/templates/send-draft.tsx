import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import { IconSend } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { useMay } from '../../api/session.ts';
import { ProblemAlert } from '../../ui/problem-alert.tsx';
import { TextView } from '../../ui/text-view.tsx';
import { type Draft, type Exchange, type Sample, sendDraft, type Webhook } from './templates.ts';

interface SendDraftProps {
  webhook: Webhook;
  draft: Draft;
  sample: Sample;
}

/** Sends the preview to the webhook's receiver, and shows what comes back. Only a sample can be sent so. */
export function SendDraft({ webhook, draft, sample }: SendDraftProps) {
  const { t } = useTranslation();
  const eventType = 'eventType' in sample ? sample.eventType : null;
  const mayUseSecrets = useMay('admin');
  const send = useMutation({
    mutationFn: (type: string) => sendDraft(webhook, draft, { eventType: type, mayUseSecrets }),
  });
  return (
    <Stack gap="sm">
      <Group>
        <Button
          variant="default"
          leftSection={<IconSend size={16} aria-hidden />}
          disabled={eventType === null}
          loading={send.isPending}
          onClick={() => eventType !== null && send.mutate(eventType)}
        >
          {t('templates.send')}
        </Button>
        <Text size="xs" c="dimmed" flex={1} miw={220}>
          {t(eventType === null ? 'templates.sendSamplesOnly' : 'templates.sendHint')}
        </Text>
      </Group>
      {send.isError && <ProblemAlert title={t('templates.notSent')} error={send.error} />}
      {send.isSuccess && <Answer key={send.submittedAt} exchange={send.data} />}
    </Stack>
  );
}

function Answer({ exchange: { ok, response, error, timings } }: { exchange: Exchange }) {
  const { t } = useTranslation();
  const facts = { status: response?.status ?? 0, ms: Math.round(timings?.totalMs ?? 0) };
  return (
    <Alert role="status" color={ok ? 'green' : 'red'} title={t(ok ? 'templates.sent' : 'templates.notTaken')}>
      <Stack gap="xs">
        {response !== null && <Text size="sm">{t('templates.answered', facts)}</Text>}
        {error !== null && (
          <Text size="sm" className="long-text">
            {error.message} {error.remedy}
          </Text>
        )}
        {response !== null && response.body !== '' && (
          <TextView text={response.body} label={t('templates.answerBody')} />
        )}
      </Stack>
    </Alert>
  );
}

import { Radio, Select, Stack } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { api, dataOf } from '../../api/client.ts';
import { useOnceKeys } from '../../api/once.ts';
import { ApiFormView } from '../../forms/api-form.tsx';
import { useApiForm } from '../../forms/use-api-form.ts';
import { FormDialog } from '../../ui/form-dialog.tsx';
import { notify } from '../../ui/notify.ts';
import { useWebhookNames } from './deliveries.ts';

export const BODY_KINDS = ['rendered', 'exact'] as const;
export type BodyKind = (typeof BODY_KINDS)[number];

interface ReplayDialogProps {
  eventId: string;
  /** The webhook that is proposed; absent: none. */
  webhookId?: string;
  onClose: () => void;
}

/** Sends one event again: to the webhook it was for, or to another one. */
export function ReplayDialog({ eventId, webhookId = '', onClose }: ReplayDialogProps) {
  const { t } = useTranslation();
  const cache = useQueryClient();
  const once = useOnceKeys();
  const { webhooks, nameOf } = useWebhookNames();
  const form = useApiForm({
    initialValues: { webhookId, body: 'rendered' as BodyKind },
    async send(values) {
      const body = { ...values, eventIds: [eventId] };
      await dataOf(api.POST('/api/v1/replays', { body, params: { header: once(body) } }));
      notify({ isGood: true, message: t('log.replay.started') });
      onClose();
      await cache.invalidateQueries({ queryKey: ['deliveries'] });
      await cache.invalidateQueries({ queryKey: ['events'] });
    },
  });
  const isGone = webhookId !== '' && !webhooks.some(({ id }) => id === webhookId);
  return (
    <FormDialog title={t('log.replay.title')} onClose={onClose}>
      <ApiFormView form={form} verb={t('log.replay.start')} onCancel={onClose}>
        <Select
          label={t('log.replay.webhook')}
          description={t('log.replay.webhookHint')}
          searchable
          limit={100}
          allowDeselect={false}
          data-autofocus
          data={[
            ...webhooks.map(({ id, name }) => ({ value: id, label: name })),
            ...(isGone ? [{ value: webhookId, label: nameOf(webhookId) }] : []),
          ]}
          {...form.fields.getInputProps('webhookId')}
        />
        <BodyChoice {...form.fields.getInputProps('body')} />
      </ApiFormView>
    </FormDialog>
  );
}

interface BodyChoiceProps {
  value?: BodyKind;
  onChange?: (value: string) => void;
  error?: React.ReactNode;
}

/** Whether the body is made anew, or is the one that was sent first. */
export function BodyChoice(props: BodyChoiceProps) {
  const { t } = useTranslation();
  return (
    <Radio.Group label={t('log.replay.body')} {...props}>
      <Stack gap="xs" mt={4}>
        {BODY_KINDS.map((kind) => (
          <Radio key={kind} value={kind} label={t(`log.replay.${kind}`)} description={t(`log.replay.${kind}Hint`)} />
        ))}
      </Stack>
    </Radio.Group>
  );
}

import { Button, Code, Group, Stack, Text, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiFormView } from '../../forms/api-form.tsx';
import { useApiForm } from '../../forms/use-api-form.ts';
import { CopyButton } from '../../ui/copy-button.tsx';
import { FormDialog } from '../../ui/form-dialog.tsx';
import { PageLink } from '../../ui/page-link.tsx';
import { INBOXES_KEY, type Inbox, sendTo } from './inboxes.ts';

/** Makes a webhook to an inbox, and shows its signing secret, once. */
export function WebhookDialog({ inbox, onClose }: { inbox: Inbox; onClose: () => void }) {
  const { t } = useTranslation();
  const cache = useQueryClient();
  const [secret, setSecret] = useState<string | null>(null);
  const form = useApiForm({
    initialValues: { name: t('inbox.webhookName', { name: inbox.name }) },
    async send({ name }) {
      const { signingSecret } = await sendTo(inbox, name);
      setSecret(typeof signingSecret === 'string' ? signingSecret : null);
      await cache.invalidateQueries({ queryKey: INBOXES_KEY });
      await cache.invalidateQueries({ queryKey: ['webhooks'] });
      if (typeof signingSecret !== 'string') onClose();
    },
  });

  if (secret !== null) return <SecretDialog secret={secret} onClose={onClose} />;
  return (
    <FormDialog title={t('inbox.webhook')} onClose={onClose}>
      <Stack>
        <Text size="sm">{t('inbox.webhookHint')}</Text>
        <ApiFormView form={form} verb={t('common.create')} onCancel={onClose}>
          <TextInput label={t('common.name')} data-autofocus {...form.fields.getInputProps('name')} />
          <PageLink
            to="/settings/notification-services/webhooks/new"
            search={{ url: inbox.url, name: form.fields.values.name }}
          >
            {t('inbox.webhookAll')}
          </PageLink>
        </ApiFormView>
      </Stack>
    </FormDialog>
  );
}

function SecretDialog({ secret, onClose }: { secret: string; onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <FormDialog title={t('inbox.webhookMade')} onClose={onClose}>
      <Stack>
        <Text>{t('inbox.secretHint')}</Text>
        <Code block className="long-text">
          {secret}
        </Code>
        <Group justify="flex-end">
          <CopyButton text={secret} what={t('inbox.secret')} />
          <Button onClick={onClose}>{t('common.close')}</Button>
        </Group>
      </Stack>
    </FormDialog>
  );
}

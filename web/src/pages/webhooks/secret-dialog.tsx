import { Button, Code, Group, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { CopyButton } from '../../ui/copy-button.tsx';
import { FormDialog } from '../../ui/form-dialog.tsx';

/** Shows a signing secret, once. */
export function SecretDialog({ secret, onClose }: { secret: string; onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <FormDialog title={t('webhooks.secret.made')} onClose={onClose}>
      <Stack>
        <Text>{t('webhooks.secret.madeHint')}</Text>
        <Code block className="long-text">
          {secret}
        </Code>
        <Group justify="flex-end">
          <CopyButton text={secret} what={t('webhooks.secret.theSecret')} />
          <Button onClick={onClose}>{t('common.close')}</Button>
        </Group>
      </Stack>
    </FormDialog>
  );
}

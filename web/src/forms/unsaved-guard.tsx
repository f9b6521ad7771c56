import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useBlocker } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';

/** Asks before a page is left whose changes have not been saved. */
export function UnsavedGuard({ isDirty }: { isDirty: boolean }) {
  const { t } = useTranslation();
  const blocker = useBlocker({ shouldBlockFn: () => isDirty, enableBeforeUnload: isDirty, withResolver: true });
  if (blocker.status !== 'blocked') return null;
  return (
    <Modal opened onClose={blocker.reset} withCloseButton={false} title={t('common.form.unsaved')}>
      <Stack>
        <Text>{t('common.form.unsavedHint')}</Text>
        <Group justify="flex-end">
          <Button variant="default" data-autofocus onClick={blocker.reset}>
            {t('common.stay')}
          </Button>
          <Button color="red" onClick={blocker.proceed}>
            {t('common.discard')}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

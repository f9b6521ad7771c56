import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useBlocker } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';

interface Location {
  pathname: string;
  search: object;
}

interface UnsavedGuardProps {
  isDirty: boolean;
  /** Whether the changes outlive the way from one search of the page's URL to another; absent: they do not. */
  isSamePage?: (current: Location, next: Location) => boolean;
}

/** Asks before a page is left whose changes have not been saved. */
export function UnsavedGuard({ isDirty, isSamePage = () => false }: UnsavedGuardProps) {
  const { t } = useTranslation();
  const blocker = useBlocker({
    shouldBlockFn: ({ current, next }) => {
      const stays = current.pathname === next.pathname && isSamePage(current, next);
      return isDirty && !stays;
    },
    enableBeforeUnload: isDirty,
    withResolver: true,
  });
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

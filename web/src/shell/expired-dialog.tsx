import { Anchor, Modal, Stack, Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { isExpired } from '../api/credentials.ts';
import { useObservable } from '../api/observable.ts';
import { sessionQuery } from '../api/session.ts';
import { SignInForm } from './sign-in-form.tsx';

/** Above all other dialogs, which stay as they are below. */
const ABOVE_ALL = 1_000;

/**
 * Has whoever was signed in sign in again, over the page as it is. What was being sent goes on afterwards. Somebody else
 * has to begin anew: nothing may be sent in another name than it was written in.
 */
export function ExpiredDialog() {
  const { t } = useTranslation();
  const isOpen = useObservable(isExpired);
  const session = useQueryClient().getQueryData(sessionQuery.queryKey);
  if (!isOpen) return null;
  return (
    <Modal
      opened
      onClose={() => undefined}
      withCloseButton={false}
      closeOnEscape={false}
      closeOnClickOutside={false}
      zIndex={ABOVE_ALL}
      title={t('shell.signInAgain')}
    >
      <Stack>
        <Text>{t('shell.signInAgainHint')}</Text>
        <SignInForm email={session?.actor.email ?? undefined} />
        <Text size="sm">
          <Anchor href="/sign-in">{t('shell.signInAsOther')}</Anchor> {t('shell.signInAsOtherHint')}
        </Text>
      </Stack>
    </Modal>
  );
}

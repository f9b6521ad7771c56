import { Container } from '@mantine/core';
import { useQueryErrorResetBoundary } from '@tanstack/react-query';
import { type ErrorComponentProps, useRouter } from '@tanstack/react-router';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { ProblemAlert } from '../ui/problem-alert.tsx';

/** In the place of a page that failed, inside of the frame. */
export function Failed({ error }: ErrorComponentProps) {
  const { t } = useTranslation();
  const router = useRouter();
  const { reset } = useQueryErrorResetBoundary();
  // Without it, what has failed would not be read again when the page is tried again.
  useEffect(reset, [reset]);
  return <ProblemAlert title={t('shell.failed')} error={error} onTryAgain={() => void router.invalidate()} />;
}

/** The same where the frame itself could not be shown. */
export function FailedAlone(props: ErrorComponentProps) {
  return (
    <Container component="main" py="xl">
      <Failed {...props} />
    </Container>
  );
}

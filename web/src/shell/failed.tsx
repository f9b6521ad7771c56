import { Container } from '@mantine/core';
import { type ErrorComponentProps, useRouter } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { ProblemAlert } from '../ui/problem-alert.tsx';

/** In the place of a page that failed. */
export function Failed({ error }: ErrorComponentProps) {
  const { t } = useTranslation();
  const router = useRouter();
  return (
    <Container component="main" py="xl">
      <ProblemAlert title={t('shell.failed')} error={error} onTryAgain={() => void router.invalidate()} />
    </Container>
  );
}

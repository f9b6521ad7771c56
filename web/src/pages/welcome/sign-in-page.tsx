import { Alert } from '@mantine/core';
import { IconInfoCircle } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { SignInForm } from '../../shell/sign-in-form.tsx';
import { Entrance } from './entrance.tsx';
import { setupQuery } from './setup-query.ts';

/** `/sign-in`: leads on to the page that was asked for. */
export function SignInPage() {
  const { t } = useTranslation();
  const { to = '/' } = useSearch({ from: '/sign-in' });
  const navigate = useNavigate();
  const setup = useQuery(setupQuery);
  return (
    <Entrance title={t('shell.signIn')}>
      {setup.data?.needed && (
        <Alert title={t('welcome.noAdministrator')} icon={<IconInfoCircle aria-hidden />}>
          {t('welcome.noTokenHint')}
        </Alert>
      )}
      <SignInForm onSignedIn={() => void navigate({ href: to, replace: true })} />
    </Entrance>
  );
}

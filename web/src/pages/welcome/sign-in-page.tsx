import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { SignInForm } from '../../shell/sign-in-form.tsx';
import { Entrance } from './entrance.tsx';
import { NeedsLink, setupQuery } from './setup.tsx';

/** `/sign-in`: leads on to the page that was asked for. */
export function SignInPage() {
  const { t } = useTranslation();
  const { to = '/' } = useSearch({ from: '/sign-in' });
  const navigate = useNavigate();
  const setup = useQuery(setupQuery);
  if (setup.data?.needed) return <NeedsLink />;
  return (
    <Entrance title={t('shell.signIn')}>
      <SignInForm onSignedIn={() => void navigate({ href: to, replace: true })} />
    </Entrance>
  );
}

import { Loader, Text, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { api, dataOf } from '../../api/client.ts';
import { useSigningIn } from '../../api/session.ts';
import { ApiFormView } from '../../forms/api-form.tsx';
import { useApiForm } from '../../forms/use-api-form.ts';
import { PageLink } from '../../ui/page-link.tsx';
import { PasswordField } from '../../ui/password-field.tsx';
import { ProblemAlert } from '../../ui/problem-alert.tsx';
import { Entrance } from './entrance.tsx';
import { setupQuery } from './setup-query.ts';

/** `/welcome?token=…`: where the one-time link of a first start creates the administrator. */
export function WelcomePage() {
  const { t } = useTranslation();
  const { token } = useSearch({ from: '/welcome' });
  const setup = useQuery(setupQuery);

  if (setup.isPending) {
    return (
      <Entrance title={t('welcome.title')}>
        <Loader aria-label={t('common.list.loading')} />
      </Entrance>
    );
  }
  if (setup.isError) {
    return (
      <Entrance title={t('welcome.title')}>
        <ProblemAlert title={t('shell.failed')} error={setup.error} onTryAgain={() => void setup.refetch()} />
      </Entrance>
    );
  }
  if (!setup.data.needed) {
    return (
      <Entrance title={t('welcome.done')} lead={t('welcome.doneHint')}>
        <PageLink to="/sign-in">{t('shell.signIn')}</PageLink>
      </Entrance>
    );
  }
  if (token === undefined) {
    return (
      <Entrance title={t('welcome.noToken')}>
        <Text>{t('welcome.noTokenHint')}</Text>
      </Entrance>
    );
  }
  return (
    <Entrance title={t('welcome.administrator')} lead={t('welcome.administratorHint')}>
      <AdministratorForm token={token} />
    </Entrance>
  );
}

function AdministratorForm({ token }: { token: string }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { begin } = useSigningIn();
  const form = useApiForm({
    initialValues: { name: '', email: '', password: '' },
    async send(values) {
      begin(await dataOf(api.POST('/api/v1/setup', { body: { token, ...values } })));
      // The token goes from the address bar and the history too.
      await navigate({ to: '/welcome/steps', replace: true });
    },
  });
  return (
    <ApiFormView form={form} verb={t('common.create')}>
      <TextInput label={t('common.name')} autoComplete="name" {...form.fields.getInputProps('name')} />
      <TextInput
        label={t('common.email')}
        type="email"
        autoComplete="username"
        {...form.fields.getInputProps('email')}
      />
      <PasswordField
        label={t('common.password')}
        description={t('access.users.passwordHint')}
        autoComplete="new-password"
        {...form.fields.getInputProps('password')}
      />
    </ApiFormView>
  );
}

import { TextInput } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useSigningIn } from '../api/session.ts';
import { ApiFormView } from '../forms/api-form.tsx';
import { useApiForm } from '../forms/use-api-form.ts';
import { PasswordField } from '../ui/password-field.tsx';

interface SignInFormProps {
  /** Who has to sign in; anybody when absent. */
  email?: string | undefined;
  onSignedIn?: () => void;
}

/** E-mail and password, in the form that password managers fill in. */
export function SignInForm({ email, onSignedIn }: SignInFormProps) {
  const { t } = useTranslation();
  const { signIn } = useSigningIn();
  const form = useApiForm({
    initialValues: { email: email ?? '', password: '' },
    async send(values) {
      await signIn(values.email, values.password);
      onSignedIn?.();
    },
  });
  return (
    <ApiFormView form={form} verb={t('shell.signIn')}>
      <TextInput
        label={t('common.email')}
        type="email"
        autoComplete="username"
        readOnly={email !== undefined}
        {...form.fields.getInputProps('email')}
      />
      <PasswordField
        label={t('common.password')}
        autoComplete="current-password"
        data-autofocus={email !== undefined}
        {...form.fields.getInputProps('password')}
      />
    </ApiFormView>
  );
}

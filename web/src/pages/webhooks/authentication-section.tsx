import { Select, SimpleGrid, Stack, TextInput } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Draft } from './draft.ts';
import { Setting, useDraft } from './draft-context.tsx';
import { SecretInput } from './secret-input.tsx';
import { Section } from './section.tsx';

const AUTH_TYPES = ['none', 'basic', 'api_key', 'bearer', 'oauth2'] as const satisfies readonly Draft['auth']['type'][];

/** How Waybill tells the receiver who it is. */
export function AuthenticationSection() {
  const { t } = useTranslation();
  const { fields } = useDraft();
  return (
    <Section title={t('webhooks.settings.auth')} lead={t('webhooks.form.authLead')}>
      <Setting name="auth" label={t('webhooks.form.authType')} isGroup>
        {({ disabled }) => (
          <Stack gap="sm">
            <Select
              aria-label={t('webhooks.form.authType')}
              allowDeselect={false}
              disabled={disabled}
              data={AUTH_TYPES.map((value) => ({ value, label: t(`webhooks.auth.${value}`) }))}
              {...fields.getInputProps('auth.type')}
            />
            <Credentials disabled={disabled} />
          </Stack>
        )}
      </Setting>
    </Section>
  );
}

function Credentials({ disabled }: { disabled: boolean }) {
  const { t } = useTranslation();
  const { fields } = useDraft();
  const text = (path: string) => ({ disabled, autoComplete: 'off', spellCheck: false, ...fields.getInputProps(path) });
  switch (fields.values.auth.type) {
    case 'none':
      return null;
    case 'basic':
      return (
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          <TextInput label={t('webhooks.auth.username')} {...text('auth.username')} />
          <SecretInput label={t('common.password')} path="auth.password" disabled={disabled} />
        </SimpleGrid>
      );
    case 'api_key':
      return (
        <SimpleGrid cols={{ base: 1, sm: 3 }}>
          <Select
            label={t('webhooks.auth.in')}
            allowDeselect={false}
            data={[
              { value: 'header', label: t('webhooks.auth.header') },
              { value: 'query', label: t('webhooks.auth.query') },
            ]}
            {...text('auth.in')}
          />
          <TextInput label={t('webhooks.auth.keyName')} placeholder="X-API-Key" {...text('auth.name')} />
          <SecretInput label={t('webhooks.auth.keyValue')} path="auth.value" disabled={disabled} />
        </SimpleGrid>
      );
    case 'bearer':
      return <SecretInput label={t('webhooks.auth.token')} path="auth.token" disabled={disabled} />;
    case 'oauth2':
      return (
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          <TextInput
            label={t('webhooks.auth.tokenUrl')}
            description={t('webhooks.auth.tokenUrlHint')}
            {...text('auth.tokenUrl')}
          />
          <TextInput
            label={t('webhooks.auth.scope')}
            description={t('webhooks.auth.scopeHint')}
            {...text('auth.scope')}
          />
          <TextInput label={t('webhooks.auth.clientId')} {...text('auth.clientId')} />
          <SecretInput label={t('webhooks.auth.clientSecret')} path="auth.clientSecret" disabled={disabled} />
          <Select
            label={t('webhooks.auth.clientAuth')}
            allowDeselect={false}
            data={[
              { value: 'basic', label: t('webhooks.auth.clientAuthBasic') },
              { value: 'body', label: t('webhooks.auth.clientAuthBody') },
            ]}
            {...text('auth.clientAuth')}
          />
        </SimpleGrid>
      );
  }
}

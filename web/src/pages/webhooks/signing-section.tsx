import { Select, Stack, TextInput } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { PasswordField } from '../../ui/password-field.tsx';
import { type Draft, RENAMES_HEADER } from './draft.ts';
import { Setting, useDraft } from './draft-context.tsx';
import { Section } from './section.tsx';

const SCHEMES = [
  'standard',
  'ed25519',
  'github',
  'gomft',
  'none',
] as const satisfies readonly Draft['signing']['scheme'][];

/** By what a receiver knows that a request is from here. */
export function SigningSection({ isNew }: { isNew: boolean }) {
  const { t } = useTranslation();
  const { fields } = useDraft();
  const { scheme } = fields.values.signing;
  return (
    <Section title={t('webhooks.settings.signing')} lead={t('webhooks.form.signingLead')}>
      <Setting name="signing" label={t('webhooks.form.scheme')} hint={t(`webhooks.schemeHints.${scheme}`)} isGroup>
        {({ disabled }) => (
          <Stack gap="sm">
            <Select
              aria-label={t('webhooks.form.scheme')}
              allowDeselect={false}
              disabled={disabled}
              data={SCHEMES.map((value) => ({ value, label: t(`webhooks.schemes.${value}`) }))}
              {...fields.getInputProps('signing.scheme')}
            />
            {RENAMES_HEADER.has(scheme) && (
              <TextInput
                label={t('webhooks.form.headerNameOfSignature')}
                placeholder={scheme === 'github' ? 'X-Hub-Signature-256' : 'X-GoMFT-Signature'}
                disabled={disabled}
                {...fields.getInputProps('signing.headerName')}
              />
            )}
          </Stack>
        )}
      </Setting>
      {isNew && (
        <PasswordField
          label={t('webhooks.form.signingSecret')}
          description={t('webhooks.form.signingSecretHint')}
          placeholder="whsec_…"
          autoComplete="off"
          {...fields.getInputProps('signingSecret')}
        />
      )}
    </Section>
  );
}

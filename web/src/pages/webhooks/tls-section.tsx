import { SimpleGrid, Stack, Switch, Textarea, TextInput } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Callout } from '../../ui/callout.tsx';
import { Setting, useDraft } from './draft-context.tsx';
import { SecretInput } from './secret-input.tsx';
import { Section } from './section.tsx';

const BEGIN = '-----BEGIN CERTIFICATE-----';

/** Whom Waybill takes for the receiver, and how it shows itself. */
export function TlsSection() {
  const { t } = useTranslation();
  const { fields } = useDraft();
  const pem = (path: string, disabled: boolean) => ({
    autosize: true,
    minRows: 2,
    maxRows: 8,
    disabled,
    placeholder: BEGIN,
    spellCheck: false,
    classNames: { input: 'code-input' },
    ...fields.getInputProps(path),
  });
  return (
    <Section title={t('webhooks.settings.tls')} lead={t('webhooks.form.tlsLead')}>
      <Setting name="tls" label={t('webhooks.form.certificates')} isGroup>
        {({ disabled }) => (
          <Stack gap="sm">
            <Textarea
              label={t('webhooks.form.ca')}
              description={t('webhooks.form.caHint')}
              {...pem('tls.caPem', disabled)}
            />
            <TextInput
              label={t('webhooks.form.pin')}
              description={t('webhooks.form.pinHint')}
              disabled={disabled}
              spellCheck={false}
              autoComplete="off"
              classNames={{ input: 'code-input' }}
              {...fields.getInputProps('tls.pinnedSha256')}
            />
            <SimpleGrid cols={{ base: 1, sm: 2 }}>
              <Textarea label={t('webhooks.form.clientCert')} {...pem('tls.clientCertPem', disabled)} />
              <SecretInput label={t('webhooks.form.clientKey')} path="tls.clientKeyPem" isText disabled={disabled} />
            </SimpleGrid>
            <Switch
              label={t('webhooks.form.skipVerify')}
              disabled={disabled}
              {...fields.getInputProps('tls.insecureSkipVerify', { type: 'checkbox' })}
            />
            {fields.values.tls.insecureSkipVerify && (
              <Callout kind="bad" title={t('webhooks.insecure.insecureSkipVerify')}>
                {t('webhooks.form.skipVerifyWarning')}
              </Callout>
            )}
          </Stack>
        )}
      </Setting>
    </Section>
  );
}

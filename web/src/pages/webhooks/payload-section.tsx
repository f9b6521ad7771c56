import { Select, Stack, Text, Textarea } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Callout } from '../../ui/callout.tsx';
import { PageLink } from '../../ui/page-link.tsx';
import type { Draft } from './draft.ts';
import { Setting, useDraft } from './draft-context.tsx';
import { Section } from './section.tsx';

const FORMATS = [
  'default',
  'template',
  'standard',
  'cloudevents',
  'gomft',
] as const satisfies readonly Draft['payload']['format'][];

/** What the body of a request is made of. */
export function PayloadSection({ webhookId }: { webhookId: string | null }) {
  const { t } = useTranslation();
  const { fields } = useDraft();
  const { format } = fields.values.payload;
  return (
    <Section title={t('webhooks.settings.payload')} lead={t('webhooks.form.payloadLead')}>
      <Setting name="payload" label={t('webhooks.form.format')} hint={t(`webhooks.formatHints.${format}`)} isGroup>
        {({ disabled }) => (
          <Stack gap="sm">
            <Select
              aria-label={t('webhooks.form.format')}
              allowDeselect={false}
              disabled={disabled}
              data={FORMATS.map((value) => ({ value, label: t(`webhooks.formats.${value}`) }))}
              {...fields.getInputProps('payload.format')}
            />
            {format === 'default' && <Identifiers disabled={disabled} />}
            {format === 'cloudevents' && (
              <Select
                label={t('webhooks.form.mode')}
                allowDeselect={false}
                disabled={disabled}
                data={[
                  { value: 'structured', label: t('webhooks.form.structured') },
                  { value: 'binary', label: t('webhooks.form.binary') },
                ]}
                {...fields.getInputProps('payload.mode')}
              />
            )}
            {format === 'template' && <Template disabled={disabled} webhookId={webhookId} />}
          </Stack>
        )}
      </Setting>
    </Section>
  );
}

function Identifiers({ disabled }: { disabled: boolean }) {
  const { t } = useTranslation();
  const { fields } = useDraft();
  return (
    <Select
      label={t('webhooks.form.identifiers')}
      description={t('webhooks.form.identifiersHint')}
      allowDeselect={false}
      disabled={disabled}
      data={(['both', 'old', 'new'] as const).map((value) => ({ value, label: t(`webhooks.identifiers.${value}`) }))}
      {...fields.getInputProps('payload.identifiers')}
    />
  );
}

function Template({ disabled, webhookId }: { disabled: boolean; webhookId: string | null }) {
  const { t } = useTranslation();
  const { fields } = useDraft();
  return (
    <>
      <Textarea
        label={t('webhooks.form.template')}
        description={t('webhooks.form.templateHint')}
        autosize
        minRows={6}
        maxRows={18}
        disabled={disabled}
        spellCheck={false}
        classNames={{ input: 'code-input' }}
        {...fields.getInputProps('payload.template')}
      />
      <Callout kind="neutral">
        <Text size="sm">
          {webhookId === null ? t('webhooks.form.editorLater') : t('webhooks.form.editorHint')}{' '}
          <PageLink
            to="/settings/notification-services/templates"
            search={webhookId === null ? {} : { webhookId }}
            size="sm"
          >
            {t('webhooks.form.openEditor')}
          </PageLink>
        </Text>
      </Callout>
    </>
  );
}

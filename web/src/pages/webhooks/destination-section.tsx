import {
  ActionIcon,
  Autocomplete,
  Button,
  Group,
  SegmentedControl,
  Stack,
  Switch,
  Text,
  TextInput,
} from '@mantine/core';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { Callout } from '../../ui/callout.tsx';
import { Setting, useDraft } from './draft-context.tsx';
import { Section } from './section.tsx';

const METHODS = ['POST', 'PUT', 'PATCH'];
const CONTENT_TYPES = [
  'application/json',
  'application/xml',
  'application/json; charset=utf-8',
  'application/xml; charset=utf-8',
];

/** Whether a URL means something only together with the default one. */
function isRelative(url: string): boolean {
  return url !== '' && !URL.canParse(url);
}

/** Where requests go, and what kind they are. */
export function DestinationSection() {
  const { t } = useTranslation();
  const { fields, inherited, of } = useDraft();
  const { url, contentType } = fields.values;
  const resolved = isRelative(url) ? URL.parse(url, inherited.url || undefined)?.href : undefined;
  const isPlain = /^http:/i.test(resolved ?? url);

  function urlHint(): string {
    if (of === 'defaults') return t('webhooks.form.defaultUrlHint');
    if (resolved !== undefined) return t('webhooks.form.urlResolved', { url: resolved });
    if (isRelative(url)) return t('webhooks.form.urlWithoutDefault');
    return t('webhooks.form.urlHint');
  }

  return (
    <Section title={t('webhooks.form.destination')} lead={t('webhooks.form.destinationLead')}>
      <Setting name="enabled" label={t('webhooks.settings.enabled')}>
        {(field) => (
          <Switch
            {...field}
            label={t('webhooks.form.enabledHint')}
            {...fields.getInputProps('enabled', { type: 'checkbox' })}
          />
        )}
      </Setting>
      <Setting
        name="url"
        label={t(of === 'defaults' ? 'webhooks.settings.defaultUrl' : 'webhooks.settings.url')}
        hint={urlHint()}
      >
        {(field) => (
          <TextInput
            {...field}
            type="text"
            inputMode="url"
            placeholder="https://hooks.example.com/waybill"
            autoComplete="off"
            spellCheck={false}
            classNames={{ input: 'code-input' }}
            {...fields.getInputProps('url')}
          />
        )}
      </Setting>
      <Setting name="method" label={t('webhooks.settings.method')} isGroup>
        {({ disabled }) => (
          <SegmentedControl
            data={METHODS}
            disabled={disabled}
            aria-label={t('webhooks.settings.method')}
            {...fields.getInputProps('method')}
          />
        )}
      </Setting>
      <Setting name="contentType" label={t('webhooks.settings.contentType')} hint={t('webhooks.form.contentTypeHint')}>
        {(field) => (
          <Autocomplete
            {...field}
            data={CONTENT_TYPES}
            filter={({ options }) => options}
            autoComplete="off"
            spellCheck={false}
            value={contentType}
            onChange={(value) => fields.setFieldValue('contentType', value)}
            error={fields.errors.contentType}
          />
        )}
      </Setting>
      <HeadersSetting />
      <Setting
        name="allowInsecureHttp"
        label={t('webhooks.settings.allowInsecureHttp')}
        hint={t('webhooks.form.insecureHttpHint')}
      >
        {(field) => (
          <Switch
            {...field}
            label={t('webhooks.form.insecureHttp')}
            {...fields.getInputProps('allowInsecureHttp', { type: 'checkbox' })}
          />
        )}
      </Setting>
      {fields.values.allowInsecureHttp && isPlain && (
        <Callout kind="bad" title={t('webhooks.insecure.allowInsecureHttp')}>
          {t('webhooks.form.insecureHttpWarning')}
        </Callout>
      )}
    </Section>
  );
}

function HeadersSetting() {
  const { t } = useTranslation();
  const { fields } = useDraft();
  return (
    <Setting name="headers" label={t('webhooks.settings.headers')} hint={t('webhooks.form.headersHint')} isGroup>
      {({ disabled }) => (
        <Stack gap="xs" align="start">
          {fields.values.headers.map((_row, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: two rows may be alike, and rows have no other name.
            <Group key={index} gap="xs" wrap="nowrap" align="start" w="100%">
              <TextInput
                flex={2}
                aria-label={t('webhooks.form.headerName', { number: index + 1 })}
                placeholder="X-Environment"
                disabled={disabled}
                {...fields.getInputProps(`headers.${index}.name`)}
              />
              <TextInput
                flex={3}
                aria-label={t('webhooks.form.headerValue', { number: index + 1 })}
                placeholder="production"
                disabled={disabled}
                {...fields.getInputProps(`headers.${index}.value`)}
              />
              {!disabled && (
                <ActionIcon
                  variant="subtle"
                  color="red"
                  size={36}
                  aria-label={t('webhooks.form.removeHeader', { number: index + 1 })}
                  onClick={() => fields.removeListItem('headers', index)}
                >
                  <IconTrash size={16} aria-hidden />
                </ActionIcon>
              )}
            </Group>
          ))}
          {disabled && fields.values.headers.length === 0 && <Text size="sm">{t('webhooks.detail.none')}</Text>}
          {!disabled && (
            <Button
              size="compact-sm"
              variant="default"
              leftSection={<IconPlus size={14} aria-hidden />}
              onClick={() => fields.insertListItem('headers', { name: '', value: '' })}
            >
              {t('webhooks.form.addHeader')}
            </Button>
          )}
        </Stack>
      )}
    </Setting>
  );
}

import { Code, Stack, Text } from '@mantine/core';
import { IconLink } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { SCOPES, SETTINGS, type SettingName } from './draft.ts';
import { formatDuration } from './duration.ts';
import { EventsSummary } from './events-summary.tsx';
import { RetryTimeLine } from './retry-time-line.tsx';
import type { Webhook } from './webhook-queries.ts';

/** The settings in force, and which of them are inherited. */
export function SettingsSummary({ webhook }: { webhook: Webhook }) {
  const { t } = useTranslation();
  return (
    <dl className="settings-list">
      {SETTINGS.map((name) => (
        <div key={name} className="settings-row">
          <dt>
            {t(`webhooks.settings.${name}`)}
            {webhook.inherited.includes(name) && (
              <Text size="xs" component="div" className="setting-origin">
                <IconLink size={12} aria-hidden /> {t('webhooks.origin.webhook.inherited')}
              </Text>
            )}
          </dt>
          <dd>
            <Value name={name} webhook={webhook} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

function Value({ name, webhook }: { name: SettingName; webhook: Webhook }): ReactNode {
  const { t } = useTranslation();
  const yesNo = (value: boolean): string => t(value ? 'webhooks.yes' : 'webhooks.no');
  switch (name) {
    case 'enabled':
    case 'allowInsecureHttp':
      return yesNo(webhook[name]);
    case 'url':
      return <Code className="long-text">{webhook.configuredUrl ?? webhook.url}</Code>;
    case 'method':
    case 'contentType':
      return webhook[name];
    case 'headers':
      return <Headers headers={webhook.headers} />;
    case 'auth':
      return t(`webhooks.auth.${webhook.auth.type as 'none'}`);
    case 'signing':
      return t(`webhooks.schemes.${webhook.signing.scheme}`);
    case 'eventTypes':
      return <EventsSummary eventTypes={webhook.eventTypes} isWhole />;
    case 'scope':
      return <Scope scope={webhook.scope} />;
    case 'routing':
      return t(`webhooks.routings.${webhook.routing as 'always'}`);
    case 'payload':
      return t(`webhooks.formats.${webhook.payload.format}`);
    case 'timeoutMs':
      return formatDuration(webhook.timeoutMs);
    case 'limits':
      return <Limits limits={webhook.limits} />;
    case 'retry':
      return <RetryTimeLine retry={webhook.retry} />;
    case 'tls':
      return <Certificates tls={webhook.tls} />;
  }
}

function Nothing() {
  const { t } = useTranslation();
  return <Text size="sm">{t('webhooks.detail.none')}</Text>;
}

function Headers({ headers }: Pick<Webhook, 'headers'>) {
  const rows = Object.entries(headers);
  if (rows.length === 0) return <Nothing />;
  return (
    <Stack gap={2}>
      {rows.map(([name, value]) => (
        <Code key={name} className="long-text">{`${name}: ${value}`}</Code>
      ))}
    </Stack>
  );
}

function Scope({ scope }: Pick<Webhook, 'scope'>) {
  const { t } = useTranslation();
  const lists = SCOPES.filter((list) => (scope[list]?.length ?? 0) > 0);
  if (lists.length === 0) return <Text size="sm">{t('webhooks.detail.any')}</Text>;
  return (
    <Stack gap={2}>
      {lists.map((list) => (
        <span key={list}>
          {t(`webhooks.scopes.${list}`)}: {scope[list]?.join(', ')}
        </span>
      ))}
    </Stack>
  );
}

function Limits({ limits: { maxConcurrency, ratePerSecond } }: Pick<Webhook, 'limits'>) {
  const { t } = useTranslation();
  const rate =
    ratePerSecond === null ? t('webhooks.form.unlimited') : t('webhooks.detail.perSecond', { rate: ratePerSecond });
  return t('webhooks.detail.limits', { count: maxConcurrency, rate });
}

function Certificates({ tls }: Pick<Webhook, 'tls'>) {
  const { t } = useTranslation();
  const { caPem, pinnedSha256, clientCertPem, insecureSkipVerify } = tls;
  const facts = [
    caPem !== null && t('webhooks.detail.certificate.ca'),
    pinnedSha256 !== null && `${t('webhooks.detail.certificate.pin')}: ${pinnedSha256}`,
    clientCertPem !== null && t('webhooks.detail.certificate.client'),
    insecureSkipVerify && t('webhooks.insecure.insecureSkipVerify'),
  ].filter((fact) => fact !== false);
  return facts.length === 0 ? <Nothing /> : facts.join(' · ');
}

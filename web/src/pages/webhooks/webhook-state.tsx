import { Group } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Instant } from '../../ui/instant.tsx';
import { Status } from '../../ui/status.tsx';
import type { Webhook } from './webhook-queries.ts';
import { standingOf } from './webhook-search.ts';
import './webhooks.css';

const KINDS = { disabled: 'neutral', paused: 'waiting', gone: 'bad', failing: 'bad', active: 'good' } as const;

/** The state of a webhook in a word, why where that is not plain, and what of it is insecure. */
export function WebhookState({ webhook }: { webhook: Webhook }) {
  const { t } = useTranslation();
  const standing = standingOf(webhook);
  const { breaker, insecure = [] } = webhook;
  return (
    <Group gap={6}>
      <Status kind={KINDS[standing]}>{t(`webhooks.standings.${standing}`)}</Status>
      {standing === 'failing' && breaker !== null && (
        <small className="aside">
          {t('webhooks.nextProbe')} <Instant at={breaker.nextProbeAt} />
        </small>
      )}
      {insecure.length > 0 && (
        <span title={insecure.map((setting) => t(`webhooks.insecure.${insecureKey(setting)}`)).join(' · ')}>
          <Status kind="bad">{t('webhooks.insecure.badge')}</Status>
        </span>
      )}
    </Group>
  );
}

/** The name of a setting without the one that it is a part of. */
export function insecureKey(setting: NonNullable<Webhook['insecure']>[number]) {
  return setting === 'tls.insecureSkipVerify' ? 'insecureSkipVerify' : setting;
}

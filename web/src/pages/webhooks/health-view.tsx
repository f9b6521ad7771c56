import { Group, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Instant } from '../../ui/instant.tsx';
import { Status } from '../../ui/status.tsx';
import { formatRate, type Health } from './health.ts';
import { Sparkline } from './sparkline.tsx';

const KINDS = { delivered: 'good', failed: 'bad', unknown: 'neutral' } as const;

/** What the last attempt came to, and when. */
export function LastResult({ health }: { health: Health | undefined }) {
  const { t } = useTranslation();
  const last = health?.lastAttempt ?? null;
  if (last === null) {
    return (
      <Text size="sm" c="dimmed">
        {t('webhooks.list.noResult')}
      </Text>
    );
  }
  return (
    <Stack gap={2} align="start">
      <Status kind={KINDS[last.outcome]}>
        {last.status === null ? (last.errorCode ?? t(`webhooks.outcomes.${last.outcome}`)) : `HTTP ${last.status}`}
      </Status>
      <Text size="xs" c="dimmed">
        <Instant at={last.at} />
      </Text>
    </Stack>
  );
}

/** The last day in a picture and a figure. */
export function LastDay({ health }: { health: Health | undefined }) {
  const { t, i18n } = useTranslation();
  if (health === undefined) return null;
  return (
    <Stack gap={2}>
      <Sparkline hours={health.hours} />
      {health.successRate !== null && (
        <Text size="xs" c="dimmed">
          {t('webhooks.list.rate', { rate: formatRate(health.successRate, i18n.language) })}
        </Text>
      )}
    </Stack>
  );
}

/** How a webhook has fared, in figures. */
export function HealthFacts({ health }: { health: Health }) {
  const { t, i18n } = useTranslation();
  const { successRate, lastDeliveredAt, consecutiveFailures } = health;
  const facts = [
    [t('webhooks.list.lastResult'), <LastResult key="result" health={health} />],
    [t('webhooks.detail.successRate'), successRate === null ? '–' : formatRate(successRate, i18n.language)],
    [
      t('webhooks.detail.lastDelivered'),
      lastDeliveredAt === null ? t('common.never') : <Instant key="at" at={lastDeliveredAt} />,
    ],
    [t('webhooks.detail.consecutiveFailures'), consecutiveFailures],
    [t('webhooks.list.lastDay'), <Sparkline key="hours" hours={health.hours} />],
  ] as const;
  return (
    <Group component="dl" gap="xl" align="start" className="figures">
      {facts.map(([label, value]) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </Group>
  );
}

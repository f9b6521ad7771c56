import { Alert, Stack, Text } from '@mantine/core';
import { IconClock, IconHelpCircle } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { Instant } from '../../ui/instant.tsx';
import type { DeliveryWithAttempts } from './delivery.ts';
import { isOpen } from './delivery.ts';
import { ERROR_CODES, HOLDS, isOneOf, REASONS, TELLING_STATUSES } from './error-codes.ts';

/** Why a delivery has not arrived, and what can be done about it. Nothing where it has, or nothing speaks against it. */
export function WhyNot({ delivery }: { delivery: DeliveryWithAttempts }) {
  const { t } = useTranslation();
  const { state, reason, attempts, nextAttemptAt } = delivery;
  const latest = attempts.at(-1);
  const error = latest?.error ?? null;
  if (state === 'delivered' || (reason === null && error === null)) return null;

  const title = isOpen(delivery) ? (reason === null ? 'failing' : 'held') : state === 'exhausted' ? 'failed' : 'ended';
  const status = String(latest?.response?.status ?? '');
  const retryAfter = headerOf(latest?.response?.headers, 'retry-after');
  const Icon = isOpen(delivery) ? IconClock : IconHelpCircle;
  return (
    <Alert color={state === 'exhausted' ? 'red' : 'yellow'} icon={<Icon aria-hidden />} title={t(`log.why.${title}`)}>
      <Stack gap="xs">
        {reason !== null && <Text size="sm">{isOneOf(REASONS, reason) ? t(`log.why.reasons.${reason}`) : reason}</Text>}
        {error !== null && (
          <Text size="sm" className="long-text">
            <code>{error.code}</code> {error.message}
          </Text>
        )}
        {retryAfter !== null && isOpen(delivery) && (
          <Text size="sm" className="long-text">
            {t('log.why.retryAfter', { value: retryAfter })}
          </Text>
        )}
        {error !== null && isOneOf(ERROR_CODES, error.code) && (
          <Text size="sm">
            <strong>{t('log.why.remedy')}:</strong>{' '}
            {error.code === 'http_status' && isOneOf(TELLING_STATUSES, status)
              ? t(`log.why.statusRemedies.${status}`)
              : t(`log.why.remedies.${error.code}`)}
          </Text>
        )}
        {nextAttemptAt !== null && !isOneOf(HOLDS, reason) && (
          <Text size="sm">
            {t('log.why.waitsUntil')} <Instant at={nextAttemptAt} />.
          </Text>
        )}
      </Stack>
    </Alert>
  );
}

function headerOf(headers: Readonly<Record<string, string>> | undefined, wanted: string): string | null {
  return Object.entries(headers ?? {}).find(([name]) => name.toLowerCase() === wanted)?.[1] ?? null;
}

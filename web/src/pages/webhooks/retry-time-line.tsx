import { Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { formatDuration } from './duration.ts';
import { type PlannedTry, placeOnTimeLine, type Retry, retryPlan } from './retry-plan.ts';

/** So many tries are told one by one. */
const TOLD = 12;

/** A retry plan as a time line: each try at its place, and the same in words. */
export function RetryTimeLine({ retry }: { retry: Retry | null }) {
  const { t } = useTranslation();
  if (retry === null) {
    return (
      <Text size="sm" c="dimmed">
        {t('webhooks.plan.none')}
      </Text>
    );
  }
  const tries = retryPlan(retry);
  const endMs = tries.at(-1)?.atMs ?? 0;
  const summary =
    tries.length === 1
      ? t('webhooks.plan.once')
      : t('webhooks.plan.summary', { count: tries.length, span: formatDuration(endMs) });
  return (
    <figure className="plan">
      <Text component="figcaption" size="sm" fw={500}>
        {summary}
      </Text>
      <div className="plan-line" aria-hidden>
        {tries.map((planned) => (
          <span
            key={planned.number}
            className="plan-dot"
            style={{ insetInlineStart: `${placeOnTimeLine(planned.atMs, endMs) * 100}%` }}
          />
        ))}
      </div>
      <ol className="plan-tries">
        {tries.slice(0, TOLD).map((planned) => (
          <li key={planned.number}>
            <TryLabel planned={planned} />
          </li>
        ))}
        {tries.length > TOLD && <li>{t('webhooks.plan.more', { count: tries.length - TOLD })}</li>}
      </ol>
    </figure>
  );
}

function TryLabel({ planned: { number, waitMs, atMs } }: { planned: PlannedTry }) {
  const { t } = useTranslation();
  return (
    <>
      <Text span size="xs" c="dimmed">
        {t('webhooks.plan.try', { number })}
      </Text>
      <Text span size="sm" title={number === 1 ? undefined : t('webhooks.plan.wait', { span: formatDuration(waitMs) })}>
        {number === 1 ? t('webhooks.plan.atOnce') : t('webhooks.plan.after', { span: formatDuration(atMs) })}
      </Text>
    </>
  );
}

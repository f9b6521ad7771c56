import { Group, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Instant } from '../../ui/instant.tsx';
import { Status } from '../../ui/status.tsx';
import type { StatusKind } from '../../ui/theme.ts';
import type { Attempt, DeliveryWithAttempts } from './delivery.ts';
import { NextAttempt } from './next-attempt.tsx';

const KINDS: Record<Attempt['outcome'], StatusKind> = { delivered: 'good', failed: 'bad', unknown: 'neutral' };

interface AttemptsProps {
  delivery: DeliveryWithAttempts;
  /** The number of the one whose exchange is shown. */
  chosen: number | null;
  onChoose: (number: number) => void;
}

/** The attempts in order, and the one that is to come. */
export function Attempts({ delivery, chosen, onChoose }: AttemptsProps) {
  const { t } = useTranslation();
  const { attempts, nextAttemptAt } = delivery;
  if (attempts.length === 0 && nextAttemptAt === null) return <Text c="dimmed">{t('log.attempts.none')}</Text>;
  return (
    <ol className="attempts">
      {attempts.map((attempt) => (
        <li key={attempt.number}>
          <button
            type="button"
            className="attempt"
            aria-pressed={attempt.number === chosen}
            onClick={() => onChoose(attempt.number)}
          >
            <AttemptLine attempt={attempt} />
          </button>
        </li>
      ))}
      {nextAttemptAt !== null && (
        <li>
          <div className="attempt">
            <Group gap="xs">
              <Text fw={500} size="sm">
                {t('log.attempts.next')}
              </Text>
              <Text size="sm" c="dimmed">
                {t(`log.attempts.triggers.${nextTrigger(delivery)}`)}
              </Text>
              <Text size="sm">
                <NextAttempt delivery={delivery} show="both" />
              </Text>
            </Group>
          </div>
        </li>
      )}
    </ol>
  );
}

function nextTrigger({ attempts, replayOf }: DeliveryWithAttempts): Attempt['trigger'] {
  if (attempts.length > 0) return 'retry';
  return replayOf === null ? 'initial' : 'replay';
}

function AttemptLine({ attempt }: { attempt: Attempt }) {
  const { t, i18n } = useTranslation();
  const { number, trigger, startedAt, durationMs, outcome, response, error } = attempt;
  const ms = new Intl.NumberFormat(i18n.language, { maximumFractionDigits: 1 }).format(durationMs);
  return (
    <>
      <Group gap="xs">
        <Text span fw={500} size="sm">
          {t('log.attempts.numbered', { number })}
        </Text>
        <Status kind={KINDS[outcome]}>
          {t(`log.attempts.outcomes.${outcome}`)}
          {response !== null && ` · ${response.status}`}
        </Status>
        <Text span size="sm" c="dimmed">
          {t(`log.attempts.triggers.${trigger}`)}
        </Text>
      </Group>
      <Group gap="xs">
        <Text span size="sm" c="dimmed">
          <Instant at={startedAt} show="both" />
        </Text>
        <Text span size="sm" c="dimmed">
          {t('log.attempts.took', { ms })}
        </Text>
      </Group>
      {outcome === 'unknown' && (
        <Text span size="sm">
          {t('log.attempts.unknownHint')}
        </Text>
      )}
      {error !== null && (
        <Text span size="sm" className="long-text">
          <code>{error.code}</code> {error.message}
        </Text>
      )}
    </>
  );
}

import { Group, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { PageLink } from '../../ui/page-link.tsx';
import { Figure } from './figure.tsx';
import { type Range, type Statistics, statisticsQuery } from './figures.ts';
import { bucketName, count } from './formats.ts';
import { Count, TileFrame } from './tile.tsx';

const OUTCOMES = [
  { name: 'delivered', color: '--status-good-text' },
  { name: 'exhausted', color: '--status-bad-text' },
  { name: 'cancelled', color: '--status-neutral-text' },
] as const;

/** How deliveries have ended. */
export function OutcomesTile({ range }: { range: Range }) {
  const { t } = useTranslation();
  return (
    <TileFrame
      title={t('dashboard.outcomes')}
      query={useQuery(statisticsQuery(range))}
      link={
        <PageLink to="/administration/log-viewer" search={{ range }} inherit>
          {t('dashboard.allDeliveries')}
        </PageLink>
      }
    >
      {(statistics) => <Outcomes statistics={statistics} range={range} />}
    </TileFrame>
  );
}

function Outcomes({ statistics, range }: { statistics: Statistics; range: Range }) {
  const { t, i18n } = useTranslation();
  const { totals, series: buckets } = statistics;
  const number = useMemo(() => (value: number) => count(value, i18n.language), [i18n.language]);
  const names = useMemo(
    () => buckets.map(({ at }) => bucketName(at, range, i18n.language)),
    [buckets, range, i18n.language],
  );
  const series = useMemo(
    () =>
      OUTCOMES.map(({ name, color }) => ({
        label: t(`log.states.${name}`),
        color,
        values: buckets.map(({ deliveries }) => deliveries[name]),
      })),
    [buckets, t],
  );
  const { delivered, exhausted, cancelled } = totals.deliveries;
  const counts = { delivered: number(delivered), exhausted: number(exhausted), cancelled: number(cancelled) };
  const isQuiet = OUTCOMES.every(({ name }) => totals.deliveries[name] === 0);
  return (
    <>
      <Group gap="xl" align="start">
        {OUTCOMES.map(({ name }) => (
          <Count key={name} label={t(`log.states.${name}`)}>
            <PageLink to="/administration/log-viewer" search={{ range, state: name }} inherit c="inherit">
              {counts[name]}
            </PageLink>
          </Count>
        ))}
        <Count label={t('dashboard.failedAttempts')} hint={totals.failures[0]?.errorCode}>
          {number(totals.attempts.failed)}
        </Count>
      </Group>
      {isQuiet ? (
        <Text c="dimmed" size="sm">
          {t('dashboard.quiet')}{' '}
          <PageLink to="/welcome/steps" inherit underline="always">
            {t('dashboard.quietHint')}
          </PageLink>
        </Text>
      ) : (
        <Figure
          kind="stacked"
          series={series}
          names={names}
          format={number}
          bucket={t(`dashboard.buckets.${range}`)}
          summary={t(`dashboard.outcomesSummary.${range}`, counts)}
        />
      )}
    </>
  );
}

import { Group } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { PageLink } from '../../ui/page-link.tsx';
import { Figure } from './figure.tsx';
import { type Range, type Statistics, statisticsQuery } from './figures.ts';
import { bucketName, span } from './formats.ts';
import { Count, TileFrame } from './tile.tsx';

/** How long it took from an event to its delivery. */
export function LatencyTile({ range }: { range: Range }) {
  const { t } = useTranslation();
  return (
    <TileFrame
      title={t('dashboard.latency')}
      query={useQuery(statisticsQuery(range))}
      link={
        <PageLink to="/administration/log-viewer" search={{ range, state: 'delivered' }} inherit>
          {t('dashboard.delivered')}
        </PageLink>
      }
    >
      {(statistics) => <Latency statistics={statistics} range={range} />}
    </TileFrame>
  );
}

function Latency({ statistics: { totals, series: buckets }, range }: { statistics: Statistics; range: Range }) {
  const { t, i18n } = useTranslation();
  const ms = useMemo(() => (value: number | null) => span(value, i18n.language), [i18n.language]);
  const names = useMemo(
    () => buckets.map(({ at }) => bucketName(at, range, i18n.language)),
    [buckets, range, i18n.language],
  );
  const series = useMemo(
    () => [
      {
        label: t('dashboard.p50'),
        color: '--status-busy-text',
        values: buckets.map(({ latencyMs }) => latencyMs.p50),
      },
      {
        label: t('dashboard.p95'),
        color: '--status-waiting-text',
        values: buckets.map(({ latencyMs }) => latencyMs.p95),
      },
    ],
    [buckets, t],
  );
  const facts = { p50: ms(totals.latencyMs.p50), p95: ms(totals.latencyMs.p95) };
  return (
    <>
      <Group gap="xl">
        <Count label={t('dashboard.p50')}>{facts.p50}</Count>
        <Count label={t('dashboard.p95')}>{facts.p95}</Count>
        <Count label={t('dashboard.attemptP95')}>{ms(totals.durationMs.p95)}</Count>
      </Group>
      {totals.latencyMs.p50 !== null && (
        <Figure
          kind="lines"
          series={series}
          names={names}
          format={ms}
          bucket={t(`dashboard.buckets.${range}`)}
          summary={t('dashboard.latencySummary', facts)}
        />
      )}
    </>
  );
}

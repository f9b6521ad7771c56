import './dashboard.css';
import { Grid, SegmentedControl } from '@mantine/core';
import { useDebouncedCallback, useThrottledCallback } from '@mantine/hooks';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useChanges } from '../../api/live.ts';
import { Page } from '../../ui/page.tsx';
import { FIGURES_KEY, RANGES } from './figures.ts';
import { TILES } from './tiles.ts';

/** However much happens, figures are read anew no more often. */
const AT_MOST_EVERY_MS = 2_000;
/** Attempts are counted about a second after they were made: by then the last of them are. */
const COUNTED_AFTER_MS = 2_500;

/** Dashboard: how deliveries fare, at a glance. */
export function DashboardPage() {
  const { t } = useTranslation();
  const { range = '24h' } = useSearch({ from: '/signed-in/dashboard' });
  const navigate = useNavigate({ from: '/dashboard' });
  const cache = useQueryClient();
  const readAgain = useThrottledCallback(
    () => void cache.invalidateQueries({ queryKey: FIGURES_KEY }, { cancelRefetch: false }),
    AT_MOST_EVERY_MS,
  );
  const readOnceMore = useDebouncedCallback(readAgain, COUNTED_AFTER_MS);

  function follow(): void {
    readAgain();
    readOnceMore();
  }
  useChanges('delivery', { onChanges: follow, onReset: follow });

  return (
    <Page
      title={t('shell.places.dashboard')}
      lead={t('dashboard.lead')}
      actions={
        <SegmentedControl
          aria-label={t('dashboard.range')}
          value={range}
          onChange={(value) => void navigate({ search: value === '7d' ? { range: value } : {}, replace: true })}
          data={RANGES.map((value) => ({ value, label: t(`dashboard.ranges.${value}`) }))}
        />
      }
    >
      <Grid gap="md" align="stretch">
        {TILES.map(({ id, columns, component: Tile }) => (
          <Grid.Col key={id} span={{ base: 12, lg: columns }}>
            <Tile range={range} />
          </Grid.Col>
        ))}
      </Grid>
    </Page>
  );
}

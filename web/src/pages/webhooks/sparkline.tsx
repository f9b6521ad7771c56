import { useTranslation } from 'react-i18next';
import type { Health } from './health.ts';

const BAR = 4;
const STEP = BAR + 1;
const HEIGHT = 24;
/** As high as the smallest count, which is to be seen. */
const LEAST = 2;

/** Attempts of each of the last hours: delivered ones from below, failed ones on top of them. */
export function Sparkline({ hours }: Pick<Health, 'hours'>) {
  const { t } = useTranslation();
  const sum = (name: 'delivered' | 'failed'): number => hours.reduce((all, hour) => all + hour[name], 0);
  const label = t('webhooks.list.sparkline', { delivered: sum('delivered'), failed: sum('failed') });
  const bars = barsOf(hours);
  const width = hours.length * STEP;
  return (
    <svg role="img" aria-label={label} className="sparkline" width={width} height={HEIGHT}>
      <title>{label}</title>
      <rect className="sparkline-none" y={HEIGHT - 1} width={width} height={1} />
      <path className="sparkline-good" d={bars.good} />
      <path className="sparkline-bad" d={bars.bad} />
    </svg>
  );
}

/** All bars of a kind as one path: a list has hundreds. */
function barsOf(hours: Health['hours']): { good: string; bad: string } {
  const most = Math.max(1, ...hours.map(({ delivered, failed }) => delivered + failed));
  const heightOf = (count: number): number => (count === 0 ? 0 : Math.max(LEAST, (count / most) * HEIGHT));
  const paths = { good: '', bad: '' };
  hours.forEach(({ delivered, failed }, index) => {
    const bad = heightOf(failed);
    const good = Math.min(heightOf(delivered), HEIGHT - bad);
    paths.good += bar(index, 0, good);
    paths.bad += bar(index, good, bad);
  });
  return paths;
}

function bar(index: number, from: number, height: number): string {
  return height === 0 ? '' : `M${index * STEP} ${HEIGHT - from}v${-height}h${BAR}v${height}z`;
}

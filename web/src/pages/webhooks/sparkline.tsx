import { useTranslation } from 'react-i18next';
import type { Health } from './health.ts';

const BAR = 4;
const GAP = 1;
const HEIGHT = 24;

/** Attempts of each of the last hours: delivered ones from below, failed ones on top of them. */
export function Sparkline({ hours }: Pick<Health, 'hours'>) {
  const { t } = useTranslation();
  const most = Math.max(1, ...hours.map(({ delivered, failed }) => delivered + failed));
  const heightOf = (count: number): number => (count === 0 ? 0 : Math.max(2, (count / most) * HEIGHT));
  const sum = (name: 'delivered' | 'failed'): number => hours.reduce((all, hour) => all + hour[name], 0);
  return (
    <svg
      role="img"
      aria-label={t('webhooks.list.sparkline', { delivered: sum('delivered'), failed: sum('failed') })}
      className="sparkline"
      width={hours.length * (BAR + GAP)}
      height={HEIGHT}
    >
      {hours.map(({ at, delivered, failed }, index) => {
        const x = index * (BAR + GAP);
        const good = heightOf(delivered);
        const bad = Math.min(heightOf(failed), HEIGHT - good || HEIGHT);
        return (
          <g key={at}>
            <title>{`${at.slice(11, 16)} UTC: ${delivered} / ${failed}`}</title>
            <rect className="sparkline-none" x={x} y={HEIGHT - 1} width={BAR} height={1} />
            <rect className="sparkline-good" x={x} y={HEIGHT - good} width={BAR} height={good} />
            <rect className="sparkline-bad" x={x} y={HEIGHT - good - bad} width={BAR} height={bad} />
          </g>
        );
      })}
    </svg>
  );
}

import 'uplot/dist/uPlot.min.css';
import { useComputedColorScheme } from '@mantine/core';
import { useElementSize } from '@mantine/hooks';
import { useEffect, useRef } from 'react';
import uPlot from 'uplot';

/** One row of figures. */
export interface Series {
  label: string;
  /** By bucket; null where there is none. */
  values: readonly (number | null)[];
  /** The name of a CSS variable. */
  color: string;
}

export interface ChartProps {
  kind: 'stacked' | 'lines';
  series: readonly Series[];
  /** What each bucket is called. */
  names: readonly string[];
  format: (value: number) => string;
  /** Told which bucket is pointed at; null: none. */
  onPoint: (index: number | null) => void;
}

const HEIGHT = 190;
const AXIS_FONT = '12px system-ui, sans-serif';

/** A drawing of figures. Whoever cannot see it reads its summary, or its table. */
export function Chart({ kind, series, names, format, onPoint }: ChartProps) {
  const { ref, width } = useElementSize();
  const place = useRef<HTMLDivElement>(null);
  const scheme = useComputedColorScheme('light');

  // biome-ignore lint/correctness/useExhaustiveDependencies: the scheme decides what the variables are.
  useEffect(() => {
    if (place.current === null || width === 0) return;
    const chart = new uPlot(
      optionsOf({ kind, series, names, format, onPoint }, width),
      dataOf(kind, series, names.length),
      place.current,
    );
    return () => chart.destroy();
  }, [kind, series, names, format, onPoint, width, scheme]);

  return (
    <div ref={ref} style={{ minHeight: HEIGHT }}>
      <div ref={place} />
    </div>
  );
}

/** Series stand on those before them where they are stacked: the sum is drawn first, behind all others. */
function dataOf(kind: ChartProps['kind'], series: readonly Series[], length: number): uPlot.AlignedData {
  const xs = Array.from({ length }, (_, index) => index);
  if (kind === 'lines') return [xs, ...series.map(({ values }) => [...values])];
  const sums = series.map((_, upTo) =>
    xs.map((x) => series.slice(0, upTo + 1).reduce((sum, { values }) => sum + (values[x] ?? 0), 0)),
  );
  return [xs, ...sums.reverse()];
}

function optionsOf({ kind, series, names, format, onPoint }: ChartProps, width: number): uPlot.Options {
  const style = getComputedStyle(document.documentElement);
  const color = (name: string): string => style.getPropertyValue(name).trim();
  const axis = {
    stroke: color('--mantine-color-dimmed') || color('--mantine-color-text'),
    font: AXIS_FONT,
    grid: { stroke: color('--status-neutral-tint'), width: 1 },
    ticks: { show: false },
  };
  const drawn = kind === 'stacked' ? [...series].reverse() : series;
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    cursor: { y: false, points: { show: kind === 'lines' } },
    scales: {
      x: { time: false, range: () => [-0.5, names.length - 0.5] },
      y: { range: (_chart, _least, most) => [0, most > 0 ? most * 1.1 : 1] },
    },
    axes: [
      {
        ...axis,
        size: 28,
        space: 95,
        grid: { show: false },
        values: (_chart, splits) => splits.map((at) => names[at] ?? ''),
      },
      { ...axis, size: 64, values: (_chart, splits) => splits.map((at) => format(at)) },
    ],
    series: [
      {},
      ...drawn.map(({ label, color: name }) => ({
        label,
        stroke: color(name),
        width: kind === 'lines' ? 2 : 0,
        points: { show: kind === 'lines', size: 5 },
        ...(kind === 'stacked' ? { fill: color(name), paths: bars() } : {}),
      })),
    ],
    hooks: { setCursor: [({ cursor }) => onPoint(cursor.idx ?? null)] },
  };
}

const BAR_SHARE = 0.7;
const WIDEST_BAR = 40;

function bars(): uPlot.Series.PathBuilder {
  const build = uPlot.paths.bars?.({ size: [BAR_SHARE, WIDEST_BAR] });
  if (build === undefined) throw new Error('This chart has no bars.');
  return build;
}

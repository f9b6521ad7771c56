import './dashboard.css';
import { Button, Group, Skeleton, Table, Text } from '@mantine/core';
import { IconChartBar, IconTable } from '@tabler/icons-react';
import { lazy, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { ChartProps, Series } from './chart.tsx';

/** The code that draws is loaded where something is drawn. */
const Chart = lazy(async () => ({ default: (await import('./chart.tsx')).Chart }));

interface FigureProps extends Pick<ChartProps, 'kind' | 'series' | 'names' | 'format'> {
  /** What is to be seen, in a sentence. */
  summary: string;
  /** What the first column of the table is called. */
  bucket: string;
}

/** Figures as a chart, with what it shows in words, and as a table for whoever wants the numbers. */
export function Figure({ kind, series, names, format, summary, bucket }: FigureProps) {
  const { t } = useTranslation();
  const [isTable, setIsTable] = useState(false);
  const [pointedAt, setPointedAt] = useState<number | null>(null);
  const Icon = isTable ? IconChartBar : IconTable;
  return (
    <figure className="figure">
      {isTable ? (
        <NumbersTable series={series} names={names} format={format} caption={summary} bucket={bucket} />
      ) : (
        <div role="img" aria-label={summary}>
          <Suspense fallback={<Skeleton height={190} />}>
            <Chart kind={kind} series={series} names={names} format={format} onPoint={setPointedAt} />
          </Suspense>
        </div>
      )}
      <Group component="figcaption" justify="space-between" gap="xs">
        <Group gap="md">
          {series.map(({ label, color, values }) => (
            <Text key={label} size="xs" component="span">
              <span className="figure-key" style={{ backgroundColor: `var(${color})` }} aria-hidden />
              {label}
              {pointedAt !== null && !isTable && <strong> {formatted(values[pointedAt], format)}</strong>}
            </Text>
          ))}
          {pointedAt !== null && !isTable && (
            <Text size="xs" c="dimmed" component="span">
              {names[pointedAt]}
            </Text>
          )}
        </Group>
        <Button
          size="compact-xs"
          variant="subtle"
          leftSection={<Icon size={14} aria-hidden />}
          onClick={() => setIsTable(!isTable)}
        >
          {t(isTable ? 'dashboard.asChart' : 'dashboard.asTable')}
        </Button>
      </Group>
    </figure>
  );
}

function formatted(value: number | null | undefined, format: (value: number) => string): string {
  return value === null || value === undefined ? '–' : format(value);
}

interface NumbersTableProps extends Pick<FigureProps, 'names' | 'format' | 'bucket'> {
  series: readonly Series[];
  caption: string;
}

function NumbersTable({ series, names, format, caption, bucket }: NumbersTableProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what can be scrolled must be reachable by keyboard.
    <section className="figure-table" aria-label={caption} tabIndex={0}>
      <Table verticalSpacing={4}>
        <caption className="hidden-caption">{caption}</caption>
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">{bucket}</Table.Th>
            {series.map(({ label }) => (
              <Table.Th key={label} scope="col" ta="end">
                {label}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {names.map((name, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: two hours of a day may be called the same.
            <Table.Tr key={index}>
              <Table.Th scope="row" fw={400}>
                {name}
              </Table.Th>
              {series.map(({ label, values }) => (
                <Table.Td key={label} ta="end">
                  {formatted(values[index], format)}
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </section>
  );
}

import { Alert, Skeleton, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Fragment, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { ProblemAlert } from '../../ui/problem-alert.tsx';
import { type Body, compareBodies, type Run } from './comparison.ts';
import { defaultBodyQuery, type Sample } from './templates.ts';

interface DefaultBodyProps {
  sample: Sample;
  /** Of the template. */
  contentType: string;
  /** What the template makes of the sample; null where it makes nothing. */
  body: string | null;
}

/** What would be sent without a template, and where the template's body differs. */
export function DefaultBody({ sample, contentType, body }: DefaultBodyProps) {
  const { t } = useTranslation();
  const { data: usual, error, isError, refetch } = useQuery(defaultBodyQuery(sample, contentType));
  if (isError) {
    return <ProblemAlert title={t('templates.noDefault')} error={error} onTryAgain={() => void refetch()} />;
  }
  if (usual === undefined) return <Skeleton height={320} role="status" aria-label={t('common.list.loading')} />;
  return (
    <Stack gap="sm">
      <Text size="sm" c="dimmed">
        {t('templates.compareHint')}
      </Text>
      {/* A template that makes nothing is compared with nothing: all of the default body is missing from it. */}
      <Comparison usual={usual} made={{ content: body ?? '', contentType }} />
    </Stack>
  );
}

function Comparison({ usual, made: { content, contentType } }: { usual: Body; made: Body }) {
  const { t } = useTranslation();
  const runs = useMemo(() => compareBodies(usual, { content, contentType }), [usual, content, contentType]);
  if (runs === null) return <Alert color="gray">{t('templates.tooDifferent')}</Alert>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what can be scrolled must be reachable by keyboard.
    <section className="text-view" aria-label={t('templates.defaultBody')} tabIndex={0}>
      {runs.map((run, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: runs have nothing else, and none of them has a state.
        <Fragment key={index}>{RUNS[run.in](run)}</Fragment>
      ))}
    </section>
  );
}

const RUNS: Record<Run['in'], (run: Run) => React.ReactNode> = {
  both: ({ lines }) => <pre className="compared">{textOf(lines, ' ')}</pre>,
  default: ({ lines }) => (
    <pre className="compared compared-default">
      <del>{textOf(lines, '−')}</del>
    </pre>
  ),
  template: ({ lines }) => (
    <pre className="compared compared-template">
      <ins>{textOf(lines, '+')}</ins>
    </pre>
  ),
};

function textOf(lines: readonly string[], sign: string): string {
  return lines.map((line) => `${sign} ${line}`).join('\n');
}

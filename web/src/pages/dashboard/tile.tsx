import { Alert, Group, Paper, Skeleton, Stack, Text, Title } from '@mantine/core';
import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { ProblemAlert } from '../../ui/problem-alert.tsx';

interface TileFrameProps<T> {
  title: string;
  /** A link to the list behind it. */
  link: ReactNode;
  query: UseQueryResult<T>;
  children: (data: T) => ReactNode;
}

/** The frame of a tile, whose figures are loading, cannot be read, or are there. */
export function TileFrame<T>({ title, link, query, children }: TileFrameProps<T>) {
  const { t } = useTranslation();
  return (
    <Paper component="section" withBorder p="md" h="100%" aria-label={title}>
      <Stack gap="md">
        <Group justify="space-between" align="baseline">
          <Title order={2} size="h5">
            {title}
          </Title>
          <Text size="sm" component="span">
            {link}
          </Text>
        </Group>
        {query.isPending && <Skeleton height={120} role="status" aria-label={t('common.list.loading')} />}
        {query.isError && query.data !== undefined && <Alert color="red">{t('common.list.stale')}</Alert>}
        {query.isError && query.data === undefined && (
          <ProblemAlert title={t('common.list.failed')} error={query.error} onTryAgain={() => void query.refetch()} />
        )}
        {query.data !== undefined && children(query.data)}
      </Stack>
    </Paper>
  );
}

/** A number with what it counts; the number may lead to those that were counted. */
export function Count({ label, children, hint }: { label: string; children: ReactNode; hint?: ReactNode }) {
  return (
    <Stack gap={0} miw={72}>
      <Text size="sm" c="dimmed">
        {label}
      </Text>
      <Text fz={26} fw={650} lh={1.25} component="div">
        {children}
      </Text>
      {hint !== undefined && (
        <Text size="xs" c="dimmed" component="div">
          {hint}
        </Text>
      )}
    </Stack>
  );
}

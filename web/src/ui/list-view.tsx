import { Alert, Button, Group, Stack, Text, Title } from '@mantine/core';
import { IconChevronRight, IconChevronsLeft } from '@tabler/icons-react';
import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Loading } from './loading.tsx';
import { ProblemAlert } from './problem-alert.tsx';

/** A page of a list, as the API answers it. */
export interface ListPage<T> {
  items: readonly T[];
  next: string | null;
}

interface ListViewProps<T> {
  query: UseQueryResult<ListPage<T>>;
  /** What to say when there is nothing at all, and what would change that. */
  empty: { title: string; hint?: ReactNode; action?: ReactNode };
  /** Set while filters are in force: nothing found is then another thing than nothing there. */
  onClearFilters?: (() => void) | undefined;
  /** The cursor of this page; undefined on the first one. */
  cursor?: string | undefined;
  /** Goes to another page of the list: the first one without a cursor. */
  onPage: (cursor: string | undefined) => void;
  children: (items: readonly T[]) => ReactNode;
}

/** A list in each of its states: loading, failed, empty, without a match, and with items and a pager. */
export function ListView<T>({ query, empty, onClearFilters, cursor, onPage, children }: ListViewProps<T>) {
  const { t } = useTranslation();
  if (query.isPending) return <Loading />;
  if (query.data === undefined) {
    return <ProblemAlert title={t('common.list.failed')} error={query.error} onTryAgain={() => void query.refetch()} />;
  }
  const { items, next } = query.data;
  const isBare = items.length === 0 && next === null && cursor === undefined;
  if (isBare && onClearFilters !== undefined) {
    return (
      <Notice title={t('common.list.noMatch')} hint={t('common.list.noMatchHint')}>
        <Button variant="default" onClick={onClearFilters}>
          {t('common.list.clearFilters')}
        </Button>
      </Notice>
    );
  }
  if (isBare) {
    return (
      <Notice title={empty.title} hint={empty.hint}>
        {empty.action}
      </Notice>
    );
  }
  return (
    <Stack>
      {query.isError && <Alert color="red">{t('common.list.stale')}</Alert>}
      {children(items)}
      <Pager cursor={cursor} next={next} onPage={onPage} />
    </Stack>
  );
}

function Notice({ title, hint, children }: { title: string; hint: ReactNode; children: ReactNode }) {
  return (
    <Stack align="center" gap="xs" py="xl" className="notice">
      <Title order={2} size="h4">
        {title}
      </Title>
      {hint !== undefined && <Text c="dimmed">{hint}</Text>}
      {children}
    </Stack>
  );
}

/** Lists go by cursor, so that a page stays what it is while new items arrive. The way back is the browser's. */
function Pager({
  cursor,
  next,
  onPage,
}: {
  cursor: string | undefined;
  next: string | null;
  onPage: (cursor: string | undefined) => void;
}) {
  const { t } = useTranslation();
  if (cursor === undefined && next === null) return null;
  return (
    <Group component="nav" aria-label={t('common.list.pages')} justify="center">
      <Button
        variant="default"
        disabled={cursor === undefined}
        leftSection={<IconChevronsLeft size={16} aria-hidden />}
        onClick={() => onPage(undefined)}
      >
        {t('common.list.first')}
      </Button>
      <Button
        variant="default"
        disabled={next === null}
        rightSection={<IconChevronRight size={16} aria-hidden />}
        onClick={() => onPage(next ?? undefined)}
      >
        {t('common.list.next')}
      </Button>
    </Group>
  );
}

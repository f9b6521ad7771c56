import { Button } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMay } from '../../api/session.ts';
import { CopyButton } from '../../ui/copy-button.tsx';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { Instant } from '../../ui/instant.tsx';
import { ListView } from '../../ui/list-view.tsx';
import { Page } from '../../ui/page.tsx';
import { PageLink } from '../../ui/page-link.tsx';
import { answerInWords } from './answers.ts';
import { type Inbox, inboxesQuery } from './inboxes.ts';
import { NewInboxDialog } from './new-inbox-dialog.tsx';

/** Integrations › Inbox: the built-in receivers. */
export function InboxesPage() {
  const { t } = useTranslation();
  const { cursor } = useSearch({ from: '/signed-in/integrations/inbox' });
  const navigate = useNavigate({ from: '/integrations/inbox' });
  const mayCreate = useMay('operator');
  const query = useQuery(inboxesQuery(cursor));
  const [isCreating, setIsCreating] = useState(false);

  const columns: Column<Inbox & { id: string }>[] = [
    {
      heading: t('common.name'),
      isRowHeader: true,
      cell: ({ name }) => (
        <PageLink to="/integrations/inbox/$name" params={{ name }}>
          {name}
        </PageLink>
      ),
    },
    { heading: t('inbox.answer.label'), cell: ({ answer }) => answerInWords(answer, t) },
    { heading: t('inbox.webhooks'), cell: ({ webhookIds }) => webhookIds.length },
    { heading: t('inbox.requests'), cell: ({ requestCount }) => requestCount },
    {
      heading: t('inbox.lastRequestAt'),
      cell: ({ lastRequestAt }) => (lastRequestAt === null ? t('common.never') : <Instant at={lastRequestAt} />),
    },
  ];
  const create = mayCreate && (
    <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setIsCreating(true)}>
      {t('inbox.create')}
    </Button>
  );

  return (
    <Page title={t('shell.places.inbox')} lead={t('inbox.lead')} actions={create}>
      <ListView
        query={query}
        empty={{ title: t('inbox.empty'), hint: t('inbox.emptyHint') }}
        cursor={cursor}
        onPage={(to) => void navigate({ search: to === undefined ? {} : { cursor: to } })}
      >
        {(items) => (
          <DataTable
            caption={t('shell.places.inbox')}
            columns={columns}
            items={items.map((inbox) => ({ ...inbox, id: inbox.name }))}
            actions={({ name, url }) => <CopyButton text={url} what={t('inbox.urlOf', { name })} isCompact />}
          />
        )}
      </ListView>
      {isCreating && <NewInboxDialog onClose={() => setIsCreating(false)} />}
    </Page>
  );
}

import { Button, Fieldset } from '@mantine/core';
import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, dataOf } from '../../api/client.ts';
import { useSession } from '../../api/session.ts';
import { ApiFormView } from '../../forms/api-form.tsx';
import { useApiForm } from '../../forms/use-api-form.ts';
import { Confirm } from '../../ui/confirm.tsx';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { Instant } from '../../ui/instant.tsx';
import { ListView } from '../../ui/list-view.tsx';
import { notify } from '../../ui/notify.ts';
import { Page } from '../../ui/page.tsx';
import { PasswordField } from '../../ui/password-field.tsx';
import { Status } from '../../ui/status.tsx';
import { deviceOf } from './device.ts';

const QUERY_KEY = ['sessions'];

type Row = Awaited<ReturnType<typeof readSessions>>['items'][number];

function readSessions(query: { cursor?: string; userId?: string }) {
  return dataOf(api.GET('/api/v1/sessions', { params: { query } }));
}

/** Administration › Sessions: one's own, or those of the user that the URL names. */
export function SessionsPage() {
  const { t } = useTranslation();
  const search = useSearch({ from: '/signed-in/administration/sessions' });
  const navigate = useNavigate({ from: '/administration/sessions' });
  const cache = useQueryClient();
  const { actor } = useSession();
  const isOwn = search.userId === undefined || search.userId === actor.id;
  const query = useQuery({
    queryKey: [...QUERY_KEY, search],
    queryFn: () => readSessions(search),
    placeholderData: keepPreviousData,
  });
  const owner = useQuery({
    queryKey: ['users', search.userId],
    queryFn: () => dataOf(api.GET('/api/v1/users/{id}', { params: { path: { id: search.userId ?? '' } } })),
    enabled: !isOwn,
  });
  const [toEnd, setToEnd] = useState<Row | null>(null);

  async function end({ id }: Row): Promise<void> {
    await dataOf(api.DELETE('/api/v1/sessions/{id}', { params: { path: { id } } }));
    await cache.invalidateQueries({ queryKey: QUERY_KEY });
  }

  const nameOf = ({ userAgent }: Row): string => deviceOf(userAgent) ?? t('access.sessions.unknownDevice');
  const columns: Column<Row>[] = [
    { heading: t('access.sessions.device'), isRowHeader: true, cell: nameOf },
    { heading: t('access.sessions.address'), cell: ({ address }) => address },
    {
      heading: t('access.sessions.lastSeenAt'),
      cell: ({ isCurrent, lastSeenAt }) =>
        isCurrent ? <Status kind="good">{t('access.sessions.current')}</Status> : <Instant at={lastSeenAt} />,
    },
    { heading: t('common.createdAt'), cell: ({ createdAt }) => <Instant at={createdAt} /> },
    { heading: t('common.expiresAt'), cell: ({ expiresAt }) => <Instant at={expiresAt} show="absolute" /> },
  ];

  return (
    <Page
      title={t('shell.places.sessions')}
      lead={
        isOwn ? t('access.sessions.lead') : t('access.sessions.leadOf', { name: owner.data?.name ?? search.userId })
      }
    >
      <ListView
        query={query}
        empty={{ title: t('access.sessions.empty'), hint: t('access.sessions.emptyHint') }}
        cursor={search.cursor}
        onPage={(cursor) => {
          const { cursor: _left, ...others } = search;
          void navigate({ search: cursor === undefined ? others : { ...others, cursor } });
        }}
      >
        {(items) => (
          <DataTable
            caption={t('shell.places.sessions')}
            columns={columns}
            items={items}
            actions={(row) =>
              !row.isCurrent && (
                <Button
                  variant="subtle"
                  color="red"
                  size="compact-sm"
                  aria-label={t('access.sessions.endOf', { name: nameOf(row) })}
                  onClick={() => setToEnd(row)}
                >
                  {t('access.sessions.end')}
                </Button>
              )
            }
          />
        )}
      </ListView>
      {isOwn && actor.kind === 'user' && <PasswordForm />}
      {toEnd !== null && (
        <Confirm
          title={t('access.sessions.confirm')}
          hint={t('access.sessions.confirmHint', { name: nameOf(toEnd) })}
          verb={t('access.sessions.end')}
          act={() => end(toEnd)}
          onClose={() => setToEnd(null)}
        />
      )}
    </Page>
  );
}

function PasswordForm() {
  const { t } = useTranslation();
  const cache = useQueryClient();
  const form = useApiForm({
    initialValues: { currentPassword: '', newPassword: '' },
    async send(body) {
      await dataOf(api.POST('/api/v1/session/password', { body }));
      form.fields.reset();
      notify({ isGood: true, message: t('access.sessions.changed') });
      await cache.invalidateQueries({ queryKey: QUERY_KEY });
    },
  });
  return (
    <Fieldset legend={t('access.sessions.changePassword')} maw={480}>
      <ApiFormView form={form} verb={t('common.save')}>
        <PasswordField
          label={t('access.sessions.currentPassword')}
          autoComplete="current-password"
          {...form.fields.getInputProps('currentPassword')}
        />
        <PasswordField
          label={t('access.sessions.newPassword')}
          description={t('access.users.passwordHint')}
          autoComplete="new-password"
          {...form.fields.getInputProps('newPassword')}
        />
      </ApiFormView>
    </Fieldset>
  );
}

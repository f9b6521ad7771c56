import { Button, Group, Text, TextInput } from '@mantine/core';
import { IconPencil, IconPlus, IconTrash } from '@tabler/icons-react';
import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, dataOf } from '../../api/client.ts';
import { type Role, useSession } from '../../api/session.ts';
import { ApiFormView } from '../../forms/api-form.tsx';
import { useApiForm } from '../../forms/use-api-form.ts';
import { Confirm } from '../../ui/confirm.tsx';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { FormDialog } from '../../ui/form-dialog.tsx';
import { Instant } from '../../ui/instant.tsx';
import { ListView } from '../../ui/list-view.tsx';
import { Page } from '../../ui/page.tsx';
import { PageLink } from '../../ui/page-link.tsx';
import { PasswordField } from '../../ui/password-field.tsx';
import { RoleSelect } from './role-select.tsx';

const QUERY_KEY = ['users'];

type User = Awaited<ReturnType<typeof readUsers>>['items'][number];

function readUsers(cursor?: string) {
  return dataOf(api.GET('/api/v1/users', { params: { query: cursor === undefined ? {} : { cursor } } }));
}

/** Administration › Users. */
export function UsersPage() {
  const { t } = useTranslation();
  const { cursor } = useSearch({ from: '/signed-in/administration/users' });
  const navigate = useNavigate({ from: '/administration/users' });
  const cache = useQueryClient();
  const { actor } = useSession();
  const query = useQuery({
    queryKey: [...QUERY_KEY, { cursor }],
    queryFn: () => readUsers(cursor),
    placeholderData: keepPreviousData,
  });
  const [editing, setEditing] = useState<User | 'new' | null>(null);
  const [toDelete, setToDelete] = useState<User | null>(null);

  async function remove({ id }: User): Promise<void> {
    await dataOf(api.DELETE('/api/v1/users/{id}', { params: { path: { id } } }));
    await cache.invalidateQueries({ queryKey: QUERY_KEY });
  }

  const columns: Column<User>[] = [
    {
      heading: t('common.name'),
      isRowHeader: true,
      cell: ({ id, name }) => (id === actor.id ? `${name} (${t('access.users.you')})` : name),
    },
    { heading: t('common.email'), cell: ({ email }) => <Text className="long-text">{email}</Text> },
    { heading: t('common.role'), cell: ({ role }) => t(`common.roles.${role}`) },
    {
      heading: t('access.users.lastSignInAt'),
      cell: ({ lastSignInAt }) => (lastSignInAt === null ? t('common.never') : <Instant at={lastSignInAt} />),
    },
    {
      heading: t('shell.places.sessions'),
      cell: ({ id, name }) => (
        <PageLink
          to="/administration/sessions"
          search={{ userId: id }}
          aria-label={t('access.users.sessions', { name })}
        >
          {t('shell.places.sessions')}
        </PageLink>
      ),
    },
  ];

  return (
    <Page
      title={t('shell.places.users')}
      lead={t('access.users.lead')}
      actions={
        <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setEditing('new')}>
          {t('access.users.create')}
        </Button>
      }
    >
      <ListView
        query={query}
        empty={{ title: t('access.users.empty'), hint: t('access.users.emptyHint') }}
        cursor={cursor}
        onPage={(to) => void navigate({ search: to === undefined ? {} : { cursor: to } })}
      >
        {(items) => (
          <DataTable
            caption={t('shell.places.users')}
            columns={columns}
            items={items}
            actions={(user) => (
              <Group gap="xs" justify="flex-end" wrap="nowrap">
                <Button
                  variant="subtle"
                  size="compact-sm"
                  leftSection={<IconPencil size={16} aria-hidden />}
                  aria-label={t('common.editOf', { name: user.name })}
                  onClick={() => setEditing(user)}
                >
                  {t('common.edit')}
                </Button>
                <Button
                  variant="subtle"
                  color="red"
                  size="compact-sm"
                  leftSection={<IconTrash size={16} aria-hidden />}
                  aria-label={t('common.deleteOf', { name: user.name })}
                  onClick={() => setToDelete(user)}
                >
                  {t('common.delete')}
                </Button>
              </Group>
            )}
          />
        )}
      </ListView>
      {editing === 'new' && <NewUserDialog onClose={() => setEditing(null)} />}
      {editing !== null && editing !== 'new' && <EditUserDialog user={editing} onClose={() => setEditing(null)} />}
      {toDelete !== null && (
        <Confirm
          title={t('access.users.delete', { name: toDelete.name })}
          hint={t('access.users.deleteHint', { email: toDelete.email })}
          verb={t('common.delete')}
          act={() => remove(toDelete)}
          onClose={() => setToDelete(null)}
        />
      )}
    </Page>
  );
}

function NewUserDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const cache = useQueryClient();
  const form = useApiForm({
    initialValues: { name: '', email: '', role: 'viewer' as Role, password: '' },
    async send(body) {
      await dataOf(api.POST('/api/v1/users', { body }));
      await cache.invalidateQueries({ queryKey: QUERY_KEY });
      onClose();
    },
  });
  return (
    <FormDialog title={t('access.users.create')} onClose={onClose}>
      <ApiFormView form={form} verb={t('common.create')} onCancel={onClose}>
        <TextInput label={t('common.name')} autoComplete="off" data-autofocus {...form.fields.getInputProps('name')} />
        <TextInput label={t('common.email')} type="email" autoComplete="off" {...form.fields.getInputProps('email')} />
        <RoleSelect {...form.fields.getInputProps('role')} />
        <PasswordField
          label={t('access.users.password')}
          description={t('access.users.passwordHint')}
          autoComplete="new-password"
          {...form.fields.getInputProps('password')}
        />
      </ApiFormView>
    </FormDialog>
  );
}

function EditUserDialog({ user, onClose }: { user: User; onClose: () => void }) {
  const { t } = useTranslation();
  const cache = useQueryClient();
  const { id, name, email, role } = user;
  const form = useApiForm({
    initialValues: { name, email, role, password: '' },
    async send({ password, ...facts }) {
      const body = { ...facts, ...(password === '' ? {} : { password }) };
      await dataOf(api.PATCH('/api/v1/users/{id}', { params: { path: { id } }, body }));
      await cache.invalidateQueries({ queryKey: QUERY_KEY });
      onClose();
    },
  });
  return (
    <FormDialog title={t('access.users.edit', { name })} onClose={onClose}>
      <ApiFormView form={form} verb={t('common.save')} onCancel={onClose}>
        <TextInput label={t('common.name')} data-autofocus {...form.fields.getInputProps('name')} />
        <TextInput label={t('common.email')} type="email" {...form.fields.getInputProps('email')} />
        <RoleSelect {...form.fields.getInputProps('role')} />
        <PasswordField
          label={t('access.users.newPassword')}
          description={t('access.users.newPasswordHint')}
          autoComplete="new-password"
          {...form.fields.getInputProps('password')}
        />
      </ApiFormView>
    </FormDialog>
  );
}

import { Button, Code, Group, Select, Stack, Text, TextInput } from '@mantine/core';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, dataOf } from '../../api/client.ts';
import { serverNow } from '../../api/server-clock.ts';
import type { Role } from '../../api/session.ts';
import { ApiFormView } from '../../forms/api-form.tsx';
import { useApiForm } from '../../forms/use-api-form.ts';
import { Confirm } from '../../ui/confirm.tsx';
import { CopyButton } from '../../ui/copy-button.tsx';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { FormDialog } from '../../ui/form-dialog.tsx';
import { Instant } from '../../ui/instant.tsx';
import { ListView } from '../../ui/list-view.tsx';
import { Page } from '../../ui/page.tsx';
import { Status } from '../../ui/status.tsx';
import { RoleSelect } from './role-select.tsx';

const QUERY_KEY = ['api-keys'];

type ApiKey = Awaited<ReturnType<typeof readKeys>>['items'][number];

function readKeys(cursor?: string) {
  return dataOf(api.GET('/api/v1/api-keys', { params: { query: cursor === undefined ? {} : { cursor } } }));
}

/** Administration › API keys. */
export function ApiKeysPage() {
  const { t } = useTranslation();
  const { cursor } = useSearch({ from: '/signed-in/administration/api-keys' });
  const navigate = useNavigate({ from: '/administration/api-keys' });
  const cache = useQueryClient();
  const query = useQuery({
    queryKey: [...QUERY_KEY, { cursor }],
    queryFn: () => readKeys(cursor),
    placeholderData: keepPreviousData,
  });
  const [isCreating, setIsCreating] = useState(false);
  const [toDelete, setToDelete] = useState<ApiKey | null>(null);

  async function remove({ id }: ApiKey): Promise<void> {
    await dataOf(api.DELETE('/api/v1/api-keys/{id}', { params: { path: { id } } }));
    await cache.invalidateQueries({ queryKey: QUERY_KEY });
  }

  const columns: Column<ApiKey>[] = [
    { heading: t('common.name'), isRowHeader: true, cell: ({ name }) => name },
    { heading: t('common.role'), cell: ({ role }) => t(`common.roles.${role}`) },
    { heading: t('access.keys.state'), cell: (key) => <KeyState expiresAt={key.expiresAt} /> },
    { heading: t('common.createdAt'), cell: ({ createdAt }) => <Instant at={createdAt} /> },
    {
      heading: t('common.expiresAt'),
      cell: ({ expiresAt }) => (expiresAt === null ? t('common.never') : <Instant at={expiresAt} show="absolute" />),
    },
  ];

  return (
    <Page
      title={t('shell.places.apiKeys')}
      lead={t('access.keys.lead')}
      actions={
        <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setIsCreating(true)}>
          {t('access.keys.create')}
        </Button>
      }
    >
      <ListView
        query={query}
        empty={{ title: t('access.keys.empty'), hint: t('access.keys.emptyHint') }}
        cursor={cursor}
        onPage={(to) => void navigate({ search: to === undefined ? {} : { cursor: to } })}
      >
        {(items) => (
          <DataTable
            caption={t('shell.places.apiKeys')}
            columns={columns}
            items={items}
            actions={(key) => (
              <Button
                variant="subtle"
                color="red"
                size="compact-sm"
                leftSection={<IconTrash size={16} aria-hidden />}
                aria-label={t('common.deleteOf', { name: key.name })}
                onClick={() => setToDelete(key)}
              >
                {t('common.delete')}
              </Button>
            )}
          />
        )}
      </ListView>
      {isCreating && <NewKeyDialog onClose={() => setIsCreating(false)} />}
      {toDelete !== null && (
        <Confirm
          title={t('access.keys.delete', { name: toDelete.name })}
          hint={t('access.keys.deleteHint')}
          verb={t('common.delete')}
          act={() => remove(toDelete)}
          onClose={() => setToDelete(null)}
        />
      )}
    </Page>
  );
}

function KeyState({ expiresAt }: { expiresAt: string | null }) {
  const { t } = useTranslation();
  const isExpired = expiresAt !== null && Date.parse(expiresAt) <= serverNow();
  return isExpired ? (
    <Status kind="neutral">{t('access.keys.expired')}</Status>
  ) : (
    <Status kind="good">{t('access.keys.valid')}</Status>
  );
}

const DAY_MS = 86_400_000;
const LIFETIMES_DAYS = [30, 90, 365];

/** Asks for name, role and lifetime, and then shows the key, once. */
function NewKeyDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const cache = useQueryClient();
  const [key, setKey] = useState<string | null>(null);
  const form = useApiForm({
    initialValues: { name: '', role: 'viewer' as Role, days: '' },
    async send({ name, role, days }) {
      const expiresAt = days === '' ? null : new Date(serverNow() + Number(days) * DAY_MS).toISOString();
      const made = await dataOf(api.POST('/api/v1/api-keys', { body: { name, role, expiresAt } }));
      setKey(made.key);
      await cache.invalidateQueries({ queryKey: QUERY_KEY });
    },
  });

  if (key !== null) return <MadeKeyDialog apiKey={key} onClose={onClose} />;
  return (
    <FormDialog title={t('access.keys.create')} onClose={onClose}>
      <ApiFormView form={form} verb={t('common.create')} onCancel={onClose}>
        <TextInput
          label={t('common.name')}
          description={t('access.keys.nameHint')}
          data-autofocus
          {...form.fields.getInputProps('name')}
        />
        <RoleSelect {...form.fields.getInputProps('role')} />
        <Select
          label={t('access.keys.expiresIn')}
          allowDeselect={false}
          data={[
            { value: '', label: t('access.keys.forever') },
            ...LIFETIMES_DAYS.map((days) => ({ value: String(days), label: t('access.keys.days', { count: days }) })),
          ]}
          {...form.fields.getInputProps('days')}
        />
      </ApiFormView>
    </FormDialog>
  );
}

function MadeKeyDialog({ apiKey, onClose }: { apiKey: string; onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <FormDialog title={t('access.keys.made')} onClose={onClose}>
      <Stack>
        <Text>{t('access.keys.madeHint')}</Text>
        <Code block className="long-text">
          {apiKey}
        </Code>
        <Group justify="flex-end">
          <CopyButton text={apiKey} what={t('access.keys.theKey')} />
          <Button onClick={onClose}>{t('common.close')}</Button>
        </Group>
      </Stack>
    </FormDialog>
  );
}

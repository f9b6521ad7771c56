import { NumberInput, TextInput } from '@mantine/core';

import { useQueryClient, useSuspenseQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { api, dataOf, versionOf } from '../../api/client.ts';
import { useMay } from '../../api/session.ts';
import { ApiFormView } from '../../forms/api-form.tsx';
import { UnsavedGuard } from '../../forms/unsaved-guard.tsx';
import { useApiForm } from '../../forms/use-api-form.ts';
import { useVersionedSave, type Version } from '../../forms/use-versioned-save.tsx';
import { notify } from '../../ui/notify.ts';
import { Page } from '../../ui/page.tsx';

type Instance = Awaited<ReturnType<typeof read>>['values'];

async function read() {
  const { data, etag } = await versionOf(api.GET('/api/v1/settings/instance'));
  return { values: data, etag };
}

const QUERY = { queryKey: ['instance'], queryFn: read };

/** Settings › Instance. */
export function InstancePage() {
  const { t } = useTranslation();
  const { data } = useSuspenseQuery(QUERY);
  return (
    <Page title={t('shell.places.instance')} lead={t('access.instance.lead')}>
      <InstanceForm key={data.etag} version={data} />
    </Page>
  );
}

function InstanceForm({ version }: { version: Version<Instance> }) {
  const { t } = useTranslation();
  const cache = useQueryClient();
  const isReadOnly = !useMay('admin');
  const labels = {
    name: t('access.instance.name'),
    email: t('access.instance.email'),
    tenantId: t('access.instance.tenantId'),
    bucketName: t('access.instance.bucketName'),
  };

  const versioned = useVersionedSave<Instance>({
    read,
    async save(body, etag) {
      const params = { header: { 'if-match': etag } };
      await dataOf(api.PUT('/api/v1/settings/instance', { params, body }));
      notify({ isGood: true, message: t('common.saved') });
      form.fields.resetDirty();
      await cache.invalidateQueries({ queryKey: QUERY.queryKey });
    },
    compare: (mine, theirs) =>
      (Object.keys(labels) as (keyof Instance)[])
        .filter((name) => mine[name] !== theirs[name])
        .map((name) => ({ label: labels[name], mine: String(mine[name]), theirs: String(theirs[name]) })),
    onTaken: (theirs) => cache.setQueryData(QUERY.queryKey, theirs),
  });
  const form = useApiForm<Instance>({
    initialValues: version.values,
    send: (values) => versioned.save(values, version.etag),
  });

  return (
    <>
      <ApiFormView form={form} verb={t('common.save')} isReadOnly={isReadOnly}>
        <TextInput
          label={labels.name}
          description={t('access.instance.nameHint')}
          readOnly={isReadOnly}
          {...form.fields.getInputProps('name')}
        />
        <TextInput
          label={labels.email}
          description={t('access.instance.emailHint')}
          readOnly={isReadOnly}
          {...form.fields.getInputProps('email')}
        />
        <NumberInput
          label={labels.tenantId}
          hideControls
          readOnly={isReadOnly}
          {...form.fields.getInputProps('tenantId')}
        />
        <TextInput label={labels.bucketName} readOnly={isReadOnly} {...form.fields.getInputProps('bucketName')} />
      </ApiFormView>
      {versioned.dialog}
      <UnsavedGuard isDirty={form.fields.isDirty()} />
    </>
  );
}

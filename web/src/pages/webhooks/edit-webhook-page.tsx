import { notifications } from '@mantine/notifications';
import { useSuspenseQuery } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, dataOf, versionOf } from '../../api/client.ts';
import { useVersionedSave, type Version } from '../../forms/use-versioned-save.tsx';
import { Page } from '../../ui/page.tsx';
import { AdminsOnly } from './admins-only.tsx';
import { type Draft, draftOf, mergePatch, SETTINGS, type Settings } from './draft.ts';
import { useDifferences } from './use-differences.ts';
import { testSaved, testUnsaved, useSettingsOf, useWebhookActions } from './webhook-actions.ts';
import { WebhookForm } from './webhook-form.tsx';
import { defaultsQuery, givenUrl, type Webhook, webhookQuery } from './webhook-queries.ts';

/** A webhook's settings, to be changed. */
export function EditWebhookPage() {
  const { id } = useParams({ from: '/signed-in/settings/notification-services/webhooks/$id/edit' });
  const { data } = useSuspenseQuery({ ...webhookQuery(id), refetchInterval: false, refetchOnWindowFocus: false });
  const { t } = useTranslation();
  // Whoever is typing keeps the version that they began with: saving finds out whether there is another.
  const [version, setVersion] = useState(() => toVersion(data));
  return (
    <AdminsOnly>
      <Page title={t('webhooks.edit', { name: version.values.name })}>
        <EditForm key={version.etag} id={id} version={version} onTaken={setVersion} />
      </Page>
    </AdminsOnly>
  );
}

function toVersion({ data, etag }: { data: Webhook; etag: string }): Version<Draft> {
  return { values: draftOf(data.name, { ...(data as Settings), url: givenUrl(data) }, data.inherited), etag };
}

interface EditFormProps {
  id: string;
  version: Version<Draft>;
  onTaken: (version: Version<Draft>) => void;
}

function EditForm({ id, version, onTaken }: EditFormProps) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const settingsOf = useSettingsOf();
  const differences = useDifferences();
  const { forget } = useWebhookActions();
  const { settings } = useSuspenseQuery(defaultsQuery).data;
  const inherited = draftOf('', settings, SETTINGS);
  /** What is there, by its entity tag: a change is a patch of that. */
  const [known] = useState(() => new Map([[version.etag, version.values]]));
  const bodyOf = (draft: Draft) => ({ name: draft.name, ...settingsOf(draft) });

  const versioned = useVersionedSave<Draft>({
    async read() {
      const theirs = toVersion(await versionOf(api.GET('/api/v1/webhooks/{id}', { params: { path: { id } } })));
      known.set(theirs.etag, theirs.values);
      return theirs;
    },
    async save(draft, etag) {
      const body = mergePatch(bodyOf(known.get(etag) ?? version.values), bodyOf(draft));
      const params = { path: { id }, header: { 'if-match': etag } };
      await dataOf(api.PATCH('/api/v1/webhooks/{id}', { params, body }));
      notifications.show({ color: 'green', message: t('common.saved') });
      await forget();
      leave();
    },
    compare: differences,
    onTaken,
  });

  function leave(): void {
    void navigate({ to: '/settings/notification-services/webhooks/$id', params: { id }, ignoreBlocker: true });
  }

  return (
    <WebhookForm
      initial={version.values}
      inherited={inherited}
      webhookId={id}
      verb={t('common.save')}
      onCancel={() => void navigate({ to: '/settings/notification-services/webhooks/$id', params: { id } })}
      save={(draft) => versioned.save(draft, version.etag)}
      test={(draft, eventType, isDirty) =>
        isDirty ? testUnsaved(bodyOf(draft), eventType, id) : testSaved(id, eventType)
      }
      isInUse
    >
      {versioned.dialog}
    </WebhookForm>
  );
}

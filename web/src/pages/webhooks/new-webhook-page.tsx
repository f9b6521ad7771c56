import { useSuspenseQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, dataOf } from '../../api/client.ts';
import { Page } from '../../ui/page.tsx';
import { AdminsOnly } from './admins-only.tsx';
import { copyOf, type Draft, draftOf, SETTINGS, type Settings } from './draft.ts';
import { SecretDialog } from './secret-dialog.tsx';
import { testUnsaved, useSettingsOf, useWebhookActions } from './webhook-actions.ts';
import { WebhookForm } from './webhook-form.tsx';
import { defaultsQuery, givenUrl, type NewWebhook, webhookQuery } from './webhook-queries.ts';

/** A new webhook: empty, as a copy of another one, or with what the page that leads here has filled in. */
export function NewWebhookPage() {
  const { t } = useTranslation();
  const { from } = useSearch({ from: '/signed-in/settings/notification-services/webhooks/new' });
  return (
    <AdminsOnly>
      <Page title={t('webhooks.list.create')} lead={t('webhooks.form.newLead')}>
        {from === undefined ? <EmptyForm /> : <CopyForm id={from} />}
      </Page>
    </AdminsOnly>
  );
}

function EmptyForm() {
  const search = useSearch({ from: '/signed-in/settings/notification-services/webhooks/new' });
  const { settings } = useSuspenseQuery(defaultsQuery).data;
  const inherited = draftOf('', settings, SETTINGS);
  const { name = '', url, stationId, partnerId, routing } = search;
  const draft: Draft = { ...inherited, name, own: { ...inherited.own } };
  if (url !== undefined || draft.url === '') Object.assign(draft, { url: url ?? '', own: { ...draft.own, url: true } });
  if (stationId !== undefined || partnerId !== undefined) {
    draft.scope = { ...draft.scope, stationIds: listOf(stationId), partnerIds: listOf(partnerId) };
    draft.own.scope = true;
  }
  if (routing === 'unmatched') {
    draft.routing = routing;
    draft.own.routing = true;
  }
  if (stationId !== undefined || partnerId !== undefined || routing !== undefined) {
    draft.eventTypes = ['message.*', 'mdn.*'];
    draft.own.eventTypes = true;
  }
  return <NewWebhookForm initial={draft} inherited={inherited} />;
}

function listOf(id: string | undefined): string[] {
  return id === undefined ? [] : [id];
}

function CopyForm({ id }: { id: string }) {
  const { t } = useTranslation();
  const { settings } = useSuspenseQuery(defaultsQuery).data;
  const { data: webhook } = useSuspenseQuery(webhookQuery(id)).data;
  const inherited = draftOf('', settings, SETTINGS);
  const original = draftOf(webhook.name, { ...(webhook as Settings), url: givenUrl(webhook) }, webhook.inherited);
  return (
    <NewWebhookForm initial={copyOf(original, t('webhooks.copyOf', { name: webhook.name }))} inherited={inherited} />
  );
}

function NewWebhookForm({ initial, inherited }: { initial: Draft; inherited: Draft }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const settingsOf = useSettingsOf();
  const { forget } = useWebhookActions();
  const [made, setMade] = useState<{ id: string; secret: string } | null>(null);
  const [first] = useState(initial);

  function bodyOf(draft: Draft): NewWebhook {
    const { name, signingSecret } = draft;
    return { name, ...settingsOf(draft), ...(signingSecret === '' ? {} : { signingSecret }) } as NewWebhook;
  }

  async function create(draft: Draft): Promise<void> {
    const { id, signingSecret } = await dataOf(api.POST('/api/v1/webhooks', { body: bodyOf(draft) }));
    await forget();
    setMade({ id, secret: String(signingSecret) });
  }

  function leave(id: string): void {
    void navigate({ to: '/settings/notification-services/webhooks/$id', params: { id }, ignoreBlocker: true });
  }

  return (
    <WebhookForm
      initial={first}
      inherited={inherited}
      verb={t('common.create')}
      onCancel={() => void navigate({ to: '/settings/notification-services/webhooks' })}
      save={create}
      test={(draft, eventType) => testUnsaved({ ...bodyOf(draft), name: draft.name || 'test' }, eventType)}
    >
      {made !== null && <SecretDialog secret={made.secret} onClose={() => leave(made.id)} />}
    </WebhookForm>
  );
}

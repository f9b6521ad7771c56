import { notifications } from '@mantine/notifications';
import { useSuspenseQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, dataOf, versionOf } from '../../api/client.ts';
import { useMay } from '../../api/session.ts';
import { useVersionedSave, type Version } from '../../forms/use-versioned-save.tsx';
import { Page } from '../../ui/page.tsx';
import { type Draft, draftOf, type Settings } from './draft.ts';
import { useDifferences } from './use-differences.ts';
import { testUnsaved, useSettingsOf, useWebhookActions } from './webhook-actions.ts';
import { changedSettings, WebhookForm } from './webhook-form.tsx';
import { defaultsQuery, type Exchange } from './webhook-queries.ts';
import { WebhookTabs } from './webhook-tabs.tsx';

async function read(): Promise<Version<Draft>> {
  const { data, etag } = await versionOf(api.GET('/api/v1/settings/webhooks'));
  return { values: draftOf('', data as Settings, []), etag };
}

/** Settings › Notification services › Webhooks › Global defaults: what every webhook has that does not set it itself. */
export function DefaultsPage() {
  const { t } = useTranslation();
  const { data } = useSuspenseQuery({ ...defaultsQuery, refetchOnWindowFocus: false });
  const [version, setVersion] = useState(() => ({ values: draftOf('', data.settings, []), etag: data.etag }));
  return (
    <Page title={t('shell.places.webhooks')} lead={t('webhooks.defaults.lead')}>
      <WebhookTabs />
      <DefaultsForm key={version.etag} version={version} onTaken={setVersion} />
    </Page>
  );
}

interface DefaultsFormProps {
  version: Version<Draft>;
  onTaken: (version: Version<Draft>) => void;
}

function DefaultsForm({ version, onTaken }: DefaultsFormProps) {
  const { t } = useTranslation();
  const isReadOnly = !useMay('admin');
  const settingsOf = useSettingsOf();
  const differences = useDifferences();
  const { forget } = useWebhookActions();

  /** A default URL that is not there is left out. */
  function bodyOf(draft: Draft) {
    const { url, ...others } = settingsOf(draft);
    return url === '' ? others : { ...others, url };
  }

  const versioned = useVersionedSave<Draft>({
    read,
    async save(draft, etag) {
      await dataOf(
        api.PUT('/api/v1/settings/webhooks', { params: { header: { 'if-match': etag } }, body: bodyOf(draft) }),
      );
      notifications.show({ color: 'green', message: t('common.saved') });
      await forget();
      onTaken(await read());
    },
    compare: differences,
    onTaken,
  });

  /** What has been changed; the rest is inherited from what is saved, secrets included. */
  function test(draft: Draft, eventType: string | null): Promise<Exchange> {
    const changed = new Set<string>(changedSettings(version.values, draft));
    const settings = Object.entries(bodyOf(draft)).filter(([name]) => changed.has(name));
    return testUnsaved({ name: t('webhooks.tabs.defaults'), ...Object.fromEntries(settings) }, eventType);
  }

  return (
    <WebhookForm
      initial={version.values}
      inherited={version.values}
      of="defaults"
      verb={t('common.save')}
      isReadOnly={isReadOnly}
      save={(draft) => versioned.save(draft, version.etag)}
      {...(isReadOnly ? {} : { test })}
      isInUse
    >
      {versioned.dialog}
    </WebhookForm>
  );
}

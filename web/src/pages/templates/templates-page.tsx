import './editor.css';
import { Autocomplete, Button, Group, Menu, Select, Skeleton, Stack, Tabs } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconDeviceFloppy, IconTemplate } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMay } from '../../api/session.ts';
import { UnsavedGuard } from '../../forms/unsaved-guard.tsx';
import { Page } from '../../ui/page.tsx';
import { ProblemAlert } from '../../ui/problem-alert.tsx';
import { useWebhookNames } from '../log/deliveries.ts';
import { DefaultBody } from './default-body.tsx';
import type { Editor } from './editor-view.ts';
import { faultsOf } from './faults.ts';
import { PreviewPanel } from './preview-panel.tsx';
import { SamplePicker } from './sample-picker.tsx';
import { SendDraft } from './send-draft.tsx';
import { TemplateEditor } from './template-editor.tsx';
import type { TemplateSearch } from './template-search.ts';
import {
  type Draft,
  type Preset,
  presetsQuery,
  previewQuery,
  type Sample,
  STARTER,
  savedDraft,
  templateOfQuery,
  variablesQuery,
} from './templates.ts';
import { type Saved, useSaveDraft } from './use-save-draft.tsx';
import { VariableBrowser } from './variable-browser.tsx';

/** Where nothing else is said, a template is tried with the sample of this type. */
const USUAL_TYPE = 'transfer.completed';
/** For how long nothing must be typed before it is rendered. */
const PAUSE_MS = 300;
const MEDIA_TYPES = ['application/json', 'application/xml', 'application/x-www-form-urlencoded', 'text/plain'];

/** Settings › Notification services › Templates: the editor, with what the server makes of the template beside it. */
export function TemplatesPage() {
  const { t } = useTranslation();
  const { webhookId } = useSearch({ from: '/signed-in/settings/notification-services/templates' });
  const query = useQuery({ ...templateOfQuery(webhookId ?? ''), enabled: webhookId !== undefined });
  if (webhookId === undefined) return <Workbench key="" saved={null} />;
  if (query.data !== undefined) {
    return <Workbench key={webhookId} saved={{ webhook: query.data.data, etag: query.data.etag }} />;
  }
  return (
    <Page title={t('shell.places.templates')}>
      {query.isPending && <Skeleton height={320} role="status" aria-label={t('common.list.loading')} />}
      {query.isError && (
        <ProblemAlert title={t('shell.failed')} error={query.error} onTryAgain={() => void query.refetch()} />
      )}
    </Page>
  );
}

function Workbench({ saved }: { saved: Saved | null }) {
  const { t } = useTranslation();
  const search = useSearch({ from: '/signed-in/settings/notification-services/templates' });
  const navigate = useNavigate({ from: '/settings/notification-services/templates' });
  const maySave = useMay('admin');
  const editor = useRef<Editor | null>(null);
  const before = saved === null ? null : savedDraft(saved.webhook);
  const [begun] = useState<Draft>(before ?? STARTER);
  const [draft, setDraft] = useState(begun);
  const isDirty = !isSame(draft, before ?? begun);

  const sample: Sample =
    search.event === undefined ? { eventType: search.type ?? USUAL_TYPE } : { eventId: search.event };
  const [settled] = useDebouncedValue(draft, PAUSE_MS);
  const preview = useQuery(previewQuery(settled, sample));
  const { data: variables } = useQuery(variablesQuery);
  const isCurrent = isSame(settled, draft) && !preview.isPlaceholderData;
  const faults = useMemo(
    () => (isCurrent && preview.data !== undefined ? faultsOf(preview.data, draft.template, t) : []),
    [isCurrent, preview.data, draft.template, t],
  );

  const { save, dialog } = useSaveDraft(saved, (theirs) => take(theirs));

  /** Another draft in the place of this one. Undoing brings the text back. */
  function take(next: Draft): void {
    setDraft(next);
    editor.current?.replace(next.template);
  }

  function go(next: TemplateSearch): void {
    void navigate({ search: next, replace: true });
  }

  return (
    <Page
      title={t('shell.places.templates')}
      lead={t('templates.lead')}
      actions={
        <>
          <Presets onChoose={({ template, contentType }) => take({ template, contentType })} />
          {saved !== null && maySave && (
            <Button
              leftSection={<IconDeviceFloppy size={16} aria-hidden />}
              disabled={!isDirty && before !== null}
              loading={save.isPending}
              onClick={() => save.mutate(draft)}
            >
              {t('templates.saveTo', { name: shortened(saved.webhook.name) })}
            </Button>
          )}
        </>
      }
    >
      <Group align="end" gap="sm">
        <WebhookSelect
          value={search.webhookId ?? null}
          onChange={(id) => void navigate({ search: id === null ? {} : { webhookId: id } })}
        />
        <Autocomplete
          label={t('templates.contentType')}
          w={280}
          data={MEDIA_TYPES}
          value={draft.contentType}
          onChange={(contentType) => setDraft({ ...draft, contentType })}
        />
        <SamplePicker
          sample={sample}
          onChange={(chosen) => {
            const { type: _type, event: _event, ...rest } = search;
            go({ ...rest, ...('eventType' in chosen ? { type: chosen.eventType } : { event: chosen.eventId }) });
          }}
        />
      </Group>
      {save.isError && <ProblemAlert title={t('common.form.problems')} error={save.error} />}
      <div className="template-columns">
        <Stack>
          <TemplateEditor
            {...draft}
            onChange={(template) => setDraft((now) => ({ ...now, template }))}
            faults={faults}
            variables={variables ?? NONE}
            editor={editor}
          />
          {saved !== null && <SendDraft webhook={saved.webhook} draft={draft} sample={sample} />}
        </Stack>
        <Tabs
          value={search.panel ?? 'preview'}
          onChange={(panel) => {
            const { panel: _panel, ...rest } = search;
            go(panel === 'variables' || panel === 'default' ? { ...rest, panel } : rest);
          }}
          keepMounted={false}
        >
          <Tabs.List>
            <Tabs.Tab value="preview">{t('templates.preview')}</Tabs.Tab>
            <Tabs.Tab value="variables">{t('templates.variables')}</Tabs.Tab>
            <Tabs.Tab value="default">{t('templates.defaultBody')}</Tabs.Tab>
          </Tabs.List>
          <Tabs.Panel value="preview" pt="md">
            <PreviewPanel preview={preview} isCurrent={isCurrent} draft={draft} sample={sample} editor={editor} />
          </Tabs.Panel>
          <Tabs.Panel value="variables" pt="md">
            <VariableBrowser sample={sample} onChoose={(name) => editor.current?.insert(`{{ ${name} }}`)} />
          </Tabs.Panel>
          <Tabs.Panel value="default" pt="md">
            <DefaultBody sample={sample} contentType={settled.contentType} body={preview.data?.body ?? null} />
          </Tabs.Panel>
        </Tabs>
      </div>
      {dialog}
      <UnsavedGuard isDirty={isDirty} isSamePage={isSameTemplate} />
    </Page>
  );
}

const NONE: readonly never[] = [];

function isSame(one: Draft, other: Draft): boolean {
  return one.template === other.template && one.contentType === other.contentType;
}

/** Whether the editor stays as it is: the sample and the panel are in the URL too. */
function isSameTemplate(current: { search: object }, next: { search: object }): boolean {
  return (current.search as TemplateSearch).webhookId === (next.search as TemplateSearch).webhookId;
}

const LONGEST_NAME = 30;

function shortened(name: string): string {
  return name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME)}…` : name;
}

function Presets({ onChoose }: { onChoose: (preset: Preset) => void }) {
  const { t } = useTranslation();
  const { data: presets = [] } = useQuery(presetsQuery);
  return (
    <Menu position="bottom-end" width={360}>
      <Menu.Target>
        <Button variant="default" leftSection={<IconTemplate size={16} aria-hidden />}>
          {t('templates.presets')}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {presets.map((preset) => (
          <Menu.Item key={preset.id} onClick={() => onChoose(preset)}>
            {preset.name}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

function WebhookSelect({ value, onChange }: { value: string | null; onChange: (id: string | null) => void }) {
  const { t } = useTranslation();
  const { webhooks } = useWebhookNames();
  return (
    <Select
      label={t('templates.webhook')}
      placeholder={t('templates.noWebhook')}
      w={280}
      searchable
      clearable
      clearButtonProps={{ 'aria-label': t('templates.noWebhook') }}
      data={webhooks.map(({ id, name }) => ({ value: id, label: name }))}
      value={value}
      onChange={onChange}
    />
  );
}

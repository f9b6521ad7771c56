import './events.css';
import { Button, Group, Select, Skeleton, Text, Textarea } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { api, dataOf } from '../../api/client.ts';
import { type EventType, eventTypesQuery } from '../../api/event-types.ts';
import { useOnceKeys } from '../../api/once.ts';
import { Problem } from '../../api/problem.ts';
import { useMay } from '../../api/session.ts';
import { ApiFormView } from '../../forms/api-form.tsx';
import { useApiForm } from '../../forms/use-api-form.ts';
import { notify } from '../../ui/notify.ts';
import { Page } from '../../ui/page.tsx';
import { ProblemAlert } from '../../ui/problem-alert.tsx';

/** Events › Publish: an event of a built-in type, to see where it goes. */
export function PublishPage() {
  const { t } = useTranslation();
  const { type = 'transfer.completed' } = useSearch({ from: '/signed-in/events/publish' });
  const mayPublish = useMay('operator');
  const query = useQuery(eventTypesQuery);
  const types = query.data?.filter(({ reserved }) => !reserved) ?? [];
  const first = types.find((entry) => entry.type === type) ?? types[0];

  if (!mayPublish) {
    return (
      <Page title={t('shell.notAllowed')}>
        <Text>{t('shell.notAllowedHint', { role: t('common.roles.operator'), yours: t('common.roles.viewer') })}</Text>
      </Page>
    );
  }
  return (
    <Page title={t('events.publish')} lead={t('events.publishing.lead')}>
      {query.isPending && <Skeleton height={320} role="status" aria-label={t('common.list.loading')} />}
      {query.isError && (
        <ProblemAlert title={t('common.list.failed')} error={query.error} onTryAgain={() => void query.refetch()} />
      )}
      {first !== undefined && <PublishForm types={types} first={first} />}
    </Page>
  );
}

function PublishForm({ types, first }: { types: readonly EventType[]; first: EventType }) {
  const { t } = useTranslation();
  const cache = useQueryClient();
  const navigate = useNavigate();
  const once = useOnceKeys();

  const form = useApiForm({
    initialValues: { type: first.type, data: sampleText(first) },
    async send({ type, data }) {
      const body = { type, data: parseData(data) };
      const published = await dataOf(api.POST('/api/v1/events', { body, params: { header: once(body) } }));
      const { id, deliveryCount: count } = published as { id: string; deliveryCount: number };
      notify({ isGood: true, message: t('events.publishing.done', { count }) });
      await cache.invalidateQueries({ queryKey: ['events'] });
      await navigate({ to: '/events/$id', params: { id } });
    },
  });

  /** What stands in the field as JSON; refused at the field where it is no object. */
  function parseData(text: string): Record<string, never> {
    try {
      const value: unknown = JSON.parse(text);
      if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, never>;
    } catch (error) {
      throw faultInData(t('events.publishing.notJson', { why: (error as Error).message }));
    }
    throw faultInData(t('events.publishing.notObject'));
  }

  function fillIn(type: string): void {
    const chosen = types.find((entry) => entry.type === type);
    form.fields.setValues({ type, ...(chosen === undefined ? {} : { data: sampleText(chosen) }) });
  }

  const { type } = form.fields.values;
  const description = types.find((entry) => entry.type === type)?.description;
  return (
    <ApiFormView form={form} verb={t('events.publishing.submit')} onCancel={() => void navigate({ to: '/events' })}>
      <Select
        label={t('events.publishing.type')}
        description={description}
        maw={420}
        searchable
        allowDeselect={false}
        data={types.map((entry) => entry.type)}
        {...form.fields.getInputProps('type')}
        onChange={(value) => value !== null && fillIn(value)}
      />
      <Textarea
        label={t('events.publishing.data')}
        description={t('events.publishing.dataHint')}
        autosize
        minRows={8}
        maxRows={24}
        spellCheck={false}
        dir="ltr"
        classNames={{ input: 'code-input' }}
        {...form.fields.getInputProps('data')}
      />
      <Group>
        <Button variant="subtle" size="compact-sm" onClick={() => fillIn(type)}>
          {t('events.publishing.reset')}
        </Button>
      </Group>
    </ApiFormView>
  );
}

function sampleText({ sample }: EventType): string {
  return JSON.stringify(sample, null, 2);
}

/** As the API says it of a field. */
function faultInData(detail: string): Problem {
  return new Problem(422, { detail, code: 'validation_failed', errors: [{ pointer: '/data', detail }] });
}

import { Alert, Anchor, Badge, Button, Group, List, Skeleton, Stack, Text } from '@mantine/core';
import { type UseQueryResult, useQuery } from '@tanstack/react-query';
import type { RefObject } from 'react';
import { useTranslation } from 'react-i18next';
import { ProblemAlert } from '../../ui/problem-alert.tsx';
import { Status } from '../../ui/status.tsx';
import { TextView } from '../../ui/text-view.tsx';
import type { Editor } from './editor-view.ts';
import { placesOf } from './places.ts';
import { missingIn } from './sample-data.ts';
import { type Draft, type Preview, type Sample, variablesQuery } from './templates.ts';
import { useSampleData } from './use-sample-data.ts';

interface PreviewPanelProps {
  preview: UseQueryResult<Preview>;
  /** Whether it is of the template as it is now. */
  isCurrent: boolean;
  draft: Draft;
  sample: Sample;
  editor: RefObject<Editor | null>;
}

/** What the server makes of the template, and what it has to say of it. */
export function PreviewPanel({ preview, isCurrent, draft, sample, editor }: PreviewPanelProps) {
  const { t } = useTranslation();
  const { data } = useSampleData(sample);
  const { data: known = [] } = useQuery(variablesQuery);
  if (draft.template === '') return <Text c="dimmed">{t('templates.nothing')}</Text>;
  if (preview.isError) return <ProblemAlert title={t('templates.failed')} error={preview.error} />;
  if (preview.data === undefined) {
    return <Skeleton height={320} role="status" aria-label={t('common.list.loading')} />;
  }
  const { body, valid, errors, variables, unknownVariables } = preview.data;
  const missing = missingIn(data, variables, known);
  const unknown = new Map(unknownVariables.map(({ name, nearest }) => [name, nearest]));
  return (
    <Stack gap="md" aria-busy={!isCurrent}>
      <Group role="status" gap="xs">
        <Status kind={isCurrent ? (valid ? 'good' : 'bad') : 'busy'}>
          {t(isCurrent ? (valid ? 'templates.valid' : 'templates.invalid') : 'templates.rendering')}
        </Status>
        {isCurrent && valid && (
          <Text size="sm" c="dimmed">
            {t('templates.validHint')}
          </Text>
        )}
      </Group>
      {errors.length > 0 && (
        <Alert color="red" title={t('templates.errors')}>
          <List size="sm" spacing="xs">
            {errors.map(({ detail, line, column, eventType }) => (
              <List.Item key={`${line}:${column}:${detail}`} className="long-text">
                {line !== null && (
                  <Anchor
                    component="button"
                    type="button"
                    size="sm"
                    underline="always"
                    c="inherit"
                    onClick={() => editor.current?.goTo(line, column ?? 1)}
                  >
                    {t('templates.at', { line, column: column ?? 1 })}
                  </Anchor>
                )}{' '}
                {detail} {eventType !== null && <Text span size="sm">{`(${eventType})`}</Text>}
              </List.Item>
            ))}
          </List>
        </Alert>
      )}
      {body !== null && <TextView text={body} contentType={draft.contentType} label={t('templates.body')} />}
      <div>
        <Text size="sm" fw={600} mb={4}>
          {t('templates.used')}
        </Text>
        {variables.length === 0 && (
          <Text size="sm" c="dimmed">
            {t('templates.usesNone')}
          </Text>
        )}
        <Group gap="xs">
          {variables
            .filter((name) => !unknown.has(name))
            .map((name) => (
              <Badge key={name} variant="default" tt="none" ff="monospace" fw={400} radius="sm">
                {missing.has(name) ? t('templates.missing', { name }) : name}
              </Badge>
            ))}
        </Group>
        {[...unknown].map(([name, nearest]) => (
          <Group key={name} gap="xs" mt="xs">
            <Status kind="waiting">{t('templates.unknown', { name })}</Status>
            {nearest !== null && (
              <Button
                size="compact-xs"
                variant="default"
                onClick={() => editor.current?.replaceAt(placesOf(name, draft.template), nearest)}
              >
                {t('templates.use', { name: nearest })}
              </Button>
            )}
          </Group>
        ))}
      </div>
    </Stack>
  );
}

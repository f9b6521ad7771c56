import { Stack, Text, TextInput, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { eventTypesQuery } from '../../api/event-types.ts';
import { PAGE_SEARCH } from '../../ui/page-search.ts';
import { recentEventsQuery, type Sample, type Variable, variablesQuery } from './templates.ts';

const GROUPS = ['short', 'data', 'always', 'gomft', 'mft_gateway'] as const satisfies readonly Variable['group'][];

interface VariableBrowserProps {
  sample: Sample;
  /** Told of the name that is wanted in the template. */
  onChoose: (name: string) => void;
}

/** The names that a template may use, each with what it means, and with its value in the sample. */
export function VariableBrowser({ sample, onChoose }: VariableBrowserProps) {
  const { t } = useTranslation();
  const { data: variables = [] } = useQuery(variablesQuery);
  const { type, data } = useSampleData(sample);
  const [wanted, setWanted] = useState('');
  const words = wanted.toLowerCase();
  const matching = variables.filter(
    ({ name, meaning, types }) =>
      (types === null || type === null || types.includes(type)) && `${name} ${meaning}`.toLowerCase().includes(words),
  );
  return (
    <Stack gap="sm">
      <TextInput
        {...PAGE_SEARCH}
        aria-label={t('templates.searchVariables')}
        placeholder={t('templates.searchVariables')}
        value={wanted}
        onChange={({ currentTarget }) => setWanted(currentTarget.value)}
      />
      <Text size="xs" c="dimmed">
        {t('templates.insertHint')}
      </Text>
      {matching.length === 0 && <Text c="dimmed">{t('common.list.noMatch')}</Text>}
      {GROUPS.map((group) => {
        const ofGroup = matching.filter((variable) => variable.group === group);
        if (ofGroup.length === 0) return null;
        return (
          <section key={group} aria-label={t(`templates.groups.${group}`)}>
            <Title order={2} size="h6" mb={4}>
              {t(`templates.groups.${group}`)}
            </Title>
            <ul className="variables">
              {ofGroup.map(({ name, meaning }) => (
                <li key={name}>
                  <button type="button" className="variable" onClick={() => onChoose(name)}>
                    <span className="variable-name">{name}</span>
                    <span className="variable-value">{valueAt(data, name) || valueAt(data, sourceOf(meaning))}</span>
                    <span className="variable-meaning">{meaning.replaceAll('`', '')}</span>
                  </button>
                </li>
              ))}
            </ul>
          </section>
        );
      })}
    </Stack>
  );
}

/** The type and the data of the sample; null where they are not known. */
function useSampleData(sample: Sample): { type: string | null; data: unknown } {
  const { data: types = [] } = useQuery(eventTypesQuery);
  const { data: recent = [] } = useQuery(recentEventsQuery);
  if ('eventType' in sample) {
    return { type: sample.eventType, data: types.find(({ type }) => type === sample.eventType)?.sample };
  }
  const event = recent.find(({ id }) => id === sample.eventId);
  return { type: event?.type ?? null, data: event?.data };
}

/** The member of the data that a short name stands for; empty where it is more than that. */
function sourceOf(meaning: string): string {
  return /^`([\w.]+)`$/.exec(meaning)?.[1] ?? '';
}

const LONGEST_VALUE = 60;

/** What the sample has there, as JSON; nothing where it has none, or what is inside of it is listed by itself. */
function valueAt(data: unknown, name: string): string {
  let value = data;
  for (const part of name.split('.')) {
    const has = typeof value === 'object' && value !== null && Object.hasOwn(value, part);
    value = has ? (value as Record<string, unknown>)[part] : undefined;
  }
  return value === undefined || (typeof value === 'object' && value !== null)
    ? ''
    : JSON.stringify(value).slice(0, LONGEST_VALUE);
}

import { Stack, Text, TextInput, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { PAGE_SEARCH } from '../../ui/page-search.ts';
import { valueIn } from './sample-data.ts';
import { type Sample, type Variable, variablesQuery } from './templates.ts';
import { useSampleData } from './use-sample-data.ts';

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
              {ofGroup.map((variable) => (
                <li key={variable.name}>
                  <button type="button" className="variable" onClick={() => onChoose(variable.name)}>
                    <span className="variable-name">{variable.name}</span>
                    <span className="variable-value">{valueIn(data, variable)}</span>
                    <span className="variable-meaning">{variable.meaning.replaceAll('`', '')}</span>
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

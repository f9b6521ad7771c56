import { Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { eventTypesQuery } from '../../api/event-types.ts';
import { recentEventsQuery, type Sample } from './templates.ts';

const EVENT_ID = /^evt_\w+$/;

interface SamplePickerProps {
  sample: Sample;
  onChange: (sample: Sample) => void;
}

/** What the template is tried with: the sample of a built-in type, a recent event, or any event whose id is typed in. */
export function SamplePicker({ sample, onChange }: SamplePickerProps) {
  const { t } = useTranslation();
  const { data: types = [] } = useQuery(eventTypesQuery);
  const { data: recent = [] } = useQuery(recentEventsQuery);
  const [typed, setTyped] = useState('');
  const value = 'eventType' in sample ? sample.eventType : sample.eventId;

  const events = new Map(recent.map(({ id, type }) => [id, `${type} · ${id}`]));
  for (const id of [value, typed.trim()]) if (EVENT_ID.test(id) && !events.has(id)) events.set(id, id);
  const samples = new Set(types.map(({ type }) => type));
  if ('eventType' in sample) samples.add(sample.eventType);

  return (
    <Select
      label={t('templates.sample')}
      w={320}
      searchable
      allowDeselect={false}
      onSearchChange={setTyped}
      data={[
        { group: t('templates.samples'), items: [...samples] },
        { group: t('templates.pastEvents'), items: [...events].map(([id, label]) => ({ value: id, label })) },
      ]}
      value={value}
      onChange={(chosen) =>
        chosen !== null && onChange(EVENT_ID.test(chosen) ? { eventId: chosen } : { eventType: chosen })
      }
    />
  );
}

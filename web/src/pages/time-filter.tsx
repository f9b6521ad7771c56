import { Group, Select, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { isTimeRange, TIME_RANGES, type TimeRange, type TimeSearch } from './time-range.ts';

interface TimeFilterProps {
  value: TimeSearch;
  onChange: (value: TimeSearch) => void;
}

/** Limits a list to the last while, or to the time between two instants. */
export function TimeFilter({ value, onChange }: TimeFilterProps) {
  const { t } = useTranslation();
  const { range, from, to } = value;
  const [isChoosing, setChoosing] = useState(false);
  const isCustom = range === undefined && (isChoosing || from !== undefined || to !== undefined);
  const ranges = Object.keys(TIME_RANGES) as TimeRange[];

  function choose(choice: string | null): void {
    setChoosing(choice === 'custom');
    if (choice !== 'custom') onChange(isTimeRange(choice) ? { range: choice } : {});
    else if (range !== undefined) onChange({});
  }

  return (
    <Group gap="sm" align="end" w={{ base: '100%', xs: 'auto' }}>
      <Select
        label={t('log.time.label')}
        w={{ base: '100%', xs: 170 }}
        allowDeselect={false}
        value={isCustom ? 'custom' : (range ?? 'any')}
        data={[
          { value: 'any', label: t('log.time.any') },
          ...ranges.map((name) => ({ value: name, label: t(`log.time.ranges.${name}`) })),
          { value: 'custom', label: t('log.time.custom') },
        ]}
        onChange={choose}
      />
      {isCustom && (
        <>
          <InstantInput
            key={`from ${from}`}
            label={t('log.time.from')}
            value={from}
            onChange={(at) => onChange(members(at, to))}
          />
          <InstantInput
            key={`to ${to}`}
            label={t('log.time.to')}
            value={to}
            onChange={(at) => onChange(members(from, at))}
          />
        </>
      )}
    </Group>
  );
}

function members(from: string | undefined, to: string | undefined): TimeSearch {
  return { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
}

interface InstantInputProps {
  label: string;
  value: string | undefined;
  onChange: (at: string | undefined) => void;
}

/** An instant as the reader's own clock has it. It begins with a value, and is another one for another value. */
function InstantInput({ label, value, onChange }: InstantInputProps) {
  return (
    <TextInput
      label={label}
      type="datetime-local"
      step={1}
      defaultValue={value === undefined ? '' : localTime(new Date(value))}
      onBlur={({ currentTarget }) => {
        const at = currentTarget.value === '' ? undefined : new Date(currentTarget.value).toISOString();
        if (at !== value) onChange(at);
      }}
    />
  );
}

/** As the input wants it: without a time zone, in the reader's own. */
function localTime(at: Date): string {
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}

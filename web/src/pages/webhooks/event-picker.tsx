import { ActionIcon, Anchor, Checkbox, Code, Group, Stack, TagsInput, Text, TextInput } from '@mantine/core';
import { IconChevronDown, IconChevronRight } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type EventType, eventTypesQuery } from '../../api/event-types.ts';
import { ProblemAlert } from '../../ui/problem-alert.tsx';

interface EventPickerProps {
  /** Exact names, and families such as `transfer.*`. */
  chosen: readonly string[];
  disabled: boolean;
  onChange: (chosen: string[]) => void;
}

/** A tree of the event types there are: whole families, or single types of them. What other systems publish is typed in. */
export function EventPicker({ chosen, disabled, onChange }: EventPickerProps) {
  const { t } = useTranslation();
  const { data: types, error, refetch } = useQuery(eventTypesQuery);
  const [search, setSearch] = useState('');
  if (error !== null)
    return <ProblemAlert title={t('common.list.failed')} error={error} onTryAgain={() => void refetch()} />;
  if (types === undefined) return <Text role="status">{t('common.list.loading')}</Text>;

  const wanted = search.trim().toLowerCase();
  const shown = types.filter(({ type, description }) => `${type} ${description}`.toLowerCase().includes(wanted));
  const families = Map.groupBy(shown, ({ family }) => family);
  const known = new Set(types.flatMap(({ type, family }) => [type, `${family}.*`]));
  const others = chosen.filter((pattern) => !known.has(pattern));

  return (
    <Stack gap="xs">
      <TextInput
        type="search"
        size="xs"
        aria-label={t('webhooks.form.searchTypes')}
        placeholder={t('webhooks.form.searchTypes')}
        value={search}
        onChange={(event) => setSearch(event.currentTarget.value)}
      />
      <ul className="event-tree">
        {[...families].map(([family, members]) => (
          <FamilyNode
            key={family}
            family={family}
            members={members}
            size={types.filter((entry) => entry.family === family).length}
            isOpened={wanted !== ''}
            chosen={chosen}
            disabled={disabled}
            onChange={onChange}
          />
        ))}
        {families.size === 0 && <Text size="sm">{t('common.list.noMatch')}</Text>}
      </ul>
      <TagsInput
        label={t('webhooks.form.otherTypes')}
        description={t('webhooks.form.otherTypesHint')}
        placeholder={others.length === 0 ? 'order.shipped, order.*' : ''}
        disabled={disabled}
        splitChars={[',', ' ', '\n']}
        value={others}
        onChange={(patterns) => onChange([...chosen.filter((pattern) => known.has(pattern)), ...patterns])}
      />
    </Stack>
  );
}

interface FamilyNodeProps extends EventPickerProps {
  family: string;
  members: readonly EventType[];
  /** How many types it has, also those that are not shown. */
  size: number;
  /** Whether its types are shown, whatever was chosen: somebody is looking for one. */
  isOpened: boolean;
}

function FamilyNode({ family, members, size, isOpened, chosen, disabled, onChange }: FamilyNodeProps) {
  const { t } = useTranslation();
  const pattern = `${family}.*`;
  const isWhole = chosen.includes(pattern);
  const others = chosen.filter((type) => !type.startsWith(`${family}.`));
  const count = chosen.length - others.length;
  const [isOpen, setIsOpen] = useState(!isWhole && count > 0);
  const isShown = isOpen || isOpened;
  const Icon = isShown ? IconChevronDown : IconChevronRight;

  function toggle(type: string, isOn: boolean): void {
    onChange(isOn ? [...chosen, type] : chosen.filter((entry) => entry !== type));
  }

  return (
    <li>
      <Group gap={4} wrap="nowrap">
        <ActionIcon
          variant="subtle"
          color="gray"
          size="sm"
          aria-expanded={isShown}
          aria-label={t('webhooks.form.members', { family })}
          onClick={() => setIsOpen(!isOpen)}
        >
          <Icon size={16} aria-hidden />
        </ActionIcon>
        <Checkbox
          label={
            <>
              <Code>{pattern}</Code>{' '}
              {!isWhole && count > 0
                ? t('webhooks.form.chosenOf', { count, all: size })
                : t('webhooks.form.wholeFamily', { count: size })}
            </>
          }
          checked={isWhole}
          indeterminate={!isWhole && count > 0}
          disabled={disabled}
          onChange={(event) => onChange(event.currentTarget.checked ? [...others, pattern] : others)}
        />
      </Group>
      {isShown && (
        <ul className="event-tree">
          {members.map((entry) => (
            <TypeNode
              key={entry.type}
              entry={entry}
              isOn={isWhole || chosen.includes(entry.type)}
              disabled={disabled || isWhole}
              onChange={(isOn) => toggle(entry.type, isOn)}
            />
          ))}
        </ul>
      )}
    </li>
  );
}

interface TypeNodeProps {
  entry: EventType;
  isOn: boolean;
  disabled: boolean;
  onChange: (isOn: boolean) => void;
}

function TypeNode({ entry: { type, description, sample }, isOn, disabled, onChange }: TypeNodeProps) {
  const { t } = useTranslation();
  const [isOpen, setIsOpen] = useState(false);
  return (
    <li>
      <Group justify="space-between" gap="xs" wrap="nowrap" align="start">
        <Checkbox
          label={<Code>{type}</Code>}
          description={description}
          checked={isOn}
          disabled={disabled}
          onChange={(event) => onChange(event.currentTarget.checked)}
        />
        <Anchor
          component="button"
          type="button"
          size="xs"
          aria-expanded={isOpen}
          aria-label={t('webhooks.form.exampleOf', { type })}
          onClick={() => setIsOpen(!isOpen)}
        >
          {t('webhooks.form.example')}
        </Anchor>
      </Group>
      {isOpen && (
        <Code block className="code-block" mt={4}>
          {JSON.stringify({ type, data: sample }, null, 2)}
        </Code>
      )}
    </li>
  );
}

import { Button, Group, Input, Text } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { IconArrowBackUp, IconLink, IconPencil } from '@tabler/icons-react';
import { createContext, type ReactNode, useContext, useId } from 'react';
import { useTranslation } from 'react-i18next';
import { type Draft, type SettingName, withOwn } from './draft.ts';
import './webhooks.css';

interface DraftScope {
  fields: UseFormReturnType<Draft>;
  /** What a setting comes to that is not set here. */
  inherited: Draft;
  /** Whose settings they are: a webhook inherits the defaults, and those the values that are built in. */
  of: 'webhook' | 'defaults';
  isReadOnly: boolean;
}

const DraftContext = createContext<DraftScope | null>(null);

/** Puts a form around its sections. */
export const DraftProvider = DraftContext.Provider;

/** The form that a section is a part of. */
export function useDraft(): DraftScope {
  const scope = useContext(DraftContext);
  if (scope === null) throw new Error('A section of the form needs the form around it.');
  return scope;
}

/** What is wrong anywhere in a setting that has no field of its own for it. */
export function useFaultsIn(path: string): ReactNode {
  const { errors } = useDraft().fields;
  const found = Object.entries(errors).find(([name]) => name === path || name.startsWith(`${path}.`));
  return found?.[1];
}

interface SettingProps {
  name: SettingName;
  label: string;
  hint?: ReactNode;
  /** Whether it is several fields, each with a label of its own. */
  isGroup?: boolean;
  children: (field: { id: string; disabled: boolean; 'aria-describedby'?: string }) => ReactNode;
}

/** One setting: whether it is inherited or set here, with the way to the other, above its field or fields. */
export function Setting({ name, label, hint, isGroup = false, children }: SettingProps) {
  const { fields, isReadOnly } = useDraft();
  const id = useId();
  const isOwn = fields.values.own[name];
  const field = { id: `${id}-field`, disabled: isReadOnly || !isOwn };
  const group = isGroup ? { role: 'group', 'aria-labelledby': `${id}-label` } : {};
  return (
    <div className="setting" data-inherited={isOwn ? undefined : true} {...group}>
      <Group justify="space-between" gap="xs" mb={4} className="setting-head">
        {isGroup ? (
          <Text fw={600} size="sm" id={`${id}-label`}>
            {label}
          </Text>
        ) : (
          <Input.Label fw={600} htmlFor={field.id}>
            {label}
          </Input.Label>
        )}
        <Origin name={name} label={label} />
      </Group>
      {hint !== undefined && (
        <Text size="xs" c="dimmed" mb={6}>
          {hint}
        </Text>
      )}
      {children(field)}
    </div>
  );
}

/** Where the value of a setting comes from, and the button that changes that. */
function Origin({ name, label }: { name: SettingName; label: string }) {
  const { t } = useTranslation();
  const { fields, inherited, of, isReadOnly } = useDraft();
  const isOwn = fields.values.own[name];

  function change(): void {
    const next = withOwn(fields.values, name, !isOwn, inherited);
    fields.setValues({ own: next.own, [name]: next[name] });
    fields.clearFieldError(name);
  }

  const origin = isOwn ? t(`webhooks.origin.${of}.own`) : t(`webhooks.origin.${of}.inherited`);
  const verb = isOwn ? t(`webhooks.origin.${of}.giveUp`) : t('webhooks.origin.setHere');
  return (
    <Group gap={6} wrap="nowrap">
      {(of === 'webhook' || !isOwn) && (
        <Text size="xs" {...(isOwn ? { fw: 600 } : { c: 'dimmed' })} className="setting-origin">
          {isOwn ? <IconPencil size={13} aria-hidden /> : <IconLink size={13} aria-hidden />} {origin}
        </Text>
      )}
      {!isReadOnly && (
        <Button
          size="compact-xs"
          variant="subtle"
          leftSection={isOwn ? <IconArrowBackUp size={13} aria-hidden /> : undefined}
          aria-label={`${verb}: ${label}`}
          onClick={change}
        >
          {verb}
        </Button>
      )}
    </Group>
  );
}

import { Button, Group, Input, type PasswordInputProps, Text, Textarea } from '@mantine/core';
import { IconLock } from '@tabler/icons-react';
import { useId, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { PasswordField } from '../../ui/password-field.tsx';
import { isKept, type Secret } from './draft.ts';
import { useDraft } from './draft-context.tsx';

interface SecretInputProps extends Pick<PasswordInputProps, 'disabled' | 'description'> {
  label: string;
  /** Where it is in the draft. */
  path: string;
  /** Whether it has lines, such as a key in PEM. */
  isText?: boolean;
}

/** A secret that is never shown: that there is one, and a field to replace it. */
export function SecretInput({ label, path, isText = false, disabled, description }: SecretInputProps) {
  const { t } = useTranslation();
  const { fields } = useDraft();
  const labelId = useId();
  const initial = useRef<Secret | null>(null);
  const props = fields.getInputProps(path);
  const value = props.value as Secret;
  if (isKept(value)) initial.current = value;

  if (isKept(value)) {
    return (
      <Input.Wrapper label={label} labelElement="div" labelProps={{ id: labelId }} error={props.error}>
        <Group gap="xs" mih={36} role="group" aria-labelledby={labelId}>
          <Text size="sm" className="setting-origin">
            <IconLock size={14} aria-hidden /> {t('webhooks.secret.kept')}
          </Text>
          {!disabled && (
            <Button
              size="compact-sm"
              variant="default"
              aria-label={t('webhooks.secret.replaceOf', { name: label })}
              onClick={() => fields.setFieldValue(path, '')}
            >
              {t('webhooks.secret.replace')}
            </Button>
          )}
        </Group>
      </Input.Wrapper>
    );
  }
  const kept = initial.current;
  return (
    <Group gap="xs" align="end" wrap="nowrap">
      {isText ? (
        <Textarea
          label={label}
          description={description}
          autosize
          minRows={2}
          maxRows={8}
          disabled={disabled ?? false}
          autoComplete="off"
          spellCheck={false}
          flex={1}
          classNames={{ input: 'code-input' }}
          {...props}
        />
      ) : (
        <PasswordField
          label={label}
          description={description}
          disabled={disabled ?? false}
          autoComplete="off"
          flex={1}
          {...props}
        />
      )}
      {kept !== null && !disabled && (
        <Button variant="default" onClick={() => fields.setFieldValue(path, kept)}>
          {t('webhooks.secret.keep')}
        </Button>
      )}
    </Group>
  );
}

import { Button, Group, Stack } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { ProblemAlert } from '../ui/problem-alert.tsx';
import type { ApiForm } from './use-api-form.ts';

interface ApiFormViewProps<Values extends object> {
  form: ApiForm<Values>;
  /** The verb on the button. */
  verb: string;
  onCancel?: () => void;
  /** For those who may see the values and not change them: no button. */
  isReadOnly?: boolean;
  children: ReactNode;
}

/** The fields of a form, above them what is wrong beside them, and below them the buttons. */
export function ApiFormView<Values extends object>({
  form,
  verb,
  onCancel,
  isReadOnly = false,
  children,
}: ApiFormViewProps<Values>) {
  const { t } = useTranslation();
  const hasMore = form.error !== null && (form.details.length > 0 || Object.keys(form.fields.errors).length === 0);
  return (
    <form onSubmit={form.submit} noValidate>
      <Stack>
        {hasMore && <ProblemAlert title={t('common.form.problems')} error={form.error} details={form.details} />}
        {children}
        <Group justify="flex-end" className="form-actions">
          {onCancel !== undefined && (
            <Button variant="default" onClick={onCancel}>
              {t('common.cancel')}
            </Button>
          )}
          {!isReadOnly && (
            <Button type="submit" loading={form.isSending}>
              {verb}
            </Button>
          )}
        </Group>
      </Stack>
    </form>
  );
}

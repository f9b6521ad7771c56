import { TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { Problem } from '../../api/problem.ts';
import { ApiFormView } from '../../forms/api-form.tsx';
import { useApiForm } from '../../forms/use-api-form.ts';
import { FormDialog } from '../../ui/form-dialog.tsx';
import { INBOXES_KEY, makeInbox } from './inboxes.ts';

/** Asks for the name of a new inbox, and goes there when it is made. */
export function NewInboxDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const cache = useQueryClient();
  const navigate = useNavigate();
  const form = useApiForm({
    initialValues: { name: '' },
    async send({ name }) {
      // An empty one would be another path.
      if (name === '') throw faultOfName(t('inbox.nameHint'));
      try {
        await makeInbox(name);
      } catch (error) {
        throw explained(error, t('inbox.taken', { name }));
      }
      await cache.invalidateQueries({ queryKey: INBOXES_KEY });
      await navigate({ to: '/integrations/inbox/$name', params: { name } });
    },
  });
  return (
    <FormDialog title={t('inbox.create')} onClose={onClose}>
      <ApiFormView form={form} verb={t('common.create')} onCancel={onClose}>
        <TextInput
          label={t('common.name')}
          description={t('inbox.nameHint')}
          data-autofocus
          {...form.fields.getInputProps('name')}
        />
      </ApiFormView>
    </FormDialog>
  );
}

/** What is wrong with a name has its place at the name, which is none of the body. */
function explained(error: unknown, taken: string): unknown {
  if (!(error instanceof Problem)) return error;
  if (error.status === 412) return faultOfName(taken);
  return error.code === 'validation_failed' ? faultOfName(error.message) : error;
}

function faultOfName(detail: string): Problem {
  return new Problem(422, { detail, code: 'validation_failed', errors: [{ pointer: '/name', detail }] });
}

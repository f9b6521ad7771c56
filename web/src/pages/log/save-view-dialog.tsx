import { Text, TextInput } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Problem } from '../../api/problem.ts';
import { ApiFormView } from '../../forms/api-form.tsx';
import { useApiForm } from '../../forms/use-api-form.ts';
import { FormDialog } from '../../ui/form-dialog.tsx';
import { notify } from '../../ui/notify.ts';
import type { DeliveryFilter } from './delivery-search.ts';
import { keepViews, useKeptViews } from './kept-views.ts';
import { LONGEST_NAME, MOST_VIEWS, nameOf, withView } from './views.ts';

interface SaveViewDialogProps {
  filter: DeliveryFilter;
  onClose: () => void;
}

/** Asks for a name to keep a filter under. */
export function SaveViewDialog({ filter, onClose }: SaveViewDialogProps) {
  const { t } = useTranslation();
  const views = useKeptViews();
  const form = useApiForm({
    initialValues: { name: '' },
    async send({ name: typed }) {
      const name = nameOf(typed);
      if (name === null) throw faultOfName(t('log.views.nameHint', { count: LONGEST_NAME }));
      const wanted = withView(views, { name, filter });
      if (wanted === null) throw faultOfName(t('log.views.full', { count: MOST_VIEWS }));
      if (!keepViews(wanted)) throw faultOfName(t('log.views.notKept'));
      notify({ isGood: true, message: t('log.views.saved', { name }) });
      onClose();
    },
  });
  const name = nameOf(form.fields.values.name);
  const isThere = views.some((view) => view.name === name);

  return (
    <FormDialog title={t('log.views.title')} onClose={onClose}>
      <ApiFormView form={form} verb={t(isThere ? 'log.views.replace' : 'common.save')} onCancel={onClose}>
        <TextInput
          label={t('common.name')}
          description={t('log.views.nameHint', { count: LONGEST_NAME })}
          autoComplete="off"
          dir="auto"
          data-autofocus
          {...form.fields.getInputProps('name')}
        />
        <div role="status">
          {isThere && <Text className="long-text">{t('log.views.isThere', { name: name ?? '' })}</Text>}
        </div>
      </ApiFormView>
    </FormDialog>
  );
}

/** What is wrong is shown at the name, as if the API had found it. */
function faultOfName(detail: string): Problem {
  return new Problem(422, { detail, code: 'validation_failed', errors: [{ pointer: '/name', detail }] });
}

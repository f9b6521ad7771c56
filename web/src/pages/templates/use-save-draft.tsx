import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { useVersionedSave } from '../../forms/use-versioned-save.tsx';
import { notify } from '../../ui/notify.ts';
import { type Draft, saveDraft, savedDraft, templateOfQuery, type Webhook } from './templates.ts';

/** The webhook whose template is edited, as it is saved. */
export interface Saved {
  webhook: Webhook;
  etag: string;
}

/** Saves a draft to its webhook. `onTaken` is told of what somebody else has saved, when that is to stay. */
export function useSaveDraft(saved: Saved | null, onTaken: (theirs: Draft) => void) {
  const { t } = useTranslation();
  const cache = useQueryClient();
  const id = saved?.webhook.id ?? '';

  const { save, dialog } = useVersionedSave<Draft>({
    async read() {
      const { data, etag } = await cache.fetchQuery({ ...templateOfQuery(id), staleTime: 0 });
      return { values: savedDraft(data) ?? { template: '', contentType: data.contentType }, etag };
    },
    async save(draft, etag) {
      await saveDraft(id, draft, etag);
      await cache.invalidateQueries({ queryKey: ['webhooks'] });
      notify({ message: t('common.saved'), isGood: true });
    },
    compare: (mine, theirs) =>
      [
        { label: t('templates.template'), mine: mine.template, theirs: theirs.template },
        { label: t('templates.contentType'), mine: mine.contentType, theirs: theirs.contentType },
      ].filter((difference) => difference.mine !== difference.theirs),
    onTaken: ({ values }) => onTaken(values),
  });
  return { save: useMutation({ mutationFn: (draft: Draft) => save(draft, saved?.etag ?? '') }), dialog };
}

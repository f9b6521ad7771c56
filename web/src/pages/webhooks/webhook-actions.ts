import { notifications } from '@mantine/notifications';
import { type QueryClient, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { api, dataOf } from '../../api/client.ts';
import { Problem } from '../../api/problem.ts';
import { useUndoableDelete } from '../../ui/undo.tsx';
import { type Body, type Draft, settingsOf } from './draft.ts';
import { type Exchange, type NewWebhook, WEBHOOKS_KEY, type Webhook } from './webhook-queries.ts';

function forget(cache: QueryClient): Promise<void> {
  return cache.invalidateQueries({ queryKey: WEBHOOKS_KEY });
}

/** The settings of a draft as a body, with spans of time explained in the language of the page. */
export function useSettingsOf(): (draft: Draft) => Body {
  const { t } = useTranslation();
  return (draft) => settingsOf(draft, (text) => t('webhooks.form.noDuration', { text }));
}

/** Sends a test of a webhook as it is saved. */
export function testSaved(id: string, eventType: string | null): Promise<Exchange> {
  const query = eventType === null ? {} : { eventType };
  return dataOf(api.POST('/api/v1/webhooks/{id}/test', { params: { path: { id }, query } }));
}

/** Sends a test of a webhook that is not saved; with the secrets that stay, where it is a change of one that is. */
export function testUnsaved(body: Body, eventType: string | null, webhookId: string | null = null): Promise<Exchange> {
  const query = { ...(eventType === null ? {} : { eventType }), ...(webhookId === null ? {} : { webhookId }) };
  return dataOf(api.POST('/api/v1/webhooks/test', { params: { query }, body: body as NewWebhook }));
}

/** What can be done with a webhook from any page. Each says what went wrong, and reads anew what has changed. */
export function useWebhookActions() {
  const { t } = useTranslation();
  const cache = useQueryClient();
  const { remove, isDeleted } = useUndoableDelete();

  async function act(name: string, call: () => Promise<unknown>): Promise<void> {
    try {
      await call();
    } catch (error) {
      const message = error instanceof Problem ? error.message : t('shell.gone.notCarriedOut');
      notifications.show({ color: 'red', title: t('webhooks.actionFailed', { name }), message, autoClose: false });
    }
    await forget(cache);
  }

  return {
    isDeleted,
    forget: () => forget(cache),
    pause: ({ id, name }: Webhook) =>
      act(name, () => dataOf(api.POST('/api/v1/webhooks/{id}/pause', { params: { path: { id } } }))),
    resume: ({ id, name }: Webhook) =>
      act(name, () => dataOf(api.POST('/api/v1/webhooks/{id}/resume', { params: { path: { id } } }))),
    setEnabled: ({ id, name }: Webhook, enabled: boolean) =>
      act(name, () => dataOf(api.PATCH('/api/v1/webhooks/{id}', { params: { path: { id } }, body: { enabled } }))),
    /** Hides it at once, and deletes it when the time to undo that is over. */
    remove: ({ id, name }: Webhook) =>
      remove({
        id,
        name,
        send: ({ keepalive }) => dataOf(api.DELETE('/api/v1/webhooks/{id}', { params: { path: { id } }, keepalive })),
        onSettled: () => void forget(cache),
      }),
  };
}

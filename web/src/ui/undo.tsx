import { Button, Group, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useTranslation } from 'react-i18next';
import { later } from '../api/connection.ts';
import { useObservable } from '../api/observable.ts';
import { Problem } from '../api/problem.ts';
import { createDeletions, type Deletion } from '../api/undoable.ts';

/** They outlive the page that they were asked for on. */
const deletions = createDeletions(later);
window.addEventListener('pagehide', deletions.sendAll);

/** Deletes with time to think again: `isDeleted` hides an item at once, and the request goes out when time is up. */
export function useUndoableDelete() {
  const { t } = useTranslation();
  const pending = useObservable(deletions.pending);

  function remove(deletion: Deletion): void {
    const { id, name, onSettled } = deletion;
    deletions.add({
      ...deletion,
      onSettled(error) {
        notifications.hide(id);
        if (error !== null) {
          const message = error instanceof Problem ? error.message : t('shell.gone.notCarriedOut');
          notifications.show({ color: 'red', title: t('common.undoable.failed', { name }), message, autoClose: false });
        }
        onSettled(error);
      },
    });
    notifications.show({
      id,
      autoClose: false,
      withCloseButton: false,
      message: (
        <Group justify="space-between">
          <Text className="long-text">{t('common.undoable.deleted', { name })}</Text>
          <Button size="compact-sm" variant="default" onClick={() => deletions.takeBack(id)}>
            {t('common.undo')}
          </Button>
        </Group>
      ),
    });
  }

  return { remove, isDeleted: (id: string) => pending.has(id) };
}

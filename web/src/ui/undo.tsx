import { Button, Group, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useTranslation } from 'react-i18next';
import { later } from '../api/connection.ts';
import { createObservable, useObservable } from '../api/observable.ts';
import { Problem } from '../api/problem.ts';

/** What is to be deleted. */
interface Deletion {
  id: string;
  name: string;
  /** Sends the request. `keepalive` lets it outlive the page. */
  send: (options: { keepalive: boolean }) => Promise<unknown>;
  /** Told when it has been sent, or has been taken back. */
  onSettled: () => void;
}

/** For how long a deletion can be taken back. It is sent when that time is over, and not before. */
const UNDO_MS = 8_000;

/** What is shown as deleted already, by id. It outlives the page that it was asked for on. */
const pending = createObservable<ReadonlyMap<string, Deletion>>(new Map());

window.addEventListener('pagehide', () => {
  for (const deletion of pending.get().values()) void deletion.send({ keepalive: true });
  pending.set(new Map());
});

function forget(id: string): void {
  pending.set(new Map([...pending.get()].filter(([other]) => other !== id)));
}

/** Deletes with time to think again: `isDeleted` hides an item at once, and the request goes out when time is up. */
export function useUndoableDelete() {
  const { t } = useTranslation();
  const deletions = useObservable(pending);

  function remove(deletion: Deletion): void {
    const { id, name, send, onSettled } = deletion;
    pending.set(new Map([...pending.get(), [id, deletion]]));
    const cancel = later(UNDO_MS, () => {
      if (!pending.get().has(id)) return;
      notifications.hide(id);
      send({ keepalive: false })
        .catch((error: unknown) => {
          const message = error instanceof Problem ? error.message : t('shell.gone.notCarriedOut');
          notifications.show({ color: 'red', title: t('common.undoable.failed', { name }), message, autoClose: false });
        })
        .finally(() => {
          forget(id);
          onSettled();
        });
    });
    const takeBack = (): void => {
      cancel();
      forget(id);
      notifications.hide(id);
      onSettled();
    };
    notifications.show({
      id,
      autoClose: false,
      withCloseButton: false,
      message: (
        <Group justify="space-between">
          <Text className="long-text">{t('common.undoable.deleted', { name })}</Text>
          <Button size="compact-sm" variant="default" onClick={takeBack}>
            {t('common.undo')}
          </Button>
        </Group>
      ),
    });
  }

  return { remove, isDeleted: (id: string) => deletions.has(id) };
}

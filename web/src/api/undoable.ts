import { createObservable, type Observable } from './observable.ts';

/** What is to be deleted. */
export interface Deletion {
  id: string;
  name: string;
  /** Sends the request. `keepalive` lets it outlive the page. */
  send: (options: { keepalive: boolean }) => Promise<unknown>;
  /** Told when the request was answered or the deletion taken back, with what went wrong, or null. */
  onSettled: (error: unknown) => void;
}

export interface Deletions {
  /** What is shown as deleted already, by id. */
  pending: Observable<ReadonlyMap<string, Deletion>>;
  /** Deletes when the time to think again is over. */
  add(deletion: Deletion): void;
  takeBack(id: string): void;
  /** Sends at once what is pending: nobody is there any more to take it back. */
  sendAll(): void;
}

/** For how long a deletion can be taken back. */
const UNDO_MS = 8_000;

/** Deletions with time to think again: each is sent when its time is over, and not before. */
export function createDeletions(later: (ms: number, then: () => void) => () => void): Deletions {
  const pending = createObservable<ReadonlyMap<string, Deletion>>(new Map());
  const timers = new Map<string, () => void>();

  function settle({ id, onSettled }: Deletion, error: unknown): void {
    timers.delete(id);
    pending.set(new Map([...pending.get()].filter(([other]) => other !== id)));
    onSettled(error);
  }

  function send(deletion: Deletion, options: { keepalive: boolean }): void {
    timers.get(deletion.id)?.();
    timers.delete(deletion.id);
    deletion.send(options).then(
      () => settle(deletion, null),
      (error: unknown) => settle(deletion, error),
    );
  }

  return {
    pending,
    add(deletion) {
      const { id } = deletion;
      if (pending.get().has(id)) return;
      pending.set(new Map([...pending.get(), [id, deletion]]));
      timers.set(
        id,
        later(UNDO_MS, () => send(deletion, { keepalive: false })),
      );
    },
    takeBack(id) {
      const deletion = pending.get().get(id);
      // What has been sent cannot be taken back.
      if (deletion === undefined || !timers.has(id)) return;
      timers.get(id)?.();
      settle(deletion, null);
    },
    sendAll() {
      for (const id of [...timers.keys()]) {
        const deletion = pending.get().get(id);
        if (deletion !== undefined) send(deletion, { keepalive: true });
      }
    },
  };
}

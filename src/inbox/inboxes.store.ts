import { Refusal } from '../kernel/errors.ts';
import { command, type Handler, handleCommand, handleQuery, query, type ReadTx, type Tx } from '../store/index.ts';

/** What an inbox answers: a status after a while, or nothing at all. */
export type InboxAnswer = { status: number; retryAfterS: number | null; delayMs: number } | { hang: true };

/** An inbox as it is kept. What it has received is not. */
export interface InboxRecord {
  /** Rises from one inbox to the next. */
  number: number;
  name: string;
  answer: InboxAnswer;
  version: number;
  createdAt: number;
  updatedAt: number;
}

/**
 * Makes an inbox (`basis` null), or replaces what the one of that version answers. Null when there is another version by
 * now, or one where there was none. Refuses (409) another when there are `MOST_INBOXES`.
 */
export const keepInbox = command<
  { name: string; answer: InboxAnswer; basis: number | null; now: number },
  InboxRecord | null
>('inbox.keep');

/** Deletes an inbox of that version (`basis`). False when there is none. */
export const deleteInbox = command<{ name: string; basis: number }, boolean>('inbox.delete');

export const allInboxes = query<null, InboxRecord[]>('inbox.all');

/** Signalled with an `InboxChange` after each change. */
export const INBOX_CHANGED = 'inbox.changed';

/** The inbox of that name as it is now; null once it is deleted. */
export interface InboxChange {
  name: string;
  record: InboxRecord | null;
}

const MOST_INBOXES = 50;

const SELECT =
  'SELECT number, name, answer, version, created_at AS "createdAt", updated_at AS "updatedAt" FROM inboxes';
const INSERT = 'INSERT INTO inboxes (number, name, answer, version, created_at, updated_at) VALUES (?, ?, ?, 1, ?, ?)';
const CHANGE = 'UPDATE inboxes SET answer = ?, version = version + 1, updated_at = ? WHERE name = ? AND version = ?';

interface InboxRow extends Omit<InboxRecord, 'answer'> {
  answer: string;
}

function toRecord(row: InboxRow): InboxRecord {
  return { ...row, answer: JSON.parse(row.answer) as InboxAnswer };
}

async function assertRoom(tx: ReadTx): Promise<void> {
  const { count } = (await tx.get<{ count: number }>('SELECT COUNT(*) AS count FROM inboxes')) ?? { count: 0 };
  if (count < MOST_INBOXES) return;
  throw new Refusal('conflict', `There are ${MOST_INBOXES} inboxes already. Delete one before you make another.`);
}

async function makeInbox(tx: Tx, name: string, answer: string, now: number): Promise<number> {
  const isThere = (await tx.get('SELECT number FROM inboxes WHERE name = ?', name)) !== undefined;
  if (isThere) return 0;
  await assertRoom(tx);
  return tx.run(INSERT, await tx.next('inboxes'), name, answer, now, now);
}

export function inboxHandlers(): Handler[] {
  return [
    handleCommand(keepInbox, async (tx, { name, answer, basis, now }) => {
      const text = JSON.stringify(answer);
      const written =
        basis === null ? await makeInbox(tx, name, text, now) : await tx.run(CHANGE, text, now, name, basis);
      if (written === 0) return null;
      const row = (await tx.get<InboxRow>(`${SELECT} WHERE name = ?`, name)) as InboxRow;
      const record = toRecord(row);
      tx.signal(INBOX_CHANGED, { name, record } satisfies InboxChange);
      return record;
    }),
    handleCommand(deleteInbox, async (tx, { name, basis }) => {
      if ((await tx.run('DELETE FROM inboxes WHERE name = ? AND version = ?', name, basis)) === 0) return false;
      tx.signal(INBOX_CHANGED, { name, record: null } satisfies InboxChange);
      return true;
    }),
    handleQuery(allInboxes, async (tx) => (await tx.all<InboxRow>(`${SELECT} ORDER BY number`)).map(toRecord)),
  ];
}

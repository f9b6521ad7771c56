import { Refusal } from '../kernel/errors.ts';
import { command, type Handler, handleCommand, handleQuery, query, type Tx } from './command.ts';
import { onceHandlers } from './once.store.ts';

/** How a command of the suite ends once it has done everything it was asked to. */
export type Ending = 'answer' | 'refusal' | 'fault';

/** One row to write, and how the command ends. */
export interface Note {
  name: string;
  value: string;
  ending?: Ending;
}

/** What the commands have changed in the memory of the thread that runs them. */
export interface Memory {
  /** Changed at once, and back again when the command is rolled back. */
  noted: string[];
  /** Changed only once the group is on disk. */
  committed: string[];
}

export const NOTED = 'suite.noted';

/**
 * Everything that a command can do, in one: writes the row, takes a number, signals, changes memory in both ways, and
 * only then ends as it was told. Answers with the number.
 */
export const note = command<Note, number>('suite.note');

/** Writes rows by `runMany`, and answers with how many the database says it changed. */
export const noteMany = command<{ names: string[]; value: string }, number>('suite.note_many');

/** What is in memory now, for a command that runs after all that were handed in before it. */
export const recall = command<null, Memory>('suite.recall');

/** The value of a row, or null. */
export const readNote = query<{ name: string }, string | null>('suite.read');

/** The names of all rows that start so, in order. */
export const listNotes = query<{ prefix: string }, string[]>('suite.list');

/** A query that refuses. */
export const refuseToRead = query<null, null>('suite.refuse_to_read');

export const REFUSAL = { detail: 'The suite refuses this.', pointer: '/value', fault: 'The suite made a mistake.' };

const WRITE =
  'INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value';

/** The commands and queries of the store's suite, for the thread or process in which a store runs them. */
export function suiteHandlers(): Handler[] {
  const memory: Memory = { noted: [], committed: [] };

  function remember(tx: Tx, name: string): void {
    memory.noted.push(name);
    tx.onRollback(() => memory.noted.splice(memory.noted.lastIndexOf(name), 1));
    tx.onCommit(() => memory.committed.push(name));
  }

  return [
    ...onceHandlers(),
    handleCommand(note, async (tx, { name, value, ending = 'answer' }) => {
      await tx.run(WRITE, name, value);
      const number = await tx.next('suite');
      tx.signal(NOTED, { name, number });
      remember(tx, name);
      if (ending === 'fault') throw new Error(REFUSAL.fault);
      if (ending === 'refusal') {
        throw new Refusal('conflict', REFUSAL.detail, { errors: [{ pointer: REFUSAL.pointer, detail: value }] });
      }
      return number;
    }),
    handleCommand(noteMany, (tx, { names, value }) =>
      tx.runMany(
        WRITE,
        names.map((name) => [name, value]),
      ),
    ),
    handleCommand(recall, () => structuredClone(memory)),
    handleQuery(readNote, async (tx, { name }) => {
      const row = await tx.get<{ value: string }>('SELECT value FROM settings WHERE name = ?', name);
      return row?.value ?? null;
    }),
    handleQuery(listNotes, async (tx, { prefix }) => {
      const rows = await tx.all<{ name: string }>(
        'SELECT name FROM settings WHERE substr(name, 1, ?) = ? ORDER BY name',
        prefix.length,
        prefix,
      );
      return rows.map((row) => row.name);
    }),
    handleQuery(refuseToRead, () => {
      throw new Refusal('gone', REFUSAL.detail);
    }),
  ];
}

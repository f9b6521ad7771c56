import type { Ids } from '../../kernel/ids.ts';
import type { Param, ReadTx, Tx } from '../command.ts';
import type { Connection } from './driver.ts';

/** What a group of commands does outside the database, to be done or undone with its transaction. */
export interface Effects {
  signals: { topic: string; payload: unknown }[];
  undo: (() => void)[];
  onCommit: (() => void)[];
}

/** The transaction of the group being written. Each command of it runs between `mark` and `rewind`. */
export interface GroupTx extends Tx {
  readonly effects: Effects;
  /** Where the group stands, to go back to when a command is refused. */
  mark(): Mark;
  /** Takes back what commands did to memory since the mark. The caller rolls the database back. */
  rewind(mark: Mark): void;
  /** Writes the counters that the group has moved. Called once, before the commit. */
  writeCounters(): void;
}

export interface Mark {
  signals: number;
  undo: number;
  onCommit: number;
}

const SELECT_COUNTER = 'SELECT value FROM counters WHERE name = ?';
const WRITE_COUNTER =
  'INSERT INTO counters (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value';

export function readTx(connection: Connection): ReadTx {
  return {
    get: (sql, ...params) => connection.get(sql, params),
    all: (sql, ...params) => connection.all(sql, params),
  };
}

/**
 * Makes transactions for one writing connection. Counters are kept in memory between groups and written once a group;
 * nobody else may write them.
 */
export function createGroupTransactions(connection: Connection, ids: Ids): () => GroupTx {
  const counters = new Map<string, number>();

  function counterValue(name: string): number {
    const known = counters.get(name);
    if (known !== undefined) return known;
    return connection.get<{ value: number }>(SELECT_COUNTER, [name])?.value ?? 0;
  }

  return function begin(): GroupTx {
    const effects: Effects = { signals: [], undo: [], onCommit: [] };
    const moved = new Set<string>();
    return {
      ...readTx(connection),
      ids,
      effects,
      run: (sql, ...params) => connection.run(sql, params),
      runMany(sql, rows: readonly Param[][]) {
        let changes = 0;
        for (const row of rows) changes += connection.run(sql, row);
        return changes;
      },
      next(name) {
        const value = counterValue(name);
        counters.set(name, value + 1);
        moved.add(name);
        effects.undo.push(() => counters.set(name, value));
        return value + 1;
      },
      signal(topic, payload) {
        effects.signals.push({ topic, payload });
      },
      onRollback(undo) {
        effects.undo.push(undo);
      },
      onCommit(run) {
        effects.onCommit.push(run);
      },
      mark: () => ({
        signals: effects.signals.length,
        undo: effects.undo.length,
        onCommit: effects.onCommit.length,
      }),
      rewind(mark) {
        for (const undo of effects.undo.splice(mark.undo).reverse()) undo();
        effects.signals.length = mark.signals;
        effects.onCommit.length = mark.onCommit;
      },
      writeCounters() {
        for (const name of moved) connection.run(WRITE_COUNTER, [name, counters.get(name) as number]);
      },
    };
  };
}

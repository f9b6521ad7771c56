import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { Param } from '../command.ts';

/** The few things Waybill asks of an SQLite library. */
export interface Connection {
  exec(sql: string): void;
  get<R>(sql: string, params: readonly Param[]): R | undefined;
  all<R>(sql: string, params: readonly Param[]): R[];
  run(sql: string, params: readonly Param[]): number;
  /** Whether a transaction is open: some errors end it on SQLite's own accord (sqlite.org/lang_transaction.html). */
  readonly inTransaction: boolean;
  close(): void;
}

const BUSY_TIMEOUT_MS = 5_000;

/** Opens a database. */
export function connect(path: string, options: { readOnly?: boolean; busyTimeoutMs?: number } = {}): Connection {
  const database = new DatabaseSync(path, {
    readOnly: options.readOnly ?? false,
    timeout: options.busyTimeoutMs ?? BUSY_TIMEOUT_MS,
  });
  return connectionTo(database);
}

/** A connection that keeps each statement prepared. SQL texts are constants, so their number is bounded. */
export function connectionTo(database: DatabaseSync): Connection {
  const prepared = new Map<string, StatementSync>();

  function statement(sql: string): StatementSync {
    let found = prepared.get(sql);
    if (found === undefined) {
      found = database.prepare(withHiddenLimits(sql));
      prepared.set(sql, found);
    }
    return found;
  }

  return {
    exec: (sql) => database.exec(sql),
    get: <R>(sql: string, params: readonly Param[]) => statement(sql).get(...params) as R | undefined,
    all: <R>(sql: string, params: readonly Param[]) => statement(sql).all(...params) as R[],
    run: (sql, params) => Number(statement(sql).run(...params).changes),
    get inTransaction() {
      return database.isTransaction;
    },
    close: () => database.close(),
  };
}

/**
 * SQLite plans by the value of a bare `LIMIT ?`, and so compiles the whole statement anew, some 50 µs, each time that a
 * value is bound to it. It does not look into an expression, and ours need no plan of their own for each limit.
 */
function withHiddenLimits(sql: string): string {
  return sql.replaceAll('LIMIT ?', 'LIMIT +?');
}

/** SQLite's primary and extended result codes, which node:sqlite puts on its errors (sqlite.org/rescode.html). */
export function resultCode(error: unknown): number | null {
  const code = (error as { errcode?: unknown } | null)?.errcode;
  return typeof code === 'number' ? code : null;
}

const FULL = 13;
const IOERR = 10;
const IOERR_SHMSIZE = 4874;
const IOERR_WRITE = 778;
const BUSY = 5;
const LOCKED = 6;
const READONLY = 8;
const CORRUPT = 11;
const NOTADB = 26;

export type StoreFailure = 'full' | 'busy' | 'broken' | 'statement';

/**
 * What an SQLite error means for the store: `full` and `busy` pass, and a later write may succeed; `broken` means that
 * nothing this process believes about the files can be trusted any more; `statement` is a mistake in a command.
 * A disk without room shows as FULL, but as IOERR_SHMSIZE or IOERR_WRITE where the shared-memory file or a short write hits it.
 */
export function classify(error: unknown): StoreFailure {
  const code = resultCode(error);
  if (code === null) return 'statement';
  if (code === IOERR_SHMSIZE || code === IOERR_WRITE) return 'full';
  switch (code & 0xff) {
    case FULL:
      return 'full';
    case BUSY:
    case LOCKED:
      return 'busy';
    case IOERR:
    case CORRUPT:
    case NOTADB:
    case READONLY:
      return 'broken';
    default:
      return 'statement';
  }
}

export function isBusy(error: unknown): boolean {
  return classify(error) === 'busy';
}

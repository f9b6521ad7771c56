import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { ReadTx } from '../command.ts';
import { migrations } from '../migrations/index.ts';
import { connect, isBusy } from './driver.ts';
import { databasePath } from './files.ts';
import { readTx } from './transaction.ts';

/** The database as it was at one moment, for tools that look at it beside a running server or without one. */
export interface DatabaseView {
  /** Reads of that moment. */
  tx: ReadTx;
  /** The schema that the database has, and the one that this version knows. */
  schema: { applied: number; newest: number };
  /** What SQLite finds wrong with tables, or with everything; the first of it, empty when nothing is. */
  faults(extent: readonly string[] | 'everything'): string[];
  sizes: { bytes: number; unusedBytes: number; logBytes: number };
  close(): void;
}

const MAX_FAULTS = 10;

/** Opens the database to look at it, and writes nothing. Null when there is none. The caller closes it. */
export function viewDatabase(folder: string): DatabaseView | null {
  const path = databasePath(folder);
  if (!existsSync(path)) return null;
  const connection = connect(path, { readOnly: true });
  const pragma = (name: string): number => Number(connection.get<Record<string, number>>(`PRAGMA ${name}`, [])?.[name]);
  connection.exec('BEGIN');
  const pageBytes = pragma('page_size');

  function check(statement: string): string[] {
    const rows = connection.all<Record<string, string>>(`PRAGMA ${statement}`, []);
    return rows.flatMap((row) => Object.values(row)).filter((text) => text !== 'ok');
  }

  return {
    tx: readTx(connection),
    schema: { applied: pragma('user_version'), newest: migrations.length },
    faults(extent) {
      if (extent === 'everything') return check(`integrity_check(${MAX_FAULTS})`);
      return extent.flatMap((table) => check(`quick_check('${table}')`)).slice(0, MAX_FAULTS);
    },
    sizes: {
      bytes: pragma('page_count') * pageBytes,
      unusedBytes: pragma('freelist_count') * pageBytes,
      logBytes: statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0,
    },
    close: () => connection.close(),
  };
}

/** Whether a server runs on the folder, by the lock that it holds for as long as it lives. */
export function isServed(folder: string): boolean {
  const path = join(folder, 'waybill.lock');
  if (!existsSync(path)) return false;
  const connection = connect(path, { readOnly: true, busyTimeoutMs: 0 });
  try {
    connection.get('SELECT COUNT(*) FROM sqlite_master', []);
    return false;
  } catch (error) {
    if (isBusy(error)) return true;
    throw error;
  } finally {
    connection.close();
  }
}

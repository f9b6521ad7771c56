import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf, SetupError } from '../../kernel/errors.ts';
import { type Connection, connect, isBusy } from './driver.ts';

/** What `PRAGMA auto_vacuum` answers (sqlite.org/pragma.html#pragma_auto_vacuum). */
const INCREMENTAL = 2;

export function databasePath(folder: string): string {
  return join(folder, 'waybill.db');
}

/** Makes the data folder if it is missing. Throws a `SetupError` when it cannot be made or written. */
export function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new SetupError(`The data folder ${folder} cannot be made: ${messageOf(error)}`, { cause: error });
  }
}

/**
 * Takes the folder for this server alone, for as long as the returned connection stays open: an exclusive transaction
 * on a file of its own, so that tools may still open the database beside the server. The kernel gives the lock back
 * when the process dies, however it dies.
 */
export function lockFolder(folder: string): Connection {
  const lock = lockUnlessTaken(folder);
  if (lock !== null) return lock;
  throw new SetupError(`The data folder ${folder} is in use by another Waybill server${ownerOf(folder)}.`);
}

/** Whether a server has this folder now. Throws a `SetupError` when that cannot be found out. */
export function isFolderTaken(folder: string): boolean {
  const lock = lockUnlessTaken(folder);
  lock?.close();
  return lock === null;
}

function lockUnlessTaken(folder: string): Connection | null {
  let lock: Connection | null = null;
  try {
    lock = connect(join(folder, 'waybill.lock'), { busyTimeoutMs: 0 });
    lock.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    return lock;
  } catch (error) {
    lock?.close();
    if (isBusy(error)) return null;
    throw new SetupError(`The data folder ${folder} is not writable: ${messageOf(error)}`, { cause: error });
  }
}

function ownerOf(folder: string): string {
  const path = join(folder, 'waybill.pid');
  if (!existsSync(path)) return '';
  return ` (pid ${readFileSync(path, 'utf8').trim()})`;
}

/** Opens the database for writing: WAL, every commit synced, space given back in steps. */
export function openWritable(folder: string): Connection {
  const connection = connect(databasePath(folder));
  // Setting it again would write to the file, which must not happen before its schema has been looked at.
  if (connection.get<{ auto_vacuum: number }>('PRAGMA auto_vacuum', [])?.auto_vacuum !== INCREMENTAL) {
    connection.exec('PRAGMA auto_vacuum = INCREMENTAL');
  }
  connection.exec('PRAGMA journal_mode = WAL');
  connection.exec('PRAGMA synchronous = FULL');
  connection.exec('PRAGMA wal_autocheckpoint = 0');
  connection.exec('PRAGMA foreign_keys = OFF');
  connection.exec('PRAGMA temp_store = MEMORY');
  connection.exec('PRAGMA cache_size = -65536');
  return connection;
}

import { existsSync } from 'node:fs';
import { messageOf, SetupError } from '../../kernel/errors.ts';
import { type Connection, connect } from './driver.ts';
import { databasePath, makeFolder, openWritable } from './files.ts';

/**
 * Opens the database as one ordinary connection, whether or not a server has it open: for tools that work on the data
 * folder. Makes folder and file when they are missing. The caller closes it.
 */
export function openBeside(folder: string): Connection {
  makeFolder(folder);
  return openWritable(folder);
}

/**
 * One value of the settings table, or null when it, or the whole database, is not there. Changes nothing in the
 * database. Throws a `SetupError` when it cannot be read.
 */
export function peekSetting(folder: string, name: string): string | null {
  const path = databasePath(folder);
  if (!existsSync(path)) return null;
  try {
    return readSetting(path, name);
  } catch (error) {
    throw new SetupError(`The database ${path} cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

function readSetting(path: string, name: string): string | null {
  const connection = connect(path, { readOnly: true });
  try {
    const tables = connection.get<{ n: number }>("SELECT COUNT(*) AS n FROM sqlite_master WHERE name = 'settings'", []);
    if ((tables?.n ?? 0) === 0) return null;
    return connection.get<{ value: string }>('SELECT value FROM settings WHERE name = ?', [name])?.value ?? null;
  } finally {
    connection.close();
  }
}

import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { SetupError } from '../kernel/errors.ts';
import { type Migration, migrations } from './migrations/index.ts';
import type { Connection } from './sqlite/driver.ts';

export interface MigrationState {
  applied: number;
  newest: number;
  pending: readonly Migration[];
}

/** Where the database stands. Writes nothing. */
function migrationState(connection: Connection, all: readonly Migration[]): MigrationState {
  const applied = appliedTo(connection);
  return { applied, newest: all.length, pending: all.slice(applied) };
}

function appliedTo(connection: Connection): number {
  return connection.get<{ user_version: number }>('PRAGMA user_version', [])?.user_version ?? 0;
}

/**
 * Brings the schema up to date, after a copy of the database to `<folder>/backups`, each step in a transaction of its
 * own. Throws a `SetupError`, with nothing touched, when the database was written by a newer version. `all`: every
 * migration there is, those of this version where it is left out.
 */
export function migrate(
  connection: Connection,
  options: { folder: string; apply: boolean; all?: readonly Migration[] },
): MigrationState {
  const all = options.all ?? migrations;
  const state = migrationState(connection, all);
  if (state.applied > state.newest) {
    throw new SetupError(
      `The database in ${options.folder} was written by a newer Waybill (schema ${state.applied}, this version knows ${state.newest}). Start that version, or restore a backup.`,
    );
  }
  if (!options.apply || state.pending.length === 0) return state;
  if (state.applied > 0) copyBefore(connection, options.folder, state.applied);
  for (const migration of state.pending) applyMigration(connection, migration);
  return migrationState(connection, all);
}

function applyMigration(connection: Connection, migration: Migration): void {
  connection.exec('BEGIN IMMEDIATE');
  try {
    // Another process may have been quicker between our look and our lock.
    if (appliedTo(connection) < migration.number) {
      for (const statement of migration.statements) connection.exec(statement);
      connection.exec(`PRAGMA user_version = ${migration.number}`);
    }
    connection.exec('COMMIT');
  } catch (error) {
    if (connection.inTransaction) connection.exec('ROLLBACK');
    throw new SetupError(`Migration ${migration.number} (${migration.name}) failed and was taken back.`, {
      cause: error,
    });
  }
}

function copyBefore(connection: Connection, folder: string, applied: number): void {
  const backups = join(folder, 'backups');
  mkdirSync(backups, { recursive: true, mode: 0o700 });
  const path = join(backups, `before-schema-${applied + 1}.db`);
  if (existsSync(path)) return;
  // Under another name until it is whole, so that a copy cut short is never taken for one.
  const unfinished = `${path}.part`;
  rmSync(unfinished, { force: true });
  connection.run('VACUUM INTO ?', [unfinished]);
  renameSync(unfinished, path);
}

import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { SetupError } from '../kernel/errors.ts';
import { migrate } from './migrate.ts';
import { type Migration, migrations } from './migrations/index.ts';
import { openBeside } from './sqlite/beside.ts';
import { type Connection, connect } from './sqlite/driver.ts';

const first: Migration = { number: 1, name: 'notes', statements: ['CREATE TABLE notes (text TEXT NOT NULL)'] };
const second: Migration = {
  number: 2,
  name: 'pinned notes',
  statements: ['ALTER TABLE notes ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0', 'UPDATE notes SET pinned = 1'],
};
const broken: Migration = {
  number: 3,
  name: 'a slip of the pen',
  statements: ['DELETE FROM notes', 'CREATE TABLE notes (text TEXT NOT NULL)'],
};

/** A database of version 1 with one note in it, in a folder of its own. */
function notesAtOne(): { folder: string; connection: Connection } {
  const folder = mkdtempSync(join(tmpdir(), 'waybill-migrate-'));
  const connection = openBeside(folder);
  onTestFinished(() => {
    connection.close();
    rmSync(folder, { recursive: true, force: true });
  });
  migrate(connection, { folder, apply: true, all: [first] });
  connection.run('INSERT INTO notes (text) VALUES (?)', ['old']);
  return { folder, connection };
}

function notes(connection: Connection): object[] {
  return connection.all<object>('SELECT * FROM notes', []).map((row) => ({ ...row }));
}

test('migrations are numbered from 1 without a gap', () => {
  expect(migrations.map(({ number }) => number)).toEqual(migrations.map((_, i) => i + 1));
});

test('a new database gets every migration, and no copy is made of nothing', () => {
  const { folder, connection } = notesAtOne();
  expect(migrate(connection, { folder, apply: false, all: [first] })).toEqual({ applied: 1, newest: 1, pending: [] });
  expect(existsSync(join(folder, 'backups'))).toBe(false);
});

test('an older database is copied as it was before it is changed', () => {
  const { folder, connection } = notesAtOne();
  const state = migrate(connection, { folder, apply: true, all: [first, second] });
  expect(state).toEqual({ applied: 2, newest: 2, pending: [] });
  expect(notes(connection)).toEqual([{ text: 'old', pinned: 1 }]);

  const copy = connect(join(folder, 'backups', 'before-schema-2.db'), { readOnly: true });
  expect(notes(copy)).toEqual([{ text: 'old' }]);
  expect(migrate(copy, { folder, apply: false, all: [first, second] })).toEqual({
    applied: 1,
    newest: 2,
    pending: [second],
  });
  copy.close();
});

test('an up-to-date database is not touched', () => {
  const { folder, connection } = notesAtOne();
  migrate(connection, { folder, apply: true, all: [first] });
  expect(existsSync(join(folder, 'backups'))).toBe(false);
});

test('looking changes nothing and names what is missing', () => {
  const { folder, connection } = notesAtOne();
  const state = migrate(connection, { folder, apply: false, all: [first, second] });
  expect(state).toEqual({ applied: 1, newest: 2, pending: [second] });
  expect(notes(connection)).toEqual([{ text: 'old' }]);
  expect(existsSync(join(folder, 'backups'))).toBe(false);
});

test('a migration that fails is taken back whole, and those before it stay', () => {
  const { folder, connection } = notesAtOne();
  const all = [first, second, broken];
  const attempt = () => migrate(connection, { folder, apply: true, all });
  expect(attempt).toThrow(SetupError);
  expect(attempt).toThrow('Migration 3 (a slip of the pen) failed and was taken back.');
  expect(notes(connection)).toEqual([{ text: 'old', pinned: 1 }]);
  expect(migrate(connection, { folder, apply: false, all })).toEqual({ applied: 2, newest: 3, pending: [broken] });
  expect(readdirSync(join(folder, 'backups')).sort()).toEqual(['before-schema-2.db', 'before-schema-3.db']);
});

test('a database of a newer version is refused and not touched', () => {
  const { folder, connection } = notesAtOne();
  migrate(connection, { folder, apply: true, all: [first, second] });
  expect(() => migrate(connection, { folder, apply: true, all: [first] })).toThrow(
    `The database in ${folder} was written by a newer Waybill (schema 2, this version knows 1).`,
  );
  expect(notes(connection)).toEqual([{ text: 'old', pinned: 1 }]);
});

import { Refusal } from '../kernel/errors.ts';
import type { ReadTx, Tx } from '../store/index.ts';

/** Settings as they are kept: the members that people have set, and how often they were changed. Version 0: never. */
export interface SettingsRecord<T> {
  version: number;
  value: Partial<T>;
}

const READ = 'SELECT value, version FROM settings WHERE name = ?';
const WRITE = `INSERT INTO settings (name, value, version) VALUES (?, ?, 1)
  ON CONFLICT (name) DO UPDATE SET value = excluded.value, version = settings.version + 1 WHERE settings.version = ?`;

/** The settings of that name; empty while nobody has set any. */
export async function readSettings<T>(tx: ReadTx, name: string): Promise<SettingsRecord<T>> {
  const row = await tx.get<{ value: string; version: number }>(READ, name);
  if (row === undefined) return { version: 0, value: {} };
  return { version: row.version, value: JSON.parse(row.value) as Partial<T> };
}

/**
 * Replaces settings in the caller's transaction, and returns them as they are kept now. Refuses (409) when they are not
 * at `version`: what the caller has checked is no longer so.
 */
export async function writeSettings<T>(
  tx: Tx,
  name: string,
  { version, value }: SettingsRecord<T>,
): Promise<SettingsRecord<T>> {
  const changes = await tx.run(WRITE, name, JSON.stringify(value), version);
  if (changes === 0) throw new Refusal('conflict', 'Somebody else changed these settings at the same moment.');
  return { version: version + 1, value };
}

/** Changes how settings are written and not what they say: their version stays. In the caller's transaction. */
export async function replaceInSettings(tx: Tx, name: string, rewrite: (value: string) => string): Promise<void> {
  const row = await tx.get<{ value: string }>('SELECT value FROM settings WHERE name = ?', name);
  if (row === undefined) return;
  await tx.run('UPDATE settings SET value = ? WHERE name = ? AND value = ?', rewrite(row.value), name, row.value);
}

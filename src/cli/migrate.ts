import { migrate, openBeside } from '../store/index.ts';
import type { CommandIo, ExitCode } from './command-io.ts';
import { type DataFolderOptions, settingsFor } from './data-folder.ts';
import { printLines } from './output.ts';

export interface MigrateOptions extends DataFolderOptions {
  json?: boolean;
}

/** `waybill migrate status`: which migrations the database has and which it lacks. Returns 1 when some are pending. */
export async function migrateStatus(options: MigrateOptions & { io: CommandIo }): Promise<ExitCode> {
  return show(options, false);
}

/** `waybill migrate up`: brings the database to this version, after a copy of it. `serve` does the same when it starts. */
export async function migrateUp(options: MigrateOptions & { io: CommandIo }): Promise<ExitCode> {
  return show(options, true);
}

async function show(options: MigrateOptions & { io: CommandIo }, apply: boolean): Promise<ExitCode> {
  const { io, json } = options;
  const folder = (await settingsFor(options, io)).dataDir;
  const connection = openBeside(folder);
  try {
    const { applied, newest, pending } = migrate(connection, { folder, apply });
    const names = pending.map(({ number, name }) => ({ number, name }));
    if (json) io.stdout.write(`${JSON.stringify({ applied, newest, pending: names }, null, 2)}\n`);
    else printLines(io, [`The database is at schema ${applied} of ${newest}.`, ...names.map(pendingLine)]);
    return names.length > 0 ? 1 : 0;
  } finally {
    connection.close();
  }
}

function pendingLine({ number, name }: { number: number; name: string }): string {
  return `pending: ${number} ${name} (waybill migrate up, or the next start of the server, applies it)`;
}

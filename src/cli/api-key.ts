import { hashApiKey, INSERT_API_KEY, makeApiKey } from '../identity/index.ts';
import { createIds } from '../kernel/ids.ts';
import { systemRandom } from '../kernel/random.ts';
import { migrate, openBeside } from '../store/index.ts';
import type { CommandIo, ExitCode } from './command-io.ts';
import { type DataFolderOptions, settingsFor } from './data-folder.ts';

export interface CreateApiKeyOptions extends DataFolderOptions {
  name: string;
  role: 'admin' | 'operator' | 'viewer';
}

/** `waybill api-key create`: prints a new key alone on stdout. Works on the data folder, with the server up or down. */
export async function createApiKey(options: CreateApiKeyOptions & { io: CommandIo }): Promise<ExitCode> {
  const { name, role, io } = options;
  const folder = (await settingsFor(options, io)).dataDir;
  const now = io.clock.now();
  const key = makeApiKey(systemRandom);
  const connection = openBeside(folder);
  try {
    migrate(connection, { folder, apply: true });
    const id = createIds(systemRandom).make('key', now);
    connection.run(INSERT_API_KEY, [id, name, role, hashApiKey(key), now, null]);
  } finally {
    connection.close();
  }
  io.stdout.write(`${key}\n`);
  return 0;
}

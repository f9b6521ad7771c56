import type { Settings } from '../config/index.ts';
import { SetupError } from '../kernel/errors.ts';
import { systemRandom } from '../kernel/random.ts';
import { openKeyring, rotateMasterKey, SEALED_BY } from '../sealing/index.ts';
import { isFolderTaken, peekSetting } from '../store/index.ts';
import { connect } from './api-client.ts';
import type { CommandIo, ExitCode } from './command-io.ts';
import { type DataFolderOptions, settingsFor } from './data-folder.ts';
import { printJson, printLines } from './output.ts';

export interface RotateKeysOptions extends DataFolderOptions {
  url?: string;
  json?: boolean;
}

/**
 * `waybill keys rotate`: seals every secret with a new master key. A server that is named is asked to; else the server
 * that has the data folder, and where none has it the command does it itself.
 */
export async function rotateKeys(options: RotateKeysOptions & { io: CommandIo }): Promise<ExitCode> {
  const { io, json } = options;
  const settings = await settingsFor(options, io);
  const keyId = isForServer(options, settings) ? await askServer(options) : await rotateAlone(settings, io);
  if (json) printJson(io, { keyId });
  else printLines(io, [`Every secret is now sealed with a new master key, ${keyId}. Back up its key file.`]);
  return 0;
}

function isForServer({ url, dataDir, io }: RotateKeysOptions & { io: CommandIo }, settings: Settings): boolean {
  if (url !== undefined || (dataDir === undefined && io.env.WAYBILL_BASE_URL)) return true;
  if (peekSetting(settings.dataDir, SEALED_BY) !== null) return isFolderTaken(settings.dataDir);
  if (dataDir === undefined) return true;
  throw new SetupError(
    `The data folder ${settings.dataDir} has no master key yet: the first start of a server makes it.`,
  );
}

async function askServer({ io, url, config }: RotateKeysOptions & { io: CommandIo }): Promise<string> {
  const { api } = await connect(io, { url, config });
  return (await api.request<{ keyId: string }>({ method: 'POST', path: '/keys/rotate' })).keyId;
}

/** As long as it takes, no server can start on the folder. */
async function rotateAlone(settings: Settings, io: CommandIo): Promise<string> {
  process.umask(0o077);
  const { openStore } = await import('../app.threads.ts');
  const store = await openStore(settings, (message) => {
    io.stderr.write(`${message}\n`);
    process.exit(1);
  });
  try {
    const { keyFile } = settings;
    const keyring = await openKeyring({ store, keyFile, mayMake: false, random: systemRandom });
    return (await rotateMasterKey({ store, keyring, keyFile, random: systemRandom }, null)).keyId;
  } finally {
    await store.close();
  }
}

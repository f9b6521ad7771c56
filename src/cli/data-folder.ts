import { readSettings, type Settings } from '../config/index.ts';
import type { CommandIo } from './command-io.ts';

/** Where a command that works on the data folder itself finds it. Each wins over the environment and the file. */
export interface DataFolderOptions {
  dataDir?: string;
  config?: string;
}

/** The settings of the server whose data folder a command works on. */
export async function settingsFor({ dataDir, config }: DataFolderOptions, io: CommandIo): Promise<Settings> {
  const sources = { flags: { dataDir, config }, env: io.env, workingDir: process.cwd(), isTerminal: false };
  return (await readSettings(sources)).settings;
}

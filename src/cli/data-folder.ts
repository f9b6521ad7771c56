import { readSettings, type Settings } from '../config/index.ts';
import type { CommandIo } from './command-io.ts';
import type { DataFolderOptions } from './program.ts';

/** The settings of the server whose data folder a command works on. */
export function settingsFor({ dataDir, config }: DataFolderOptions, io: CommandIo): Settings {
  const sources = { flags: { dataDir, config }, env: io.env, workingDir: process.cwd(), isTerminal: false };
  return readSettings(sources).settings;
}

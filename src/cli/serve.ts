import { readSettings } from '../config/index.ts';
import { runServer } from '../main.ts';
import type { CommandIo, ExitCode } from './command-io.ts';
import type { DataFolderOptions } from './data-folder.ts';

/** The settings that `waybill serve` takes on its command line. */
export interface ServeOptions extends DataFolderOptions {
  listen?: string;
}

/** `waybill serve`: the server in the foreground. Returns 0 after SIGTERM or SIGINT, once it has drained. */
export async function serve({ dataDir, listen, config, io }: ServeOptions & { io: CommandIo }): Promise<ExitCode> {
  const { settings, secrets } = await readSettings({
    flags: { dataDir, listen, config },
    env: io.env,
    workingDir: process.cwd(),
    isTerminal: process.stdout.isTTY === true,
  });
  const exitCode = await runServer({ settings, secrets });
  // Kept-alive connections of receivers may still be closing; nothing is left to wait for.
  process.exit(exitCode);
}

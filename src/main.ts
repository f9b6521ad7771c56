import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startThreads } from './app.threads.ts';
import type { App } from './app.ts';
import type { Secrets, Settings } from './config/index.ts';
import { Refusal, SetupError } from './kernel/errors.ts';

/** Ends the server: it drains, and the process ends with that code. */
export type End = (exitCode: 0 | 1) => void;

interface ServerOptions {
  settings: Settings;
  secrets: Secrets;
  /** Told once requests are accepted. */
  onListening?: (app: App, end: End) => void;
}

/** Runs the server in the foreground until SIGTERM, SIGINT or `end`, then drains and returns the exit code. */
export async function runServer({ settings, secrets, onListening }: ServerOptions): Promise<0 | 1> {
  const ended = Promise.withResolvers<0 | 1>();
  const onSignal = (): void => ended.resolve(0);
  process.on('SIGTERM', onSignal).on('SIGINT', onSignal);

  // Whatever the server writes holds what partners send each other: nobody else on the machine may read it.
  process.umask(0o077);
  const threads = startThreads({ settings, secrets }, endAtOnce);
  // While the threads start on another core, this one loads the rest.
  const { startApp } = await import('./app.ts');
  const app = await startApp({ settings, secrets, threads }).catch(async (error: unknown) => {
    // Its threads would keep the process alive.
    await threads.sender.end();
    await threads.store.then(
      (store) => store.close(),
      () => undefined,
    );
    if (!(error instanceof Refusal) || error.code !== 'storage_unavailable') throw error;
    throw new SetupError(`The disk of the data folder ${settings.dataDir} is full. Free some space and start again.`);
  });
  const pidFile = join(settings.dataDir, 'waybill.pid');
  // For tools that work on the folder: a port that was any free one is known nowhere else.
  const urlFile = join(settings.dataDir, 'waybill.url');
  writeFileSync(pidFile, `${process.pid}\n`);
  writeFileSync(urlFile, `${app.url}\n`);
  app.log.info({ pid: process.pid }, `listening on ${app.url}`);
  onListening?.(app, ended.resolve);

  const exitCode = await ended.promise;
  app.log.info('stopping: taking no new work, finishing what is under way');
  await app.stop();
  for (const file of [pidFile, urlFile]) rmSync(file, { force: true });
  return exitCode;
}

/** For when the files can no longer be trusted: nothing more may be written, sent or acknowledged. */
function endAtOnce(message: string): never {
  process.stderr.write(`${message}\nWaybill ends here, so that nothing false is acknowledged.\n`);
  process.exit(1);
}

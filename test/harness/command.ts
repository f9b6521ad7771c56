import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';

const LAUNCHER = new URL('../../bin/waybill.js', import.meta.url).pathname;

/** What a command did. */
export interface CommandOutcome {
  exitCode: number | null;
  stdout: string;
  stderr: string;
}

/** Runs `waybill` with the arguments, in a folder and with these variables alone, until it ends: with the test at the latest. */
export async function runWaybill(
  argv: readonly string[],
  { cwd, env = {} }: { cwd: string; env?: Record<string, string> },
): Promise<CommandOutcome> {
  const child = spawn(process.execPath, [LAUNCHER, ...argv], {
    cwd,
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  const [stdout, stderr, exitCode] = await Promise.all([text(child.stdout), text(child.stderr), exited]);
  return { exitCode, stdout, stderr };
}

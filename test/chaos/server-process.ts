import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

const LAUNCHER = new URL('../../bin/waybill.js', import.meta.url).pathname;
export const API_KEY = 'chaos-admin-key-of-more-than-32-characters';

const START_LIMIT_MS = 30_000;

export interface ServerPlace {
  dataDir: string;
  /** For WAYBILL_EGRESS_ALLOW. */
  allow: string;
  maxInFlight: number;
}

/** One life of the server: from its start to its end, whichever way that comes. */
export interface ServerProcess {
  /** Resolves with its URL once it accepts requests, and with null when it ends before or takes half a minute over it. */
  listening: Promise<string | null>;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
  /** SIGTERM; resolves with the exit code, null when a signal ended it. */
  stop(): Promise<number | null>;
  /** What it has written to stderr: nothing, unless something is wrong. */
  readonly errors: string;
}

/** Starts the server on a free port, as an operator would. */
export function startServerProcess({ dataDir, allow, maxInFlight }: ServerPlace): ServerProcess {
  const child = spawn(process.execPath, [LAUNCHER, 'serve'], {
    cwd: dataDir,
    env: {
      PATH: process.env.PATH,
      WAYBILL_DATA_DIR: dataDir,
      WAYBILL_LISTEN: '127.0.0.1:0',
      WAYBILL_API_KEY: API_KEY,
      WAYBILL_EGRESS_ALLOW: allow,
      WAYBILL_MAX_IN_FLIGHT: String(maxInFlight),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  const exited = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  // Should we end first, however that comes about.
  const killWithUs = (): void => void child.kill('SIGKILL');
  process.once('exit', killWithUs);
  void exited.then(() => process.off('exit', killWithUs));
  const lines = createInterface({ input: child.stdout });
  const listening = new Promise<string | null>((resolve) => {
    lines.on('line', (line) => {
      const url = /"listening on (http:[^"]+)"/.exec(line)?.[1];
      if (url !== undefined) resolve(url);
    });
    void exited.then(() => resolve(null));
    setTimeout(() => resolve(null), START_LIMIT_MS).unref();
  });

  return {
    listening,
    get errors() {
      return errors;
    },
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
    stop() {
      child.kill('SIGTERM');
      return exited;
    },
  };
}

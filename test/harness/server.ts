import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, onTestFinished } from 'vitest';

const LAUNCHER = new URL('../../bin/waybill.js', import.meta.url).pathname;
export const ADMIN_KEY = 'test-admin-key-of-more-than-32-characters';

// biome-ignore lint/suspicious/noExplicitAny: answers come in every shape, and what a test expects of one checks it.
type AnyBody = any;

export interface Answer<T = AnyBody> {
  status: number;
  headers: Headers;
  body: T;
}

/** A real server in a process of its own, on a free port and a data folder of its own. */
export interface TestServer {
  url: string;
  pid: number;
  dataDir: string;
  /** Lines of its log so far, parsed. */
  log: Record<string, unknown>[];
  /** Calls the API below `/api/v1`, as administrator unless another key (or null for none) is given. */
  call<T = AnyBody>(method: string, path: string, body?: unknown, options?: CallOptions): Promise<Answer<T>>;
  /** Resolves with the first log line that the predicate accepts, past or to come. */
  logged(accepts: (line: Record<string, unknown>) => boolean): Promise<Record<string, unknown>>;
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>;
  /** SIGKILL; resolves when the process is gone. */
  kill(): Promise<void>;
  /** What it wrote to stderr. */
  readonly errors: string;
}

export interface CallOptions {
  key?: string | null;
  headers?: Record<string, string>;
  /** Sends these bytes in place of JSON. */
  raw?: string | Buffer;
}

/** Registers what is to be done at the end of something: `onTestFinished` does so for the end of a test. */
export type AtEnd = (end: () => void | Promise<void>) => void;

export interface ServerOptions {
  env?: Record<string, string>;
  dataDir?: string;
  /** Addresses the server may send to, such as a receiver's. */
  allow?: string[];
  /** When it is killed, and its data folder removed; when the test has finished unless said otherwise. */
  atEnd?: AtEnd;
}

/** A data folder that is removed at the end. */
export function makeDataDir(atEnd: AtEnd = onTestFinished): string {
  const folder = mkdtempSync(join(tmpdir(), 'waybill-test-'));
  atEnd(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/**
 * One server for all tests of a file, which must then leave each other's webhooks alone. It is started before the first
 * of them and killed after the last, which fails if the server has met a fault of its own. Call it outside of tests; the
 * server is there inside of them.
 */
export function shareServer(options: Omit<ServerOptions, 'atEnd'> = {}): () => TestServer {
  const ends: (() => void | Promise<void>)[] = [];
  let server: TestServer | null = null;
  beforeAll(async () => {
    server = await startServer({ ...options, atEnd: (end) => ends.push(end) });
  });
  afterAll(async () => {
    const faults = server?.log.filter((line) => line.level === 'error') ?? [];
    for (const end of ends.reverse()) await end();
    if (faults.length > 0) throw new Error(`The server met faults of its own: ${JSON.stringify(faults, null, 2)}`);
  });
  return () => {
    if (server === null) throw new Error('The shared server is there inside of tests only.');
    return server;
  };
}

/** Starts a server and waits until it listens. It is killed at the end. Rejects with stderr if it ends before. */
export async function startServer(options: ServerOptions = {}): Promise<TestServer> {
  const atEnd = options.atEnd ?? onTestFinished;
  const dataDir = options.dataDir ?? makeDataDir(atEnd);
  const child = spawn(process.execPath, [LAUNCHER, 'serve'], {
    cwd: dataDir,
    env: {
      PATH: process.env.PATH,
      WAYBILL_DATA_DIR: dataDir,
      WAYBILL_LISTEN: '127.0.0.1:0',
      WAYBILL_API_KEY: ADMIN_KEY,
      WAYBILL_EGRESS_ALLOW: (options.allow ?? ['127.0.0.1/32']).join(','),
      ...options.env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  atEnd(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  return attach(child, exited, dataDir);
}

async function attach(child: ChildProcess, exited: Promise<number | null>, dataDir: string): Promise<TestServer> {
  const log: Record<string, unknown>[] = [];
  const watchers = new Set<(line: Record<string, unknown>) => void>();
  let errors = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (text) => {
    const line = JSON.parse(text) as Record<string, unknown>;
    log.push(line);
    for (const watch of watchers) watch(line);
  });

  function logged(accepts: (line: Record<string, unknown>) => boolean): Promise<Record<string, unknown>> {
    const found = log.find(accepts);
    if (found !== undefined) return Promise.resolve(found);
    return new Promise((resolve) => {
      const watch = (line: Record<string, unknown>): void => {
        if (!accepts(line)) return;
        watchers.delete(watch);
        resolve(line);
      };
      watchers.add(watch);
    });
  }

  const listening = await Promise.race([
    logged((line) => String(line.msg).startsWith('listening on ')),
    exited.then((code) => {
      throw new Error(`The server ended with ${code} before it listened: ${errors}`);
    }),
  ]);
  const url = String(listening.msg).slice('listening on '.length);

  return {
    url,
    pid: Number(listening.pid),
    dataDir,
    log,
    logged,
    get errors() {
      return errors;
    },
    async call(method, path, body, { key = ADMIN_KEY, headers = {}, raw } = {}) {
      const content = raw ?? (body === undefined ? undefined : JSON.stringify(body));
      const response = await fetch(`${url}/api/v1${path}`, {
        method,
        headers: {
          ...(key === null ? {} : { authorization: `Bearer ${key}` }),
          ...(content === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(content === undefined ? {} : { body: content }),
      });
      const text = await response.text();
      return { status: response.status, headers: response.headers, body: text === '' ? null : JSON.parse(text) };
    },
    stop() {
      child.kill('SIGTERM');
      return exited;
    },
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

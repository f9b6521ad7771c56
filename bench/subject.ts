import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { monotonicUs, sleep } from './monotonic.ts';

/** What is measured: Waybill, or the bare relay that shows what the machine allows (`ceiling.mjs`). */
export type SubjectName = 'waybill' | 'ceiling';

/** A server that is measured, in a process of its own that listens. */
export interface Subject {
  name: SubjectName;
  pid: number;
  port: number;
  apiKey: string;
  /** From the start of the process to the line that says it listens. */
  startMs: number;
  /** The instant of the start, monotonic µs. */
  spawnedAtUs: number;
  /** SIGTERM; SIGKILL when it has not ended after 15 s, which is said on stderr. */
  stop(): Promise<void>;
  /** SIGKILL. */
  kill(): Promise<void>;
}

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const LISTENING = /listening on http:\/\/127\.0\.0\.1:(\d+)/;
const START_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 15_000;
/** 48 characters. Only a server on the loopback interface, in a throw-away folder, ever knows it. */
const API_KEY = 'benchmark-key-benchmark-key-benchmark-key-012345';

const running = new Set<ChildProcess>();
const folders = new Set<string>();

/** Kills every server and removes every folder that is left. Synchronous, so that it can run as the process exits. */
export function cleanUp(): void {
  for (const child of running) child.kill('SIGKILL');
  for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}

/** Makes a temporary folder that `cleanUp` removes. */
export function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'waybill-bench-'));
  folders.add(folder);
  return folder;
}

export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  folders.delete(folder);
}

/**
 * Starts a server and waits until it listens. `folder` is its working directory, holds its output and, for Waybill,
 * its data. Throws an error that shows the end of its output when it ends, or says nothing for 60 s.
 */
export async function startSubject(name: SubjectName, receiverPort: number, folder: string): Promise<Subject> {
  const program = join(ROOT, name === 'waybill' ? 'bin/waybill.js' : 'bench/ceiling.mjs');
  if (!existsSync(program)) throw new Error(`${program} does not exist, so that there is nothing to measure.`);
  const args = name === 'waybill' ? ['serve'] : [`http://127.0.0.1:${receiverPort}/1`];
  const outputPath = join(folder, `output-${monotonicUs()}.log`);
  const output = openSync(outputPath, 'w');
  const spawnedAtUs = monotonicUs();
  const child = spawn(process.execPath, [program, ...args], {
    cwd: folder,
    stdio: ['ignore', output, output],
    env: {
      PATH: process.env.PATH,
      HOME: folder,
      WAYBILL_DATA_DIR: join(folder, 'data'),
      WAYBILL_LISTEN: '127.0.0.1:0',
      WAYBILL_API_KEY: API_KEY,
      WAYBILL_EGRESS_ALLOW: `127.0.0.1:${receiverPort}`,
    },
  });
  closeSync(output);
  running.add(child);
  child.on('exit', () => running.delete(child));

  const port = await listeningPort(child, outputPath, [program, ...args].join(' '));
  return {
    name,
    pid: child.pid as number,
    port,
    apiKey: API_KEY,
    startMs: (monotonicUs() - spawnedAtUs) / 1_000,
    spawnedAtUs,
    stop: () => endProcess(child, 'SIGTERM'),
    kill: () => endProcess(child, 'SIGKILL'),
  };
}

async function listeningPort(child: ChildProcess, outputPath: string, command: string): Promise<number> {
  const deadlineUs = monotonicUs() + START_LIMIT_MS * 1_000;
  for (;;) {
    const text = readFileSync(outputPath, 'utf8');
    const found = LISTENING.exec(text);
    if (found !== null) return Number(found[1]);
    const ended = child.exitCode !== null || child.signalCode !== null || child.pid === undefined;
    if (ended || monotonicUs() > deadlineUs) {
      const why = ended ? `ended (${child.signalCode ?? `exit code ${child.exitCode}`})` : `took ${START_LIMIT_MS} ms`;
      throw new Error(
        `\`${command}\` ${why} before it said \`listening on http://…\`. Its last output:\n${tail(text)}`,
      );
    }
    // Short, because the figures of the start-up scenario are as exact as this.
    await sleep(2);
  }
}

function tail(text: string): string {
  return text.trimEnd().split('\n').slice(-20).join('\n') || '(none)';
}

async function endProcess(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  const patience = setTimeout(() => {
    process.stderr.write(`Process ${child.pid} did not end within ${STOP_LIMIT_MS} ms of ${signal} and is killed.\n`);
    child.kill('SIGKILL');
  }, STOP_LIMIT_MS);
  child.kill(signal);
  await exited;
  clearTimeout(patience);
}

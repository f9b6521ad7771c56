import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

const PROGRAM = `
const [order, ...rest] = process.argv.slice(2);
const say = (value: unknown): void => console.log(JSON.stringify(value));

if (order === 'report') {
  say({ major: Number.parseInt(process.versions.node, 10), rest, marker: process.env['WAYBILL_LAUNCHED'] ?? null });
} else if (order === 'exit') {
  process.exitCode = Number(rest[0]);
} else if (order === 'warn') {
  process.emitWarning('SQLite is an experimental feature and might change at any time', 'ExperimentalWarning');
  process.emitWarning('Type Stripping is an experimental feature and might change at any time', 'ExperimentalWarning');
  process.emitWarning('Hovering is an experimental feature and might change at any time', 'ExperimentalWarning');
  process.emitWarning('SQLite is an experimental feature that you should know of');
} else if (order === 'await-signal') {
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(signal, () => {
      say(signal);
      process.exit(7);
    });
  }
  setInterval(() => {}, 1_000);
  say('ready');
} else if (order === 'run-on') {
  setInterval(() => {}, 1_000);
  say(process.pid);
} else if (order === 'die') {
  process.kill(process.pid, 'SIGKILL');
  setInterval(() => {}, 1_000);
}
`;

const oldNode = findOldNode();

/** The first `node` on the PATH that is too old to run Waybill, or null where there is none. */
function findOldNode(): string | null {
  const candidates = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'node'));
  return candidates.find((path) => existsSync(path) && majorOf(path) < 24) ?? null;
}

function majorOf(node: string): number {
  return Number.parseInt(execFileSync(node, ['-p', 'process.versions.node'], { encoding: 'utf8' }), 10);
}

let installed: string;
let uninstalled: string;

beforeAll(() => {
  installed = plant();
  symlinkSync(resolve('node_modules'), join(installed, 'node_modules'), 'dir');
  uninstalled = plant();
});

afterAll(() => {
  for (const root of [installed, uninstalled]) rmSync(root, { recursive: true, force: true });
});

/** The launcher beside a small program of our own, in a folder of its own. */
function plant(): string {
  const root = mkdtempSync(join(tmpdir(), 'waybill-launcher-'));
  cpSync('bin', join(root, 'bin'), { recursive: true });
  mkdirSync(join(root, 'src/cli'), { recursive: true });
  writeFileSync(join(root, 'package.json'), JSON.stringify({ type: 'module' }));
  writeFileSync(join(root, 'src/cli/main.ts'), PROGRAM);
  return root;
}

const launches: ChildProcess[] = [];

function launch(node: string, args: string[], root = installed): ChildProcess {
  const launched = spawn(node, [join(root, 'bin/waybill.js'), ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  launches.push(launched);
  return launched;
}

afterEach(() => {
  // Nothing is left of one that ended; a failed test leaves no process behind.
  for (const launched of launches.splice(0)) launched.kill('SIGKILL');
});

interface Ending {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** How the launcher ended. Resolves once every process that holds its output has ended too. */
async function endingOf(launched: ChildProcess): Promise<Ending> {
  const [[code, signal], stdout, stderr] = await Promise.all([
    once(launched, 'close'),
    text(launched.stdout!),
    text(launched.stderr!),
  ]);
  return { code, signal, stdout, stderr };
}

async function firstLineOf(launched: ChildProcess): Promise<unknown> {
  const [chunk] = await once(launched.stdout!, 'data');
  return JSON.parse(String(chunk));
}

describe('the launcher on a Node that is new enough', () => {
  test('runs the program with its arguments', async () => {
    const { code, stdout } = await endingOf(launch(process.execPath, ['report', 'a b', '--c']));
    expect(JSON.parse(stdout)).toEqual({ major: 24, rest: ['a b', '--c'], marker: null });
    expect(code).toBe(0);
  });

  test('ends with the exit code of the program', async () => {
    expect(await endingOf(launch(process.execPath, ['exit', '3']))).toMatchObject({ code: 3, signal: null });
  });

  test('hides the two warnings that Node 24.0.0 prints on every start, and no other', async () => {
    const { stderr } = await endingOf(launch(process.execPath, ['warn']));
    expect(stderr).not.toContain('Type Stripping');
    expect(stderr).not.toContain('SQLite is an experimental feature and might change');
    expect(stderr).toContain('Hovering is an experimental feature and might change');
    expect(stderr).toContain('SQLite is an experimental feature that you should know of');
  });
});

describe.skipIf(oldNode === null)('the launcher on an older Node, where the machine has one', () => {
  const node = oldNode ?? '';

  test('runs the program on the Node that npm installed', async () => {
    const { code, stdout, stderr } = await endingOf(launch(node, ['report', 'a b', '--c']));
    expect(JSON.parse(stdout)).toEqual({ major: 24, rest: ['a b', '--c'], marker: null });
    expect(stderr).toBe('');
    expect(code).toBe(0);
  });

  test('ends with the exit code of the program', async () => {
    expect(await endingOf(launch(node, ['exit', '3']))).toMatchObject({ code: 3, signal: null });
  });

  test('ends by the signal that ended the program', async () => {
    expect(await endingOf(launch(node, ['die']))).toMatchObject({ code: null, signal: 'SIGKILL' });
  });

  test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('passes %s on to the program, once', async (signal) => {
    const launched = launch(node, ['await-signal']);
    const ending = endingOf(launched);
    await firstLineOf(launched);
    launched.kill(signal);
    expect(await ending).toMatchObject({ code: 7, stdout: `"ready"\n"${signal}"\n` });
  });

  test('takes the program with it when it is killed', async ({ onTestFailed }) => {
    const launched = launch(node, ['run-on']);
    const ending = endingOf(launched);
    const programPid = Number(await firstLineOf(launched));
    onTestFailed(() => void process.kill(programPid, 'SIGKILL'));
    expect(programPid).not.toBe(launched.pid);
    launched.kill('SIGKILL');
    // The program holds the launcher's output, so this never resolves while it lives.
    expect((await ending).signal).toBe('SIGKILL');
  });

  test('says in one sentence what is missing when npm has not installed a Node', async () => {
    const { code, stdout, stderr } = await endingOf(launch(node, ['report'], uninstalled));
    expect(stderr).toMatch(/^Waybill needs Node 24 or newer; this is v\d+\.\d+\.\d+\. Run `npm ci` in .*\n$/);
    expect(stdout).toBe('');
    expect(code).toBe(1);
  });
});

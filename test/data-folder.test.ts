import { spawn } from 'node:child_process';
import { hash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { text } from 'node:stream/consumers';
import { describe, expect, onTestFinished, test } from 'vitest';
import { makeSmallDisk, noSmallDisk } from './chaos/small-disk.ts';
import { startReceiver } from './harness/receiver.ts';
import { ADMIN_KEY, makeDataDir, startServer } from './harness/server.ts';

const LAUNCHER = new URL('../bin/waybill.js', import.meta.url).pathname;
const KEY_BYTES = 32;

interface Refusal {
  exitCode: number | null;
  stdout: string;
  stderr: string;
}

/** Starts a server that is expected to refuse to, and returns what it said. It is killed if it does start. */
async function refusedStart(dataDir: string, env: Record<string, string> = {}): Promise<Refusal> {
  const child = spawn(process.execPath, [LAUNCHER, 'serve'], {
    env: {
      PATH: process.env.PATH,
      WAYBILL_DATA_DIR: dataDir,
      WAYBILL_LISTEN: '127.0.0.1:0',
      WAYBILL_API_KEY: ADMIN_KEY,
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  child.stdout.on('data', (chunk: Buffer) => {
    if (chunk.includes('listening on')) child.kill('SIGKILL');
  });
  const exited = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  const [exitCode, stdout, stderr] = await Promise.all([exited, text(child.stdout), text(child.stderr)]);
  return { exitCode, stdout, stderr };
}

/** One sentence for people, exit code 1, and nothing else. */
function expectSentence(refusal: Refusal, pattern: RegExp): void {
  expect(refusal.stderr).toMatch(pattern);
  expect(refusal.stderr).toMatch(/^The [^\n]+\n$/);
  expect(refusal).toMatchObject({ exitCode: 1, stdout: '' });
}

/** Every file below the folder with a hash of its content, but for SQLite's scratch files, which any reader makes. */
function contentOf(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map((file) => join(file.parentPath, file.name)).filter((path) => !/-(wal|shm)$/.test(path));
  return Object.fromEntries(paths.map((path) => [path, hash('sha256', readFileSync(path))]));
}

function modeOf(path: string): string {
  return (statSync(path).mode & 0o777).toString(8);
}

/** A data folder that a server has worked with and left: one webhook, one event. */
async function usedDataDir(): Promise<string> {
  const receiver = await startReceiver();
  const server = await startServer({ allow: [receiver.address] });
  await server.call('POST', '/webhooks', { name: 'ops', url: receiver.url });
  await server.call('POST', '/events', { type: 'order.shipped', data: { order: 1 } });
  await receiver.arrived(1);
  expect(await server.stop()).toBe(0);
  return server.dataDir;
}

describe('a server refuses to start in one sentence, and touches nothing,', () => {
  test('on a folder that another server is using, which it names and leaves undisturbed', async () => {
    const receiver = await startReceiver();
    const first = await startServer({ allow: [receiver.address] });
    await first.call('POST', '/webhooks', { name: 'ops', url: receiver.url });
    const refusal = await refusedStart(first.dataDir);
    expectSentence(refusal, new RegExp(`^The data folder ${first.dataDir} is in use .*\\(pid ${first.pid}\\)\\.`));

    expect(readFileSync(join(first.dataDir, 'waybill.pid'), 'utf8')).toBe(`${first.pid}\n`);
    const published = await first.call('POST', '/events', { type: 'order.shipped', data: { order: 1 } });
    expect(published).toMatchObject({ status: 202, body: { deliveryCount: 1 } });
    await receiver.arrived(1);
    expect(await first.stop()).toBe(0);
    expect(first.errors).toBe('');
  });

  test('on a database that a newer version has written', async () => {
    const dataDir = await usedDataDir();
    const database = new DatabaseSync(join(dataDir, 'waybill.db'));
    database.exec('PRAGMA user_version = 9999');
    database.close();
    const before = contentOf(dataDir);
    expectSentence(await refusedStart(dataDir), /written by a newer Waybill \(schema 9999, this version knows \d+\)/);
    expect(contentOf(dataDir)).toEqual(before);
  });

  test('on a file that is no database', async () => {
    const dataDir = makeDataDir();
    writeFileSync(join(dataDir, 'waybill.db'), 'Minutes of the meeting of the board. '.repeat(200));
    const before = contentOf(dataDir);
    expectSentence(await refusedStart(dataDir), new RegExp(`^The database .*${dataDir}.* is not a database`));
    expect(contentOf(dataDir)).toEqual(before);
  });

  test('when the key file is missing', async () => {
    const dataDir = await usedDataDir();
    const keyFile = join(dataDir, 'keys', 'master.key');
    renameSync(keyFile, join(dataDir, 'kept-elsewhere'));
    const before = contentOf(dataDir);
    expectSentence(await refusedStart(dataDir), new RegExp(`^The key file ${keyFile} is missing.*WAYBILL_KEY_FILE`));
    expect(contentOf(dataDir)).toEqual(before);

    renameSync(join(dataDir, 'kept-elsewhere'), keyFile);
    expect(await (await startServer({ dataDir })).stop()).toBe(0);
  });

  test.each([
    ['too short', Buffer.alloc(KEY_BYTES - 1, 1).toString('base64')],
    ['too long', Buffer.alloc(KEY_BYTES + 1, 1).toString('base64')],
    ['empty', ''],
  ])('when the key file is %s', async (_what, content) => {
    const dataDir = await usedDataDir();
    const keyFile = join(dataDir, 'keys', 'master.key');
    writeFileSync(keyFile, content);
    const before = contentOf(dataDir);
    expectSentence(await refusedStart(dataDir), new RegExp(`^The key file ${keyFile} must hold 32 bytes in base64`));
    expect(contentOf(dataDir)).toEqual(before);
  });

  test('when the key file holds another key than the one of its secrets', async () => {
    const dataDir = await usedDataDir();
    const otherKey = join(makeDataDir(), 'other.key');
    writeFileSync(otherKey, `${Buffer.alloc(KEY_BYTES, 7).toString('base64')}\n`);
    const before = contentOf(dataDir);
    const refusal = await refusedStart(dataDir, { WAYBILL_KEY_FILE: otherKey });
    expectSentence(refusal, new RegExp(`^The key file ${otherKey} is not the one`));
    expect(contentOf(dataDir)).toEqual(before);
  });

  test('on a path below a file', async () => {
    const file = join(makeDataDir(), 'notes.txt');
    writeFileSync(file, 'a file');
    const dataDir = join(file, 'waybill-data');
    expectSentence(await refusedStart(dataDir), new RegExp(`^The data folder ${dataDir} cannot be made: `));
    expect(readFileSync(file, 'utf8')).toBe('a file');
  });

  test.skipIf(process.getuid?.() === 0)(
    'on a folder of somebody else (as root every folder can be written)',
    async () => {
      const dataDir = await usedDataDir();
      const before = contentOf(dataDir);
      chmodSync(dataDir, 0o500);
      onTestFinished(() => chmodSync(dataDir, 0o700));
      expectSentence(await refusedStart(dataDir), new RegExp(`^The data folder ${dataDir} is not writable: `));
      expect(contentOf(dataDir)).toEqual(before);
    },
  );

  test.skipIf(noSmallDisk !== null)(`on a disk that is mounted read-only (${noSmallDisk ?? 'a tmpfs'})`, async () => {
    const disk = makeSmallDisk(16);
    const dataDir = join(disk.path, 'data');
    mkdirSync(dataDir);
    expect(await (await startServer({ dataDir })).stop()).toBe(0);
    const before = contentOf(dataDir);
    disk.makeReadOnly();
    expectSentence(await refusedStart(dataDir), new RegExp(`^The data(base| folder) .*${dataDir}`));
    expect(contentOf(dataDir)).toEqual(before);
  });
});

describe('a data folder', () => {
  test('is made with its parents, for its owner alone', async () => {
    const dataDir = join(makeDataDir(), 'deep', 'below');
    expect((await refusedStart(dataDir)).stdout).toContain('listening on');
    expect(modeOf(dataDir)).toBe('700');
    expect(modeOf(join(dataDir, 'keys'))).toBe('700');
    expect(modeOf(join(dataDir, 'keys', 'master.key'))).toBe('600');
  });

  test('is free for the next server as soon as the one before was killed, whatever its pid file says', async () => {
    const first = await startServer();
    await first.kill();
    expect(existsSync(join(first.dataDir, 'waybill.pid'))).toBe(true);
    const second = await startServer({ dataDir: first.dataDir });
    expect(readFileSync(join(first.dataDir, 'waybill.pid'), 'utf8')).toBe(`${second.pid}\n`);
    expect(await second.stop()).toBe(0);
    expect(existsSync(join(first.dataDir, 'waybill.pid'))).toBe(false);
  });

  test('works on after the log of a killed server was left behind, and the shared memory lost', async () => {
    const first = await startServer();
    const { body } = await first.call('POST', '/events', { type: 'order.shipped', data: { order: 1 } });
    await first.kill();
    rmSync(join(first.dataDir, 'waybill.db-shm'));
    const second = await startServer({ dataDir: first.dataDir });
    expect((await second.call('GET', `/events/${body.id}`)).status).toBe(200);
  });
});

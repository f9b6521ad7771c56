import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createWebhook, deliveryInState } from './api/stage.ts';
import { makeSmallDisk, noSmallDisk } from './chaos/small-disk.ts';
import { runWaybill } from './harness/command.ts';
import { pruneAll } from './harness/prune.ts';
import { startReceiver } from './harness/receiver.ts';
import { makeDataDir, startServer, type TestServer } from './harness/server.ts';

interface Report {
  status: string;
  dataDir: string;
  checks: { check: string; status: string; message: string; remedy: string | null }[];
}

const CHECKS = [
  'data folder',
  'free disk space',
  'server',
  'schema',
  'integrity',
  'key file',
  'clock',
  'events',
  'ledgers',
  'references',
  'in hand',
  'held',
  'deleted webhooks',
  'waiting',
  'database size',
];

interface Examined {
  exitCode: number | null;
  report: Report;
  notOk: Record<string, Report['checks'][number]>;
}

/** Runs the doctor on a folder; `notOk` are the checks that found something, by their names. */
async function examine(dataDir: string, ...more: string[]): Promise<Examined> {
  const { exitCode, stdout, stderr } = await runWaybill(['doctor', '--data-dir', dataDir, '--json', ...more], {
    cwd: dataDir,
  });
  expect(stderr).toBe('');
  const report = JSON.parse(stdout) as Report;
  expect(report.status === 'failed' ? 1 : 0).toBe(exitCode);
  const notOk = report.checks.filter(({ status }) => status !== 'ok');
  for (const { remedy } of notOk) expect(remedy).toMatch(/\S/);
  return { exitCode, report, notOk: Object.fromEntries(notOk.map((found) => [found.check, found])) };
}

/** Publishes events of one type to a server with a webhook that takes them, and waits until they are delivered. */
async function deliverThree(server: TestServer, url: string): Promise<void> {
  const webhook = await server.call('POST', '/webhooks', { name: 'ops', url, eventTypes: ['order.shipped'] });
  for (let i = 0; i < 3; i += 1) {
    const { body } = await server.call('POST', '/events', { type: 'order.shipped', data: { i } });
    await deliveryInState(server, body.id, webhook.body.id, 'delivered');
  }
}

const ends: (() => void | Promise<void>)[] = [];
/** The folder of a server that was stopped, with one webhook and three events. */
let template = '';

beforeAll(async () => {
  const receiver = await startReceiverForAll();
  const server = await startServer({ atEnd: (end) => ends.push(end) });
  await deliverThree(server, receiver);
  await server.stop();
  template = server.dataDir;
});

afterAll(async () => {
  for (const end of ends.reverse()) await end();
});

/** A receiver that is there for `beforeAll`, outside of any test. */
async function startReceiverForAll(): Promise<string> {
  const server = createServer((_request, response) => response.writeHead(204).end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ends.push(
    () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  );
  return `http://127.0.0.1:${(server.address() as { port: number }).port}`;
}

function copyTemplate(dataDir: string): void {
  cpSync(template, dataDir, { recursive: true });
  // Files keep their modes in a copy, folders do not.
  chmodSync(join(dataDir, 'keys'), 0o700);
}

/** A copy of that folder for one test, changed by SQL. */
function folderWith(sql = ''): string {
  const dataDir = makeDataDir();
  copyTemplate(dataDir);
  if (sql !== '') {
    const database = new DatabaseSync(join(dataDir, 'waybill.db'));
    database.exec(sql);
    database.close();
  }
  return dataDir;
}

/** Every file below a folder with its content, but for SQLite's scratch files, which any reader makes. */
function contentOf(folder: string): [string, string][] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => !/-(wal|shm)$/.test(name) && statSync(join(folder, name)).isFile())
    .sort()
    .map((name) => [name, readFileSync(join(folder, name), 'base64')]);
}

describe('waybill doctor, when all is well', () => {
  test('says so of every check, beside a running server', async () => {
    const receiver = await startReceiver();
    const server = await startServer({ allow: [receiver.address] });
    await deliverThree(server, receiver.url);
    const { exitCode, report } = await examine(server.dataDir);
    expect(report.checks.filter(({ status, check }) => status !== 'ok' && check !== 'free disk space')).toEqual([]);
    expect(report.checks.map(({ check }) => check)).toEqual(CHECKS);
    expect(exitCode).toBe(0);
    const messages = Object.fromEntries(report.checks.map(({ check, message }) => [check, message]));
    expect(messages.server).toBe(`pid ${server.pid} runs, and is ready at ${server.url}`);
    expect(messages.events).toBe('3 published, 3 kept, 0 deleted by retention; no number is missing');
    expect(messages.ledgers).toMatch(
      /^3 owed = 3 delivered \+ 0 open \+ 0 exhausted \+ 0 cancelled \+ 0 deleted by retention/,
    );
    expect(messages['key file']).toBe('it opens the secrets of 1 webhook');
  });

  test('prints a line for each check, without a server, and changes nothing', async () => {
    const dataDir = folderWith();
    const before = contentOf(dataDir);
    const { exitCode, stdout } = await runWaybill(['doctor', '--data-dir', dataDir, '--full'], { cwd: dataDir });
    expect(exitCode).toBe(0);
    for (const check of CHECKS) expect(stdout).toMatch(new RegExp(`^(ok|warning) +${check} `, 'm'));
    expect(stdout).toMatch(/^ok +server +none runs on this folder$/m);
    expect(stdout).toMatch(/^ok +integrity +every page is sound$/m);
    expect(contentOf(dataDir)).toEqual(before);
  });

  test('counts what retention has deleted', async () => {
    const dataDir = folderWith();
    await pruneAll(dataDir);
    const { notOk, report } = await examine(dataDir);
    expect(notOk).not.toHaveProperty('events');
    expect(notOk).not.toHaveProperty('ledgers');
    const { message } = report.checks.find(({ check }) => check === 'ledgers') as { message: string };
    expect(message).toMatch(/^3 owed = 0 delivered .* \+ 3 deleted by retention/);
  });

  test('and before the first start, finds nothing to complain of but that', async () => {
    const { exitCode, notOk } = await examine(makeDataDir());
    expect(exitCode).toBe(0);
    expect(notOk.database).toMatchObject({ status: 'warning', message: 'there is none yet' });
  });
});

describe('waybill doctor fails (exit code 1)', () => {
  const cases: [what: string, check: string, message: RegExp, sql: string][] = [
    ['an event is missing', 'events', /^1 event missing of 3/, 'DELETE FROM events WHERE sequence = 2'],
    ['an event is missing', 'references', /1 deliveries without their event/, 'DELETE FROM events WHERE sequence = 2'],
    [
      'more events are there than numbers were given',
      'events',
      /more than numbers/,
      "UPDATE counters SET value = 2 WHERE name = 'events'",
    ],
    [
      'a delivery is missing',
      'ledgers',
      /^1 of 3 numbers of wh_\w+ are missing/,
      'DELETE FROM deliveries WHERE sequence = 2',
    ],
    [
      'a webhook has numbers that it was not given',
      'ledgers',
      /never given/,
      "UPDATE counters SET value = 2 WHERE name LIKE 'webhook:%'",
    ],
    ['a delivery has no webhook', 'references', /3 deliveries without their webhook/, 'DELETE FROM webhooks'],
    [
      'a delivery has lost its attempt',
      'references',
      /1 deliveries without their latest attempt/,
      'DELETE FROM attempts WHERE delivery_number = 1',
    ],
    ['an attempt has no delivery', 'references', /1 attempts without/, 'DELETE FROM deliveries WHERE number = 3'],
    ['a body has no event', 'references', /1 bodies without/, "INSERT INTO bodies VALUES (99, 'h', 'x')"],
    ['a newer version wrote the database', 'schema', /a newer version/, 'PRAGMA user_version = 999'],
  ];
  test.each(cases)('when %s', async (_what, check, message, sql) => {
    const { exitCode, notOk } = await examine(folderWith(sql));
    expect(notOk[check]).toMatchObject({ status: 'failed', message: expect.stringMatching(message) });
    expect(exitCode).toBe(1);
  });

  test('when a page of the database is damaged', async () => {
    const dataDir = folderWith();
    const path = join(dataDir, 'waybill.db');
    const database = new DatabaseSync(path);
    const { page, size } = database
      .prepare(
        "SELECT rootpage AS page, (SELECT page_size FROM pragma_page_size) AS size FROM sqlite_master WHERE name = 'deliveries'",
      )
      .get() as { page: number; size: number };
    database.close();
    const bytes = readFileSync(path);
    bytes.fill(0xff, (page - 1) * size, (page - 1) * size + 64);
    writeFileSync(path, bytes);
    const { exitCode, notOk } = await examine(dataDir);
    expect(notOk.integrity?.status).toBe('failed');
    expect(exitCode).toBe(1);
  });

  test('when the database is none', async () => {
    const dataDir = folderWith();
    writeFileSync(join(dataDir, 'waybill.db'), 'x'.repeat(10_000));
    const { exitCode, notOk } = await examine(dataDir);
    expect(notOk.database?.status).toBe('failed');
    expect(exitCode).toBe(1);
  });

  test('when others may read the folder or the key', async () => {
    const open = folderWith();
    chmodSync(open, 0o755);
    expect((await examine(open)).notOk['data folder']).toMatchObject({
      status: 'failed',
      remedy: `chmod -R go-rwx ${open}`,
    });
    const key = folderWith();
    chmodSync(join(key, 'keys/master.key'), 0o640);
    expect((await examine(key)).notOk['key file']).toMatchObject({ status: 'failed' });
  });

  test('when the key is missing, is another one, or does not open a secret', async () => {
    const missing = folderWith();
    rmSync(join(missing, 'keys/master.key'));
    expect((await examine(missing)).notOk['key file']?.message).toMatch(/is missing/);
    expect(existsSync(join(missing, 'keys/master.key'))).toBe(false);
    const other = folderWith();
    writeFileSync(join(other, 'keys/master.key'), randomBytes(32).toString('base64'), { mode: 0o600 });
    expect((await examine(other)).notOk['key file']?.message).toMatch(/is not the key/);
    const spoilt = folderWith("UPDATE webhooks SET signing_secret = substr(signing_secret, 1, 40) || 'AAAA'");
    expect((await examine(spoilt)).notOk['key file']?.message).toMatch(
      /does not open 1 secret, the first at webhooks\/wh_/,
    );
  });

  test('when there is no such folder', async () => {
    const dataDir = makeDataDir();
    const { exitCode, stdout } = await runWaybill(['doctor', '--data-dir', join(dataDir, 'nowhere')], { cwd: dataDir });
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/^failed +data folder +there is no folder .*nowhere$/m);
    expect(existsSync(join(dataDir, 'nowhere'))).toBe(false);
  });

  test('when the server that holds the folder does not answer', async () => {
    const server = await startServer();
    process.kill(server.pid, 'SIGSTOP');
    const { exitCode, notOk } = await examine(server.dataDir);
    expect(notOk.server).toMatchObject({ status: 'failed', message: expect.stringMatching(/does not answer/) });
    expect(exitCode).toBe(1);
  });
});

describe('waybill doctor warns (exit code 0)', () => {
  const hour = 3_600_000;
  const waits = "UPDATE deliveries SET state = 'pending', ended_at = NULL, due_at = 1 WHERE number = 2;";
  const cases: [what: string, check: string, message: RegExp, sql: string][] = [
    ['of an older schema', 'schema', /at 2 of/, 'PRAGMA user_version = 2'],
    ['of a clock that was set back', 'clock', /set back/, `UPDATE events SET created_at = ${Date.now() + hour}`],
    [
      'of deliveries that should have gone out',
      'waiting',
      /^1 delivery, the oldest dlv_\w+ of .*; overdue for wh_/,
      waits,
    ],
    ['of what a paused webhook holds', 'held', /\(paused, 1\)$/, `${waits} UPDATE webhooks SET paused = 1`],
    [
      'of what a disabled webhook holds',
      'held',
      /\(disabled, 1\)$/,
      `${waits} UPDATE webhooks SET config = json_set(config, '$.enabled', json('false'))`,
    ],
    [
      'of what is open of a deleted webhook',
      'deleted webhooks',
      /\(deleted, 1\)$/,
      `${waits} UPDATE webhooks SET deleted_at = 1`,
    ],
  ];
  test.each(cases)('%s', async (_what, check, message, sql) => {
    const { exitCode, notOk } = await examine(folderWith(sql));
    expect(notOk[check]).toMatchObject({ status: 'warning', message: expect.stringMatching(message) });
    expect(exitCode).toBe(0);
  });

  test('of a server that was killed, and of what it had in hand', async () => {
    const receiver = await startReceiver(() => {});
    const server = await startServer({ allow: [receiver.address] });
    await createWebhook(server, { url: receiver.url });
    await server.call('POST', '/events', { type: 'order.shipped', data: {} });
    await receiver.arrived(1);
    await server.kill();
    const { exitCode, notOk } = await examine(server.dataDir);
    expect(notOk.server).toMatchObject({ status: 'warning', message: expect.stringContaining(`pid ${server.pid}`) });
    expect(notOk['in hand']).toMatchObject({ status: 'warning', message: '1 delivery of a server that is gone' });
    expect(exitCode).toBe(0);
  });

  test.skipIf(noSmallDisk !== null)(
    'of a disk that will be full before the retention is over, and fails on one that is',
    async () => {
      const disk = makeSmallDisk(48);
      const dataDir = join(disk.path, 'data');
      mkdirSync(dataDir, { mode: 0o700 });
      copyTemplate(dataDir);
      const { notOk } = await examine(dataDir);
      expect(notOk['free disk space']?.status).toBe('warning');
      expect(notOk['database size']).toBeUndefined();
      writeFileSync(join(dataDir, 'waybill.yaml'), 'retentionDays: 36500\n');
      const { notOk: long } = await examine(dataDir, '--config', join(dataDir, 'waybill.yaml'));
      expect(long['database size']).toMatchObject({
        status: 'warning',
        message: expect.stringMatching(/^.* of log; 3 events in the last 24 hours, .* the disk is full in \d+ days$/),
      });
      disk.fill(8 * 1024 * 1024);
      expect((await examine(dataDir)).notOk['free disk space']?.status).toBe('failed');
    },
  );
});

test('the doctor is called wrongly with an option that it does not know', async () => {
  const { exitCode } = await runWaybill(['doctor', '--fast'], { cwd: makeDataDir() });
  expect(exitCode).toBe(2);
});

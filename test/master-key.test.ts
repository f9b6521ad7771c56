import { randomUUID } from 'node:crypto';
import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Webhook as StandardWebhook } from 'standardwebhooks';
import { describe, expect, test, vi } from 'vitest';
import { openStore } from '../src/app.threads.ts';
import { readSettings } from '../src/config/index.ts';
import { systemRandom } from '../src/kernel/random.ts';
import { createKeyring } from '../src/kernel/sealing.ts';
import { openKeyring } from '../src/sealing/index.ts';
import { readKeyFile } from '../src/sealing/key-file.ts';
import { rotationSteps } from '../src/sealing/rotation.ts';
import { expectProblem } from './api/stage.ts';
import { hasOpenssl, makeCertificate } from './harness/certificates.ts';
import { runWaybill } from './harness/command.ts';
import { type Arrival, startReceiver, type TestReceiver } from './harness/receiver.ts';
import { ADMIN_KEY, makeDataDir, startServer, type TestServer } from './harness/server.ts';

// Each test starts several processes, and some start many.
vi.setConfig({ testTimeout: 180_000 });

/** A webhook that a test knows every secret of. */
interface Known {
  id: string;
  /** The signing secrets that sign now, the newest first. */
  secrets: string[];
  token: string;
  /** What repeats the requests that made its secrets. */
  created: { body: object; key: string; answer: object };
  rotated: { key: string; answer: object };
}

/** The token of webhooks that have none of their own. */
const INHERITED_TOKEN = randomUUID();

/**
 * Makes a webhook with every kind of secret that Waybill keeps: two signing secrets, credentials, kept answers. Without
 * credentials of its own it inherits those of the defaults.
 */
async function makeKnown(server: TestServer, url: string, { isHeir = false } = {}): Promise<Known> {
  const [created, rotated] = [randomUUID(), randomUUID()];
  const token = isHeir ? INHERITED_TOKEN : randomUUID();
  const body = { name: 'known', url, ...(isHeir ? {} : { auth: { type: 'bearer', token } }) };
  const { body: webhook } = await server.call('POST', '/webhooks', body, keyed(created));
  const rotation = await server.call('POST', `/webhooks/${webhook.id}/rotate-secret`, {}, keyed(rotated));
  expect(rotation.status).toBe(200);
  return {
    id: webhook.id,
    secrets: [rotation.body.signingSecret, webhook.signingSecret],
    token,
    created: { body, key: created, answer: webhook },
    rotated: { key: rotated, answer: rotation.body },
  };
}

/** Makes a webhook that is owed nothing, with the secrets that the others lack: of an OAuth2 client, and a TLS key. */
async function makeDormant(server: TestServer, url: string): Promise<void> {
  const { cert: clientCertPem, key: clientKeyPem } = hasOpenssl ? makeCertificate() : { cert: null, key: null };
  const auth = { type: 'oauth2', tokenUrl: url, clientId: 'client', clientSecret: randomUUID() };
  const settings = { enabled: false, auth, tls: { clientCertPem, clientKeyPem } };
  expect((await server.call('POST', '/webhooks', { name: 'dormant', url, ...settings })).status).toBe(201);
}

function keyed(key: string) {
  return { headers: { 'idempotency-key': key } };
}

/** That everything sealed opens: what is sent bears the credentials and both signatures, and kept answers come again. */
async function expectAllOpens(server: TestServer, receiver: TestReceiver, known: readonly Known[]): Promise<void> {
  const { body: event } = await server.call('POST', '/events', { type: 'order.shipped', data: {} });
  expect(event.deliveryCount).toBe(known.length);
  const arrivals = await receiver.arrived(known.length, ({ headers }) => headers['webhook-id'] === event.id);
  for (const { id, secrets, token, created, rotated } of known) {
    const arrival = arrivals.find(({ headers }) => headers.authorization === `Bearer ${token}`);
    for (const secret of secrets) verify(arrival, secret);
    expect((await server.call('POST', '/webhooks', created.body, keyed(created.key))).body).toEqual(created.answer);
    const again = await server.call('POST', `/webhooks/${id}/rotate-secret`, {}, keyed(rotated.key));
    expect(again.body).toEqual(rotated.answer);
  }
}

function verify(arrival: Arrival | undefined, secret: string): void {
  new StandardWebhook(secret).verify(arrival?.body ?? '', arrival?.headers as Record<string, string>);
}

function keyFileOf(dataDir: string): string {
  return join(dataDir, 'keys', 'master.key');
}

function keyIdsIn(keyFile: string): readonly string[] {
  return createKeyring(readKeyFile(keyFile)).keyIds;
}

/** The names of the keys that anything in the database is sealed with, wherever it lies. */
function keyIdsInDatabase(dataDir: string): string[] {
  const database = new DatabaseSync(join(dataDir, 'waybill.db'), { readOnly: true });
  const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all() as { name: string }[];
  const rows = tables.flatMap(({ name }) => database.prepare(`SELECT * FROM "${name}"`).all());
  database.close();
  return [...new Set([...JSON.stringify(rows).matchAll(/s1\.([0-9a-f]{8})\./g)].map(([, keyId]) => keyId as string))];
}

/** That one key, another than the one before, is all there is: in the file and in the database. */
function expectRotated(dataDir: string, before: string, keyFile = keyFileOf(dataDir)): void {
  const [keyId, ...others] = keyIdsIn(keyFile);
  expect(others).toEqual([]);
  expect(keyId).not.toBe(before);
  expect(keyIdsInDatabase(dataDir)).toEqual([keyId]);
  expect((statSync(keyFile).mode & 0o777).toString(8)).toBe('600');
  expect(readdirSync(join(keyFile, '..')).filter((name) => name.includes('.part'))).toEqual([]);
}

function rotate(server: TestServer, options: object = {}) {
  return server.call('POST', '/keys/rotate', undefined, options);
}

/** A server with `count` webhooks that a test knows, and one that has been deleted. */
async function stage({
  count = 3,
  ...options
}: {
  count?: number;
  dataDir?: string;
  env?: Record<string, string>;
} = {}) {
  const receiver = await startReceiver();
  const server = await startServer({ allow: [receiver.address], ...options });
  const auth = { type: 'bearer', token: INHERITED_TOKEN };
  expect((await server.call('PUT', '/settings/webhooks', { auth })).status).toBe(200);
  const known = await Promise.all(Array.from({ length: count }, () => makeKnown(server, receiver.url)));
  known.push(await makeKnown(server, receiver.url, { isHeir: true }));
  const { id } = await makeKnown(server, receiver.url);
  await server.call('DELETE', `/webhooks/${id}`);
  await makeDormant(server, receiver.url);
  const keyFile = options.env?.WAYBILL_KEY_FILE ?? keyFileOf(server.dataDir);
  const [before] = keyIdsIn(keyFile) as [string];
  return { receiver, server, known, before, keyFile };
}

describe('rotating the master key of a running server', () => {
  test('seals everything with a new key, and forgets the old one', async () => {
    const { server, receiver, known, before, keyFile } = await stage();
    const old = join(makeDataDir(), 'old.key');
    copyFileSync(keyFile, old);
    const { status, body } = await rotate(server);
    expect([status, body]).toEqual([200, { keyId: keyIdsIn(keyFile)[0] }]);
    expectRotated(server.dataDir, before);
    await expectAllOpens(server, receiver, known);
    expect(await server.stop()).toBe(0);

    const refused = await runWaybill(['serve'], {
      cwd: server.dataDir,
      env: { WAYBILL_DATA_DIR: server.dataDir, WAYBILL_KEY_FILE: old, WAYBILL_LISTEN: '127.0.0.1:0' },
    });
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toMatch(new RegExp(`^The key file ${old} is not the one .*lacks the key ${body.keyId}`));

    const again = await startServer({ dataDir: server.dataDir, allow: [receiver.address] });
    await expectAllOpens(again, receiver, known);
  });

  test('changes no webhook in what it says of itself', async () => {
    const { server, known } = await stage({ count: 1 });
    const paths = ['/settings/webhooks', ...known.map(({ id }) => `/webhooks/${id}`)];
    const readAll = () =>
      Promise.all(
        paths.map(async (path) => {
          const { body, headers } = await server.call('GET', path);
          return { body, etag: headers.get('etag') };
        }),
      );
    const before = await readAll();
    await rotate(server);
    expect(await readAll()).toEqual(before);
    for (const { etag } of before) expect(etag).toMatch(/^"/);
  });

  test('lets what is changed afterwards, with a secret kept, be sent and opened', async () => {
    const { server, receiver, known } = await stage({ count: 1 });
    await rotate(server);
    const auth = { type: 'bearer', token: { set: true } };
    for (const { id } of known) {
      expect((await server.call('PATCH', `/webhooks/${id}`, { auth, name: 'renamed' })).status).toBe(200);
    }
    expect((await server.call('PUT', '/settings/webhooks', { auth })).status).toBe(200);
    const { body } = await rotate(server);
    expect(keyIdsInDatabase(server.dataDir)).toEqual([body.keyId]);
    await expectAllOpens(server, receiver, known);
  });

  test('goes on under load: everything arrives, credentials and signatures right throughout', async () => {
    const { server, receiver, known, before } = await stage();
    let isOver = false;
    let published = 0;
    const publishing = (async () => {
      while (!isOver) {
        const batch = Array.from({ length: 20 }, () => ({ type: 'order.shipped', data: {} }));
        published += (await server.call('POST', '/events', batch)).body.length;
      }
    })();
    const changing = (async () => {
      for (let n = 0; !isOver; n += 1) {
        const rename = ({ id }: Known) => server.call('PATCH', `/webhooks/${id}`, { name: `change ${n}` });
        for (const { status } of await Promise.all(known.map(rename))) expect(status).toBe(200);
        known.push(await makeKnown(server, receiver.url));
        await server.call('DELETE', `/webhooks/${known.pop()?.id}`);
      }
    })();
    const rotating = (async () => {
      for (let n = 0; n < 10; n += 1) expect((await rotate(server)).status).toBe(200);
    })().finally(() => {
      isOver = true;
    });
    await Promise.all([rotating, publishing, changing]);

    expectRotated(server.dataDir, before);
    await expectAllOpens(server, receiver, known);
    expect(published).toBeGreaterThan(0);
    for (const { secrets, token } of known) {
      const own = await receiver.arrived(published, ({ headers }) => headers.authorization === `Bearer ${token}`);
      for (const arrival of own) for (const secret of secrets) verify(arrival, secret);
    }
    expect(server.log.filter(({ level }) => level === 'error')).toEqual([]);
  });

  test('with an Idempotency-Key is done once, and answers the same again', async () => {
    const { server, keyFile } = await stage({ count: 1 });
    const options = keyed(randomUUID());
    const first = await rotate(server, options);
    const content = readFileSync(keyFile, 'utf8');
    const second = await rotate(server, options);
    expect([second.status, second.body]).toEqual([200, first.body]);
    expect(readFileSync(keyFile, 'utf8')).toBe(content);
    expect((await rotate(server)).body.keyId).not.toBe(first.body.keyId);
    expect((await rotate(server, options)).body).toEqual(first.body);
  });

  test('works through a key file that nodes share, also where it is a link', async () => {
    const shared = makeDataDir();
    const dataDir = makeDataDir();
    const keyFile = join(shared, 'link.key');
    writeFileSync(join(shared, 'real.key'), `${Buffer.alloc(32, 5).toString('base64')}\n`, { mode: 0o600 });
    symlinkSync(join(shared, 'real.key'), keyFile);
    const { server, receiver, known, before } = await stage({ dataDir, env: { WAYBILL_KEY_FILE: keyFile } });
    expect((await rotate(server)).status).toBe(200);
    expectRotated(dataDir, before, join(shared, 'real.key'));
    expect(readFileSync(keyFile, 'utf8')).toBe(readFileSync(join(shared, 'real.key'), 'utf8'));
    await expectAllOpens(server, receiver, known);
  });

  test('is for administrators, takes no body, and lets one through at a time', async () => {
    const { server, before } = await stage({ count: 1 });
    const { key } = (await server.call('POST', '/api-keys', { name: 'x', role: 'operator' })).body;
    expectProblem(await rotate(server, { key }), 403, 'forbidden');
    expectProblem(await server.call('POST', '/keys/rotate', { all: true }), 400, 'validation_failed', ['/all']);
    expect(keyIdsIn(keyFileOf(server.dataDir))).toEqual([before]);
    const answers = await Promise.all([1, 2, 3].map(() => rotate(server)));
    for (const answer of answers) if (answer.status !== 200) expectProblem(answer, 409, 'conflict');
    expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThan(0);
    expectRotated(server.dataDir, before);
  });

  test('is refused, with nothing changed, when the key file is not the one any more', async () => {
    const { server, receiver, known, keyFile } = await stage({ count: 1 });
    const right = readFileSync(keyFile);
    writeFileSync(keyFile, `${Buffer.alloc(32, 9).toString('base64')}\n`);
    const answer = await rotate(server);
    expectProblem(answer, 503, 'storage_unavailable');
    expect(answer.body.detail).toContain(`The key file ${keyFile} is not the one`);
    writeFileSync(keyFile, right);
    await expectAllOpens(server, receiver, known);
    expect((await rotate(server)).status).toBe(200);
  });

  test('is refused, with nothing changed, while the key file cannot be written', async () => {
    const { server, receiver, known, keyFile, before } = await stage({ count: 1 });
    mkdirSync(`${keyFile}.part`);
    const answer = await rotate(server);
    expectProblem(answer, 503, 'storage_unavailable');
    expect(answer.body.detail).toContain(`The key file ${keyFile} cannot be written`);
    expect(keyIdsIn(keyFile)).toEqual([before]);
    await expectAllOpens(server, receiver, known);
    rmdirSync(`${keyFile}.part`);
    expect((await rotate(server)).status).toBe(200);
  });

  test('goes to a key that was put into a file that cannot be written, and leaves the old one to be taken out', async () => {
    const { server, receiver, known, keyFile, before } = await stage({ count: 1 });
    const ours = `${Buffer.alloc(32, 7).toString('base64')}\n`;
    writeFileSync(keyFile, ours + readFileSync(keyFile, 'utf8'));
    mkdirSync(`${keyFile}.part`);
    expectProblem(await rotate(server), 503, 'storage_unavailable');
    const [newest] = keyIdsIn(keyFile) as [string];
    expect(newest).not.toBe(before);
    expect(keyIdsInDatabase(server.dataDir)).toEqual([newest]);
    writeFileSync(keyFile, ours);
    await expectAllOpens(server, receiver, known);
    rmdirSync(`${keyFile}.part`);
    expect((await rotate(server)).status).toBe(200);
    expectRotated(server.dataDir, newest);
  });
});

describe('a rotation that is broken off', () => {
  /** Takes so many steps of a rotation on the folder, and then drops everything as a process that dies does. */
  async function takeSteps(dataDir: string, count: number): Promise<boolean> {
    const { settings } = await readSettings({ flags: { dataDir }, env: {}, workingDir: dataDir, isTerminal: false });
    const store = await openStore(settings, (message) => expect.fail(message));
    try {
      const { keyFile } = settings;
      const keyring = await openKeyring({ store, keyFile, mayMake: false, random: systemRandom });
      const steps = rotationSteps({ store, keyring, keyFile, random: systemRandom }, null);
      for (let taken = 0; taken < count; taken += 1) if ((await steps.next()).done === true) return true;
      return false;
    } finally {
      await store.close();
    }
  }

  test('after any step leaves everything open, also to a server that is used, and is finished by the next', async () => {
    const { server, receiver, known, before } = await stage();
    expect(await server.stop()).toBe(0);
    const { dataDir } = server;
    let latest = before;
    let isDone = false;
    for (let steps = 1; !isDone; steps += 1) {
      isDone = await takeSteps(dataDir, steps);
      const revived = await startServer({ dataDir, allow: [receiver.address] });
      await expectAllOpens(revived, receiver, known);
      known.push(await makeKnown(revived, receiver.url));
      const isBroken = keyIdsIn(keyFileOf(dataDir)).length > 1;
      expect(revived.log.some(({ msg }) => String(msg).includes('was broken off'))).toBe(isBroken);
      const pending = keyIdsIn(keyFileOf(dataDir))[0];
      const { status, body } = await rotate(revived);
      expect(status).toBe(200);
      if (isBroken) expect(body.keyId).toBe(pending);
      expectRotated(dataDir, latest);
      latest = body.keyId;
      await expectAllOpens(revived, receiver, known);
      expect(await revived.stop()).toBe(0);
    }
  });

  test('by kill -9 at any moment leaves everything open, and is finished by the next', async () => {
    const { server, receiver, known, before } = await stage({ count: 100 });
    let running = server;
    for (const turns of [0, 10, 60, 300]) {
      const answer = rotate(running).catch(() => null);
      for (let turn = 0; turn < turns; turn += 1) await nextTurn();
      await running.kill();
      await answer;
      running = await startServer({ dataDir: server.dataDir, allow: [receiver.address] });
      await expectAllOpens(running, receiver, known);
    }
    expect((await rotate(running)).status).toBe(200);
    expectRotated(server.dataDir, before);
    await expectAllOpens(running, receiver, known);
  });

  test('does not start a server whose key file lacks one of its two keys', async () => {
    const { server, keyFile, before } = await stage({ count: 1 });
    expect(await server.stop()).toBe(0);
    expect(await takeSteps(server.dataDir, 3)).toBe(false);
    const [newest, old] = readFileSync(keyFile, 'utf8').trim().split('\n');
    for (const content of [newest, old]) {
      writeFileSync(keyFile, `${content}\n`);
      const env = { WAYBILL_DATA_DIR: server.dataDir, WAYBILL_LISTEN: '127.0.0.1:0' };
      const { exitCode, stderr } = await runWaybill(['serve'], { cwd: server.dataDir, env });
      expect(exitCode).toBe(1);
      expect(stderr).toMatch(/^The key file .* is not the one .* it lacks the key [0-9a-f]{8}\.\n$/);
      if (content === newest) expect(stderr).toContain(before);
    }
  });
});

describe('waybill keys rotate', () => {
  test('has the running server do it, which it finds by its data folder', async () => {
    const { server, receiver, known, before } = await stage({ count: 1 });
    const env = {
      WAYBILL_DATA_DIR: server.dataDir,
      WAYBILL_LISTEN: server.url.slice('http://'.length),
      WAYBILL_API_KEY: ADMIN_KEY,
    };
    const { exitCode, stdout, stderr } = await runWaybill(['keys', 'rotate', '--json'], { cwd: server.dataDir, env });
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout)).toEqual({ keyId: keyIdsIn(keyFileOf(server.dataDir))[0] });
    expectRotated(server.dataDir, before);
    await expectAllOpens(server, receiver, known);
  });

  test.each(['--url', 'WAYBILL_BASE_URL'])('has the server do it that %s names', async (how) => {
    const { server, before } = await stage({ count: 1 });
    const elsewhere = makeDataDir();
    const env = { WAYBILL_API_KEY: ADMIN_KEY, ...(how === '--url' ? {} : { WAYBILL_BASE_URL: server.url }) };
    const argv = ['keys', 'rotate', ...(how === '--url' ? ['--url', server.url] : [])];
    const { exitCode, stdout } = await runWaybill(argv, { cwd: elsewhere, env });
    expect(exitCode).toBe(0);
    expect(stdout).toContain(keyIdsIn(keyFileOf(server.dataDir))[0]);
    expectRotated(server.dataDir, before);
    expect(readdirSync(elsewhere)).toEqual([]);
  });

  test('does it itself while no server has the data folder', async () => {
    const { server, receiver, known, before } = await stage();
    expect(await server.stop()).toBe(0);
    const argv = ['keys', 'rotate', '--data-dir', server.dataDir];
    const { exitCode, stdout, stderr } = await runWaybill(argv, { cwd: makeDataDir() });
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(stdout).toContain(keyIdsIn(keyFileOf(server.dataDir))[0]);
    expectRotated(server.dataDir, before);
    const again = await startServer({ dataDir: server.dataDir, allow: [receiver.address] });
    await expectAllOpens(again, receiver, known);
  });

  test('says what is wrong: no key yet, no key file, no server', async () => {
    const empty = makeDataDir();
    const fresh = await runWaybill(['keys', 'rotate', '--data-dir', empty], { cwd: empty });
    expect(fresh.exitCode).toBe(1);
    expect(fresh.stderr).toMatch(/^The data folder .* has no master key yet: [^\n]+\n$/);
    expect(readdirSync(empty)).toEqual([]);

    const { server } = await stage({ count: 1 });
    expect(await server.stop()).toBe(0);
    mkdirSync(join(empty, 'keys'));
    const env = { WAYBILL_DATA_DIR: server.dataDir, WAYBILL_KEY_FILE: join(empty, 'keys', 'none.key') };
    const missing = await runWaybill(['keys', 'rotate'], { cwd: empty, env });
    expect(missing.exitCode).toBe(1);
    expect(missing.stderr).toMatch(/^The key file .*none\.key is missing[^\n]+\n$/);

    const nobody = await runWaybill(['keys', 'rotate', '--url', 'http://127.0.0.1:9'], {
      cwd: empty,
      env: { WAYBILL_API_KEY: ADMIN_KEY },
    });
    expect([nobody.exitCode, nobody.stderr]).toEqual([1, expect.stringContaining('cannot be reached')]);
  });
});

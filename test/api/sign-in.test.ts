import { hash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { argon2id } from '@noble/hashes/argon2.js';
import { describe, expect, test } from 'vitest';
import { pruneSessions } from '../../src/identity/index.ts';
import { runWaybill } from '../harness/command.ts';
import { openStream } from '../harness/event-stream.ts';
import { ADMIN_KEY, makeDataDir, shareServer, startServer, type TestServer } from '../harness/server.ts';
import { openServerStore, rowsOf, runOn } from '../harness/store.ts';
import {
  createUser,
  createWebhook,
  expectProblem,
  newPerson,
  ownId,
  ownType,
  PASSWORD,
  personOf,
  publish,
  readUntil,
  sessionCookieOf,
  signIn,
} from './stage.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const NO_KEY = { WAYBILL_API_KEY: '' };
const ADA = { email: 'ada@example.com', name: 'Ada', password: PASSWORD };

/** The link that a server has printed, or undefined. */
function linkOf({ log }: TestServer): URL | undefined {
  const [link] = log.flatMap(({ msg }) => /https?:\/\/\S+\/welcome\?token=\S+/.exec(String(msg)) ?? []);
  return link === undefined ? undefined : new URL(link);
}

function tokenOf(server: TestServer): string {
  return linkOf(server)?.searchParams.get('token') ?? '';
}

function setUp(server: TestServer, token: string, more: object = {}) {
  return server.call('POST', '/setup', { token, ...ADA, ...more }, { key: null });
}

/** Everything that a server has written down outside of its database and key. */
function keptLog({ dataDir }: TestServer): string {
  const folder = join(dataDir, 'logs');
  return readdirSync(folder)
    .map((file) => readFileSync(join(folder, file), 'utf8'))
    .join('');
}

describe('the first start', () => {
  test('prints a link with which the first administrator is created, once', async () => {
    const server = await startServer({ env: NO_KEY });
    expect(linkOf(server)?.origin).toBe(server.url);
    const token = tokenOf(server);
    expect(token).toMatch(/^[\w-]{43}$/);
    expect((await server.call('GET', '/setup', undefined, { key: null })).body).toEqual({ needed: true });

    const other = `${token.slice(1)}x`;
    expectProblem(await setUp(server, other), 403, 'forbidden');
    expectProblem(await setUp(server, token, { password: 'short' }), 422, 'validation_failed', ['/password']);
    expectProblem(await setUp(server, token, { email: 'nobody' }), 422, 'validation_failed', ['/email']);
    const made = await setUp(server, token);
    expect(made.status).toBe(201);
    expect(made.headers.get('set-cookie')).toMatch(
      /^waybill_session=[\w-]{43}; Path=\/; Max-Age=2592000; HttpOnly; SameSite=Strict$/,
    );
    expect(made.body).toEqual({
      actor: { kind: 'user', id: expect.stringMatching(/^usr_/), name: 'Ada', email: ADA.email, role: 'admin' },
      csrfToken: expect.stringMatching(/^[\w-]{43}$/),
      expiresAt: expect.stringMatching(/Z$/),
    });
    expectProblem(await setUp(server, token), 410, 'gone');
    expectProblem(await setUp(server, other), 410, 'gone');
    expect((await server.call('GET', '/setup', undefined, { key: null })).body).toEqual({ needed: false });

    const person = await personOf(server, made);
    expect((await person.call('GET', '/users')).body.items).toMatchObject([{ email: ADA.email, role: 'admin' }]);
    await server.stop();
    const again = await startServer({ dataDir: server.dataDir, env: NO_KEY });
    expect(linkOf(again)).toBeUndefined();
    expect((await again.call('GET', '/session', undefined, { key: null, headers: person.headers })).status).toBe(200);
  });

  test('has a link of its own at each start, and none of it in the log that others may read', async () => {
    const dataDir = makeDataDir();
    const first = await startServer({ dataDir, env: NO_KEY });
    const before = tokenOf(first);
    await first.stop();
    const second = await startServer({ dataDir, env: NO_KEY });
    expect(tokenOf(second)).not.toBe(before);
    expectProblem(await setUp(second, before), 403, 'forbidden');
    const made = await runWaybill(['api-key', 'create', '--name', 'x', '--role', 'viewer'], {
      cwd: dataDir,
      env: { WAYBILL_DATA_DIR: dataDir },
    });
    const { items } = (await second.call('GET', '/logs?q=http', undefined, { key: made.stdout.trim() })).body;
    expect(items).not.toEqual([]);
    expect(keptLog(second)).toContain('listening on');
    for (const token of [before, tokenOf(second)]) {
      expect(JSON.stringify(items)).not.toContain(token);
      expect(keptLog(second)).not.toContain(token);
    }
    expect((await setUp(second, tokenOf(second))).status).toBe(201);
  });

  test('with a key in the settings prints no link: the key is the token', async () => {
    const server = await startServer({ env: { WAYBILL_BASE_URL: 'https://waybill.example.com/mft' } });
    expect(linkOf(server)).toBeUndefined();
    expectProblem(await setUp(server, 'x'.repeat(ADMIN_KEY.length)), 403, 'forbidden');
    const made = await setUp(server, ADMIN_KEY);
    expect(made.status).toBe(201);
    expect(made.headers.get('set-cookie'), 'browsers come over https').toMatch(/; Secure$/);
    const person = await personOf(server, made);
    const origin = { origin: 'https://waybill.example.com' };
    expect((await person.call('DELETE', '/session', undefined, { headers: origin })).status).toBe(204);
  });

  test('creates one administrator for two who ask at once', async () => {
    const server = await startServer({ env: NO_KEY });
    const token = tokenOf(server);
    const answers = await Promise.all(
      ['ada', 'bob'].map((name) => setUp(server, token, { email: `${name}@x.example` })),
    );
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 410]);
    expect(rowsOf(server.dataDir, 'SELECT id FROM users')).toHaveLength(1);
    expect(rowsOf(server.dataDir, 'SELECT id FROM sessions')).toHaveLength(1);
  });

  test('with users, and no administrator, prints the link too', async () => {
    const dataDir = makeDataDir();
    const argv = ['users', 'create', '--email', 'bob@example.com', '--name', 'Bob', '--role', 'operator'];
    const { stdout } = await runWaybill(argv, { cwd: dataDir, env: { WAYBILL_DATA_DIR: dataDir } });
    const server = await startServer({ dataDir, env: NO_KEY });
    expect(linkOf(server)?.pathname).toBe('/welcome');
    const password = stdout.trim();
    const answer = await server.call('POST', '/session', { email: 'bob@example.com', password }, { key: null });
    expect(answer.body.actor).toMatchObject({ name: 'Bob', role: 'operator' });
  });
});

test('on a Node without Argon2 people sign in as well, with hashes that another Node reads', async () => {
  const without = 'import crypto from "node:crypto"; delete crypto.argon2;';
  const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(without)}`;
  const server = await startServer({ env: { NODE_OPTIONS } });
  expect((await setUp(server, ADMIN_KEY)).status).toBe(201);
  const signIn = (on: TestServer, password: string) =>
    on.call('POST', '/session', { email: ADA.email, password }, { key: null });
  expectProblem(await signIn(server, 'the wrong password'), 401, 'unauthorized');
  expect((await signIn(server, PASSWORD)).status).toBe(201);
  await server.stop();
  const another = await startServer({ dataDir: server.dataDir });
  expect((await signIn(another, PASSWORD)).status).toBe(201);
});

describe('somebody who signs in', () => {
  const server = shareServer();
  const call: TestServer['call'] = (method, path, body, options) =>
    server().call(method, path, body, { key: null, ...options });

  test('has a session until they sign out', async () => {
    const user = await createUser(server(), 'operator');
    const answer = await call('POST', '/session', { email: user.email.toUpperCase(), password: PASSWORD });
    expect(answer.status).toBe(201);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const person = await personOf(server(), answer);
    expect((await person.call('GET', '/session')).body).toEqual(answer.body);
    const published = await person.call('POST', '/events', { type: ownType(), data: {} });
    expect(published.status).toBe(202);
    const out = await person.call('DELETE', '/session');
    expect(out.status).toBe(204);
    expect(out.headers.get('set-cookie')).toBe('waybill_session=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict');
    expectProblem(await person.call('GET', '/session'), 401, 'unauthorized');
    expect(rowsOf(server().dataDir, 'SELECT id FROM sessions WHERE id = ?', person.sessionId)).toEqual([]);
    expect((await server().call('GET', `/users/${user.id}`)).body.lastSignInAt).toMatch(/Z$/);
  });

  test('may do what their role allows, and nothing else', async () => {
    const viewer = await newPerson(server(), 'viewer');
    expect((await viewer.call('GET', '/webhooks')).status).toBe(200);
    expectProblem(await viewer.call('POST', '/events', { type: ownType(), data: {} }), 403, 'forbidden');
    expectProblem(await viewer.call('POST', '/webhooks', { name: 'x' }), 403, 'forbidden');
    expectProblem(await viewer.call('GET', '/users'), 403, 'forbidden');
    const operator = await newPerson(server(), 'operator');
    expect((await operator.call('POST', '/events', { type: ownType(), data: {} })).status).toBe(202);
    expectProblem(await operator.call('GET', '/api-keys'), 403, 'forbidden');
    const admin = await newPerson(server(), 'admin');
    expect((await admin.call('GET', '/api-keys')).status).toBe(200);
  });

  test('hears the same whether the address or the password is wrong', async () => {
    const { email } = await createUser(server());
    const wrong = await call('POST', '/session', { email, password: 'the password of nobody' });
    const unknown = await call('POST', '/session', { email: `${ownId()}@example.com`, password: PASSWORD });
    expectProblem(wrong, 401, 'unauthorized');
    expect(unknown.body).toEqual(wrong.body);
    expect(sessionCookieOf(wrong)).toBeNull();
  });

  test('too often with a wrong password has to wait, also with the right one, and others have not', async () => {
    const { email } = await createUser(server());
    const other = await createUser(server());
    const from = (n: number) => ({ headers: { 'x-forwarded-for': `192.0.2.${n}` } });
    for (let n = 1; n <= 10; n += 1) {
      const answer = await call('POST', '/session', { email, password: 'the password of nobody' }, from(n));
      expectProblem(answer, 401, 'unauthorized');
    }
    const refused = await call('POST', '/session', { email: email.toUpperCase(), password: PASSWORD }, from(99));
    expectProblem(refused, 429, 'rate_limited');
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(30);
    expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(60);
    expect((await call('POST', '/session', { email: other.email, password: PASSWORD }, from(1))).status).toBe(201);
  });

  test('is not known by the token of a session as an API key, nor by an API key as a session', async () => {
    const { headers } = await newPerson(server());
    const token = headers.cookie.slice('waybill_session='.length);
    expectProblem(await call('GET', '/session', undefined, { key: token }), 401, 'unauthorized');
    const cookie = `waybill_session=${ADMIN_KEY}`;
    expectProblem(await call('GET', '/session', undefined, { headers: { cookie } }), 401, 'unauthorized');
  });

  test('is found among the cookies of others', async () => {
    const { headers } = await newPerson(server());
    const cookie = `theme=dark; my_waybill_session=x; ${headers.cookie}; other=1`;
    expect((await call('GET', '/session', undefined, { headers: { cookie } })).status).toBe(200);
    for (const none of ['', 'waybill_session=', 'theme=dark', 'waybill_session']) {
      expect((await call('GET', '/session', undefined, { headers: { cookie: none } })).status).toBe(401);
    }
  });

  test('with an API key too is whoever the key says', async () => {
    const { headers } = await newPerson(server());
    const answer = await server().call('GET', '/session', undefined, { headers: { cookie: headers.cookie } });
    expect(answer.body).toEqual({
      actor: { kind: 'api_key', id: 'bootstrap', name: 'WAYBILL_API_KEY', email: null, role: 'admin' },
      csrfToken: null,
      expiresAt: null,
    });
    // No browser adds a key by itself, so no token is asked for.
    const name = { name: 'x', role: 'viewer' };
    const made = await server().call('POST', '/api-keys', name, { headers: { cookie: headers.cookie } });
    expect(made.status).toBe(201);
  });

  test('has their password hashed as it is done today, if it was not', async () => {
    const { id, email } = await createUser(server());
    const salt = Buffer.alloc(16, 7);
    const tag = argon2id(PASSWORD, salt, { m: 64, t: 1, p: 1, dkLen: 32 });
    const plain = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64').replaceAll('=', '');
    const outdated = `$argon2id$v=19$m=64,t=1,p=1$${plain(salt)}$${plain(tag)}`;
    runOn(server().dataDir, 'UPDATE users SET password_hash = ? WHERE id = ?', outdated, id);
    await signIn(server(), email);
    const [row] = rowsOf<{ password_hash: string }>(
      server().dataDir,
      'SELECT password_hash FROM users WHERE id = ?',
      id,
    );
    expect(row?.password_hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    await signIn(server(), email);
  });

  test('watches and exports with the session, until it ends', async () => {
    const { email, headers, call: ask, sessionId } = await newPerson(server());
    const { id: webhookId, eventTypes } = await createWebhook(server(), {
      url: 'http://127.0.0.1:9/',
      eventTypes: [ownType()],
    });
    const stream = await openStream(server(), { query: `?webhookId=${webhookId}`, cookie: headers.cookie });
    expect(stream.status).toBe(200);
    const eventId = await publish(server(), eventTypes[0]);
    await stream.received(1);
    const exported = await fetch(`${server().url}/api/v1/deliveries/export?eventId=${eventId}`, {
      headers: { cookie: headers.cookie },
    });
    expect(await exported.text()).toContain(eventId);

    const elsewhere = await signIn(server(), email);
    expect((await elsewhere.call('DELETE', `/sessions/${sessionId}`)).status).toBe(204);
    expectProblem(await ask('GET', '/session'), 401, 'unauthorized');
    await publish(server(), eventTypes[0]);
    await stream.ended;
  });

  test('leaves neither password nor token in the log', async () => {
    const { email, headers, call: ask } = await newPerson(server(), 'admin');
    const newPassword = `another password ${ownId()}`;
    await call('POST', '/session', { email: newPassword, password: newPassword });
    await ask('POST', '/session/password', { currentPassword: PASSWORD, newPassword });
    await call('POST', '/session', { email, password: newPassword, more: newPassword });
    await ask('POST', '/users', { email: newPassword, name: 'x', role: 'viewer', password: newPassword });
    await ask('DELETE', '/session');
    await server().logged(({ msg, userId }) => msg === 'somebody gave a wrong password' && userId === null);
    const written = `${JSON.stringify(server().log)}${server().errors}${keptLog(server())}`;
    expect(written).toContain('somebody signed in');
    for (const secret of [PASSWORD, newPassword, headers.cookie.split('=')[1] ?? '', headers['x-csrf-token']]) {
      expect(written).not.toContain(secret);
    }
    expect(readFileSync(join(server().dataDir, 'waybill.db')).includes(newPassword)).toBe(false);
  });

  test('leaves nothing of a password with an Idempotency-Key from which it could be guessed', async () => {
    const key = ownId();
    const body = { email: `${key}@example.com`, name: 'x', role: 'viewer', password: PASSWORD };
    const made = await server().call('POST', '/users', body, { headers: { 'idempotency-key': key } });
    expect(made.status).toBe(201);
    const [kept] = rowsOf<{ fingerprint: string; answer: string }>(
      server().dataDir,
      'SELECT fingerprint, answer FROM idempotency_keys WHERE key = ?',
      key,
    );
    expect(kept?.fingerprint).toHaveLength(43);
    expect(kept?.fingerprint).not.toBe(hash('sha256', `/api/v1/users\n${JSON.stringify(body)}`, 'base64url'));
    expect(kept?.answer).not.toContain('argon2');
  });

  describe('from a page', () => {
    test.each<[what: string, headers: Record<string, string>]>([
      ['without the token', { 'x-csrf-token': '' }],
      ['with another token', { 'x-csrf-token': 'x'.repeat(43) }],
      ['of another site', { 'sec-fetch-site': 'cross-site' }],
      ['of another host of the same site', { 'sec-fetch-site': 'same-site' }],
      ['of another origin', { origin: 'https://evil.example' }],
      ['of another port', { origin: 'http://127.0.0.1:1' }],
      ['that hides its origin', { origin: 'null' }],
    ])('%s changes nothing, and may read', async (_what, headers) => {
      const person = await newPerson(server(), 'admin');
      const name = ownId();
      const attempts = [
        await person.call('POST', '/api-keys', { name, role: 'viewer' }, { headers }),
        await person.call('PATCH', `/users/${person.userId}`, { name }, { headers }),
        await person.call('DELETE', '/session', undefined, { headers }),
        await person.call('POST', '/nowhere', undefined, { headers }),
      ];
      for (const attempt of attempts) expectProblem(attempt, 403, 'forbidden');
      expect((await person.call('GET', '/session', undefined, { headers })).body.actor.name).not.toBe(name);
    });

    test('with the token of another session changes nothing', async () => {
      const person = await newPerson(server());
      const { headers } = await signIn(server(), person.email);
      const answer = await person.call('DELETE', '/session', undefined, {
        headers: { 'x-csrf-token': headers['x-csrf-token'] },
      });
      expectProblem(answer, 403, 'forbidden');
    });

    test.each<[what: string, headers: () => Record<string, string>]>([
      ['of ours', () => ({ 'sec-fetch-site': 'same-origin', origin: 'http://rewritten.by.a.proxy' })],
      ['that a person has opened', () => ({ 'sec-fetch-site': 'none' })],
      ['of ours in a browser that does not tell the site', () => ({ origin: server().url })],
    ])('%s signs in and out', async (_what, headers) => {
      const { email } = await createUser(server());
      const options = { headers: headers() };
      const person = await personOf(server(), await call('POST', '/session', { email, password: PASSWORD }, options));
      expect((await person.call('DELETE', '/session', undefined, options)).status).toBe(204);
    });

    test('of another site cannot sign anybody in', async () => {
      const { email } = await createUser(server());
      const foreign = { headers: { 'sec-fetch-site': 'cross-site' } };
      expectProblem(await call('POST', '/session', { email, password: PASSWORD }, foreign), 403, 'forbidden');
      expectProblem(await call('POST', '/setup', { token: ADMIN_KEY, ...ADA }, foreign), 403, 'forbidden');
    });
  });

  describe('a session', () => {
    test('is listed with where it began, also behind a proxy on this machine', async () => {
      const { id: userId, email } = await createUser(server());
      const begin = (headers: Record<string, string>) =>
        call('POST', '/session', { email, password: PASSWORD }, { headers });
      await begin({ 'user-agent': 'Lynx', 'x-forwarded-for': '203.0.113.9, 192.0.2.7' });
      await begin({ 'user-agent': 'x'.repeat(1_000), 'x-forwarded-for': 'unknown' });
      const person = await personOf(server(), await begin({ 'x-forwarded-for': '2001:db8::7' }));
      const { items, next } = (await person.call('GET', '/sessions')).body;
      expect(next).toBeNull();
      expect(items).toEqual([
        expect.objectContaining({ id: person.sessionId, isCurrent: true, address: '2001:db8::7' }),
        expect.objectContaining({ isCurrent: false, address: '127.0.0.1', userAgent: 'x'.repeat(300) }),
        expect.objectContaining({ isCurrent: false, address: '192.0.2.7', userAgent: 'Lynx' }),
      ]);
      for (const { createdAt, lastSeenAt, expiresAt, ...item } of items) {
        expect(item.userId).toBe(userId);
        expect(lastSeenAt).toBe(createdAt);
        expect(Date.parse(expiresAt) - Date.parse(createdAt)).toBe(7 * DAY_MS);
      }
    });

    test('of somebody else is seen and ended by administrators alone', async () => {
      const person = await newPerson(server());
      const viewer = await newPerson(server());
      expectProblem(await viewer.call('GET', `/sessions?userId=${person.userId}`), 403, 'forbidden');
      expectProblem(await viewer.call('DELETE', `/sessions/${person.sessionId}`), 404, 'not_found');
      expect((await viewer.call('GET', `/sessions?userId=${viewer.userId}`)).status).toBe(200);
      expect((await person.call('GET', '/session')).status).toBe(200);

      const { items } = (await server().call('GET', `/sessions?userId=${person.userId}`)).body;
      expect(items).toMatchObject([{ id: person.sessionId, isCurrent: false }]);
      expect((await server().call('DELETE', `/sessions/${person.sessionId}`)).status).toBe(204);
      expectProblem(await person.call('GET', '/session'), 401, 'unauthorized');
      expect((await server().call('GET', '/sessions')).body.items, 'an API key has none').toEqual([]);
    });

    test.each<[what: string, column: string, ageMs: number]>([
      ['not used for seven days', 'last_seen_at', 7 * DAY_MS],
      ['of thirty days', 'expires_at', 0],
    ])('%s is over', async (_what, column, ageMs) => {
      const { email } = await createUser(server());
      const answer = await call('POST', '/session', { email, password: PASSWORD });
      const cookie = `waybill_session=${sessionCookieOf(answer)}`;
      const { dataDir } = server();
      const [row] = rowsOf<{ id: string }>(dataDir, 'SELECT id FROM sessions ORDER BY id DESC LIMIT 1');
      runOn(dataDir, `UPDATE sessions SET ${column} = ? WHERE id = ?`, Date.now() - ageMs, row?.id ?? '');
      expectProblem(await call('GET', '/session', undefined, { headers: { cookie } }), 401, 'unauthorized');
      const { items } = (await server().call('GET', `/sessions?userId=${answer.body.actor.id}`)).body;
      expect(items).toEqual([]);
    });

    test('that is used lives on', async () => {
      const { email, id: userId } = await createUser(server());
      const answer = await call('POST', '/session', { email, password: PASSWORD });
      const seenAt = Date.now() - 6 * DAY_MS;
      runOn(server().dataDir, 'UPDATE sessions SET last_seen_at = ? WHERE user_id = ?', seenAt, userId);
      const headers = { cookie: `waybill_session=${sessionCookieOf(answer)}` };
      expect((await call('GET', '/session', undefined, { headers })).status).toBe(200);
      await readUntil(server(), `/sessions?userId=${userId}`, ({ items }) => Date.parse(items[0].lastSeenAt) > seenAt);
    });

    test('beyond the fiftieth of a user takes the place of the oldest', async () => {
      const { email, id: userId } = await createUser(server());
      const oldest = await signIn(server(), email);
      const columns = 'user_id, created_at, last_seen_at, expires_at, user_agent, address';
      for (let n = 10; n < 60; n += 1) {
        runOn(
          server().dataDir,
          `INSERT INTO sessions (id, hash, ${columns}) SELECT id || ?, hash || ?, ${columns} FROM sessions WHERE id = ?`,
          ...[`${n}`, `${n}`, oldest.sessionId],
        );
      }
      const newest = await signIn(server(), email);
      const { items } = (await server().call('GET', `/sessions?userId=${userId}&limit=250`)).body;
      expect(items).toHaveLength(50);
      expect(items[0].id).toBe(newest.sessionId);
      expect(items.map(({ id }: { id: string }) => id)).not.toContain(oldest.sessionId);
    });
  });

  describe('who changes their password', () => {
    test('goes on in this browser and in no other', async () => {
      const person = await newPerson(server());
      const elsewhere = await signIn(server(), person.email);
      const newPassword = 'another password';
      const changed = await person.call('POST', '/session/password', { currentPassword: PASSWORD, newPassword });
      expect(changed).toMatchObject({ status: 204, body: null });
      expectProblem(await elsewhere.call('GET', '/session'), 401, 'unauthorized');
      expect((await person.call('GET', '/session')).status).toBe(200);
      const { email } = person;
      expectProblem(await call('POST', '/session', { email, password: PASSWORD }), 401, 'unauthorized');
      await signIn(server(), email, newPassword);
    });

    test('must know the old one, and take one that others do not', async () => {
      const person = await newPerson(server());
      const change = (currentPassword: string, newPassword: string) =>
        person.call('POST', '/session/password', { currentPassword, newPassword });
      expectProblem(await change('the password of nobody', 'another password'), 422, 'validation_failed', [
        '/currentPassword',
      ]);
      for (const bad of ['short', 'password12345', person.email, `x${'é'.repeat(600)}`]) {
        expectProblem(await change(PASSWORD, bad), 422, 'validation_failed', ['/newPassword']);
      }
      await signIn(server(), person.email);
    });

    test('must be somebody: an API key has none', async () => {
      const body = { currentPassword: PASSWORD, newPassword: 'another password' };
      expectProblem(await server().call('POST', '/session/password', body), 403, 'forbidden');
    });

    test('cannot guess at the old one for ever', async () => {
      const person = await newPerson(server());
      const body = { currentPassword: 'the password of nobody', newPassword: 'another password' };
      const options = { headers: { 'x-forwarded-for': '198.51.100.1' } };
      const answers = await Promise.all(
        Array.from({ length: 11 }, () => person.call('POST', '/session/password', body, options)),
      );
      expect(answers.map(({ status }) => status).toSorted()).toEqual([...Array.from({ length: 10 }, () => 422), 429]);
    });
  });
});

test('sessions that are over are deleted, and no others', async () => {
  const dataDir = makeDataDir();
  const store = await openServerStore(dataDir);
  const now = Date.now();
  const insert = (id: string, lastSeenAt: number, expiresAt: number) =>
    runOn(
      dataDir,
      `INSERT INTO sessions (id, user_id, hash, created_at, last_seen_at, expires_at, address)
        VALUES (?, 'usr_1', ?, 0, ?, ?, '')`,
      ...[id, id, lastSeenAt, expiresAt],
    );
  insert('ses_idle', now - 7 * DAY_MS, now + DAY_MS);
  insert('ses_old', now - MINUTE_MS, now);
  insert('ses_live', now - 6 * DAY_MS, now + DAY_MS);
  expect(await store.run(pruneSessions, { now })).toBe(2);
  expect(await store.run(pruneSessions, { now })).toBe(0);
  expect(rowsOf(dataDir, 'SELECT id FROM sessions')).toEqual([{ id: 'ses_live' }]);
});

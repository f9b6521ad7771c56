import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { answering, startReceiver } from '../harness/receiver.ts';
import { shareServer, startServer, type TestServer } from '../harness/server.ts';
import {
  answeringAfter,
  createWebhook,
  deliveryInState,
  expectProblem,
  ownId,
  ownType,
  publish,
  readUntil,
} from './stage.ts';

const server = shareServer();
const URL_OF_NOBODY = 'http://127.0.0.1:9/hook?x=1';

const BUILT_IN = {
  url: null,
  enabled: true,
  method: 'POST',
  contentType: 'application/json',
  auth: { type: 'none' },
  headers: {},
  eventTypes: [],
  scope: { transferIds: [], scheduleIds: [], stationIds: [], partnerIds: [] },
  routing: 'always',
  payload: { format: 'default' },
  retry: {
    strategy: 'delays',
    delaysMs: [5000, 300000, 1800000, 7200000, 18000000, 36000000, 50400000, 72000000, 86400000],
    jitter: 0.1,
  },
  timeoutMs: 15000,
  limits: { maxConcurrency: 16, ratePerSecond: null },
  signing: { scheme: 'standard' },
  tls: { caPem: null, pinnedSha256: null, clientCertPem: null, clientKeyPem: null, insecureSkipVerify: false },
  allowInsecureHttp: false,
};

function put(body: unknown, on: TestServer = server()) {
  return on.call('PUT', '/settings/webhooks', body);
}

/** Sets the defaults for one test; the built-in ones are back when it has finished. */
async function setDefaults(body: object, on: TestServer = server()) {
  onTestFinished(async () => {
    await put({}, on).catch(() => null);
  });
  const answer = await put(body, on);
  expect(answer.body).not.toHaveProperty('code');
  expect(answer.status).toBe(200);
  return answer.body;
}

async function read(path: string) {
  const { status, body } = await server().call('GET', path);
  expect(status).toBe(200);
  return body;
}

function patch(id: string, body: unknown) {
  return server().call('PATCH', `/webhooks/${id}`, body);
}

describe('GET and PUT /settings/webhooks', () => {
  test('shows every setting that a webhook can inherit, with the built-in value while nobody has set another', async () => {
    expect(await read('/settings/webhooks')).toEqual(BUILT_IN);
  });

  test('replaces them: what is left out, or null, goes back to the built-in value', async () => {
    const set = {
      url: 'https://hooks.example.com/mft',
      enabled: false,
      method: 'PUT',
      contentType: 'application/json; charset=utf-8',
      headers: { 'X-Environment': 'production' },
      eventTypes: ['transfer.*'],
      scope: { transferIds: ['t'], scheduleIds: [], stationIds: [], partnerIds: [] },
      routing: 'unmatched',
      payload: { format: 'standard' },
      retry: { strategy: 'fixed', maxAttempts: 3, delayMs: 10, jitter: 0 },
      timeoutMs: 5000,
      limits: { maxConcurrency: 4, ratePerSecond: 100 },
      allowInsecureHttp: true,
    };
    expect(await setDefaults(set)).toEqual({ ...BUILT_IN, ...set });
    expect(await read('/settings/webhooks')).toEqual({ ...BUILT_IN, ...set });
    const replaced = await put({ timeoutMs: 6000, method: null, url: null });
    expect([replaced.status, replaced.body]).toEqual([200, { ...BUILT_IN, timeoutMs: 6000 }]);
    expect((await put({})).body).toEqual(BUILT_IN);
  });

  test('what a read shows can be sent back, and changes nothing', async () => {
    const auth = { type: 'basic', username: 'u', password: 'p' };
    await setDefaults({ url: URL_OF_NOBODY, auth, limits: { maxConcurrency: 4 } });
    const shown = await read('/settings/webhooks');
    expect((await put(shown)).body).toEqual(shown);
  });

  test('members that are left out of an object are filled in', async () => {
    const { retry, scope, limits } = await setDefaults({
      retry: { strategy: 'fixed', maxAttempts: 2, delayMs: 10 },
      scope: { stationIds: ['a'] },
      limits: {},
    });
    expect(retry).toEqual({ strategy: 'fixed', maxAttempts: 2, delayMs: 10, jitter: 0.1 });
    expect(scope).toEqual({ ...BUILT_IN.scope, stationIds: ['a'] });
    expect(limits).toEqual(BUILT_IN.limits);
  });

  test('a viewer and an operator may read them, and only an admin may replace them', async () => {
    for (const role of ['viewer', 'operator']) {
      const { key } = (await server().call('POST', '/api-keys', { name: role, role })).body;
      expect((await server().call('GET', '/settings/webhooks', undefined, { key })).status).toBe(200);
      expectProblem(await server().call('PUT', '/settings/webhooks', {}, { key }), 403, 'forbidden');
    }
  });

  test.each([
    ['a name, which every webhook has its own of', { name: 'x' }, 400, '/name'],
    ['an unknown field', { timeout: 5 }, 400, '/timeout'],
    ['a wrong type', { timeoutMs: '5000' }, 400, '/timeoutMs'],
    ['a value out of bounds', { timeoutMs: 99 }, 422, '/timeoutMs'],
    ['a relative URL', { url: '/hook' }, 422, '/url'],
    ['a URL of another scheme', { url: 'ftp://hooks.example.com/' }, 422, '/url'],
    ['a URL with credentials', { url: 'https://u:p@hooks.example.com/' }, 422, '/url'],
    ['an event type that does not exist', { eventTypes: ['transfer.finished'] }, 422, '/eventTypes/0'],
    ['a header that is ours', { headers: { 'webhook-id': 'x' } }, 422, '/headers/webhook-id'],
    [
      'a header that the auth writes',
      { headers: { Authorization: 'x' }, auth: { type: 'bearer', token: 't' } },
      422,
      '/headers/Authorization',
    ],
    ['a secret to keep where there is none', { auth: { type: 'bearer', token: { set: true } } }, 422, '/auth/token'],
    ['a token that breaks out of its header', { auth: { type: 'bearer', token: 'a\nb' } }, 422, '/auth/token'],
  ])('%s is refused, and nothing of it is kept', async (_what, settings, status, pointer) => {
    await setDefaults({ timeoutMs: 7000 });
    expectProblem(await put({ method: 'PATCH', ...settings }), status, 'validation_failed', [pointer]);
    expect(await read('/settings/webhooks')).toEqual({ ...BUILT_IN, timeoutMs: 7000 });
  });

  test.each(['[]', '"x"', 'null'])('a body that is %s is refused', async (raw) => {
    const answer = await server().call('PUT', '/settings/webhooks', undefined, { raw });
    expectProblem(answer, 400, 'validation_failed', ['']);
  });

  test('the address guard judges the default URL as it does a webhook’s', async () => {
    const refused = await put({ url: 'http://10.0.0.5/hook' });
    expectProblem(refused, 422, 'egress_refused', ['/url']);
    expect(refused.body.detail).toContain('WAYBILL_EGRESS_ALLOW');
    expectProblem(await put({ url: 'http://93.184.215.14/hook' }), 422, 'egress_refused', ['/url']);
    await setDefaults({ url: 'http://93.184.215.14/hook', allowInsecureHttp: true });
  });
});

describe('secrets in the defaults', () => {
  test('are used, never shown, kept when the read is sent back, and lie sealed on disk', async () => {
    const [receiver, type, token] = [await startReceiver(), ownType(), `token-${ownId()}`];
    const shown = await setDefaults({ url: receiver.url, auth: { type: 'bearer', token } });
    expect(shown.auth).toEqual({ type: 'bearer', token: { set: true } });
    const webhook = await createWebhook(server(), { eventTypes: [type] });
    expect(webhook.auth).toEqual(shown.auth);
    await publish(server(), type);
    expect((await put({ ...shown, timeoutMs: 9000 })).status).toBe(200);
    await publish(server(), type);
    const arrivals = await receiver.arrived(2);
    expect(arrivals.map((arrival) => arrival.headers.authorization)).toEqual([`Bearer ${token}`, `Bearer ${token}`]);

    expect(JSON.stringify(await read('/settings/webhooks'))).not.toContain(token);
    const names = (await readdir(server().dataDir)).filter((name) => name.includes('.db'));
    for (const name of names) expect(await readFile(join(server().dataDir, name), 'latin1')).not.toContain(token);
  });

  test('what a read shows of an inherited secret can be made the webhook’s own', async () => {
    const [receiver, type] = [await startReceiver(), ownType()];
    await setDefaults({ url: receiver.url, auth: { type: 'bearer', token: 'first' } });
    const { id, auth } = await createWebhook(server(), { eventTypes: [type] });
    expect((await patch(id, { auth })).body).toMatchObject({ auth, inherited: expect.not.arrayContaining(['auth']) });
    await put({ url: receiver.url, auth: { type: 'bearer', token: 'second' } });
    await publish(server(), type);
    expect((await receiver.arrived(1))[0]?.headers.authorization).toBe('Bearer first');
    await patch(id, { auth: null });
    await publish(server(), type);
    expect((await receiver.arrived(2))[1]?.headers.authorization).toBe('Bearer second');
  });
});

describe('inheritance', () => {
  test('a webhook with a name alone takes everything from the defaults, its URL too', async () => {
    const [receiver, type] = [await startReceiver(), ownType()];
    const set = { url: `${receiver.url}/all`, method: 'PUT', headers: { 'X-From': 'defaults' }, eventTypes: [type] };
    await setDefaults(set);
    const webhook = await createWebhook(server(), { name: 'bare' });
    expect(webhook).toMatchObject({ ...BUILT_IN, ...set, name: 'bare' });
    expect([...webhook.inherited].sort()).toEqual(Object.keys(BUILT_IN).sort());
    expect(webhook).not.toHaveProperty('configuredUrl');
    await publish(server(), type);
    const [arrival] = await receiver.arrived(1);
    expect(arrival).toMatchObject({ method: 'PUT', path: '/all', headers: { 'x-from': 'defaults' } });
  });

  test('what a webhook sets itself stays when the defaults change, and the rest follows them', async () => {
    await setDefaults({ url: URL_OF_NOBODY, timeoutMs: 2000, method: 'PUT' });
    const { id } = await createWebhook(server(), { timeoutMs: 3000, eventTypes: [ownType()] });
    await put({ url: `${URL_OF_NOBODY}&y=2`, timeoutMs: 4000, method: 'PATCH' });
    expect(await read(`/webhooks/${id}`)).toMatchObject({
      url: `${URL_OF_NOBODY}&y=2`,
      timeoutMs: 3000,
      method: 'PATCH',
    });
  });

  test('headers, event types, scope and retry plan are taken whole, limits member by member', async () => {
    const retry = { strategy: 'fixed', maxAttempts: 3, delayMs: 5, jitter: 0.5 };
    await setDefaults({
      headers: { 'X-A': '1', 'X-B': '2' },
      eventTypes: ['transfer.*', 'order.*'],
      scope: { transferIds: ['t'], stationIds: ['s'] },
      retry,
      limits: { maxConcurrency: 4, ratePerSecond: 7 },
    });
    const own = {
      url: URL_OF_NOBODY,
      headers: { 'X-C': '3' },
      eventTypes: ['order.shipped'],
      scope: { partnerIds: ['p'] },
      retry: { strategy: 'fixed', maxAttempts: 7, delayMs: 5 },
      limits: { maxConcurrency: 9 },
    };
    const webhook = await createWebhook(server(), own);
    expect(webhook).toMatchObject({ eventTypes: ['order.shipped'], limits: { maxConcurrency: 9, ratePerSecond: 7 } });
    expect(webhook.headers).toEqual({ 'X-C': '3' });
    expect(webhook.scope).toEqual({ transferIds: [], scheduleIds: [], stationIds: [], partnerIds: ['p'] });
    expect(webhook.retry).toEqual({ strategy: 'fixed', maxAttempts: 7, delayMs: 5, jitter: 0.1 });
    await put({ limits: { maxConcurrency: 5, ratePerSecond: 8 } });
    expect((await read(`/webhooks/${webhook.id}`)).limits).toEqual({ maxConcurrency: 9, ratePerSecond: 8 });
    const unlimited = await createWebhook(server(), { ...own, limits: { ratePerSecond: null } });
    expect(unlimited.limits).toEqual({ maxConcurrency: 5, ratePerSecond: null });
  });

  test('null in a patch goes back to inherited; a patch of one member starts from what is inherited', async () => {
    await setDefaults({ url: URL_OF_NOBODY, headers: { 'X-A': '1' }, timeoutMs: 2000 });
    const own = { url: 'https://hooks.example.com/', timeoutMs: 3000, eventTypes: [ownType()] };
    const { id } = await createWebhook(server(), own);
    const { body } = await patch(id, { url: null, timeoutMs: null, headers: { 'X-B': '2' } });
    expect(body).toMatchObject({ url: URL_OF_NOBODY, timeoutMs: 2000, headers: { 'X-A': '1', 'X-B': '2' } });
    expect(body.inherited).toEqual(expect.arrayContaining(['url', 'timeoutMs']));
    expect(body.inherited).not.toContain('headers');
  });

  test.each([
    ['ops', '/base/ops'],
    ['/ops', '/ops'],
    ['?team=ops', '/base/hook?team=ops'],
    ['../ops/', '/ops/'],
  ])('a relative URL, %s, is resolved against the default one and shown as configured too', async (url, path) => {
    const [receiver, type] = [await startReceiver(), ownType()];
    await setDefaults({ url: `${receiver.url}/base/hook?x=1` });
    const webhook = await createWebhook(server(), { url, eventTypes: [type] });
    expect(webhook).toMatchObject({ url: `${receiver.url}${path}`, configuredUrl: url });
    expect(webhook.inherited).not.toContain('url');
    await publish(server(), type);
    expect((await receiver.arrived(1))[0]?.path).toBe(path);

    const other = await startReceiver();
    await put({ url: `${other.url}/base/hook` });
    await publish(server(), type);
    expect((await other.arrived(1))[0]?.path).toBe(path);
    expect((await patch(webhook.id, { url: `${other.url}/own` })).body).not.toHaveProperty('configuredUrl');
  });

  test('without a URL, here or in the defaults, a webhook is refused', async () => {
    for (const url of [undefined, null, '/relative']) {
      const answer = await server().call('POST', '/webhooks', { name: 'x', url });
      expectProblem(answer, 422, 'validation_failed', ['/url']);
    }
    const { id } = await createWebhook(server(), { url: URL_OF_NOBODY, eventTypes: [ownType()] });
    expectProblem(await patch(id, { url: null }), 422, 'validation_failed', ['/url']);
    expectProblem(await patch(id, { url: 'relative' }), 422, 'validation_failed', ['/url']);
  });

  test('a relative URL is judged as what it comes to', async () => {
    await setDefaults({ url: URL_OF_NOBODY });
    for (const [url, code] of [
      ['//10.0.0.5/hook', 'egress_refused'],
      ['//u:p@127.0.0.1:9/', 'validation_failed'],
      ['/hook#part', 'validation_failed'],
    ]) {
      const answer = await server().call('POST', '/webhooks', { name: 'x', url });
      expectProblem(answer, 422, code as string, ['/url']);
    }
  });

  test('own headers and inherited auth, or the other way round, are judged together', async () => {
    await setDefaults({ url: URL_OF_NOBODY, auth: { type: 'bearer', token: 't' } });
    const withHeader = { name: 'x', headers: { Authorization: 'mine' } };
    expectProblem(await server().call('POST', '/webhooks', withHeader), 422, 'validation_failed', [
      '/headers/Authorization',
    ]);
    await createWebhook(server(), { ...withHeader, auth: { type: 'none' }, eventTypes: [ownType()] });

    await setDefaults({ url: URL_OF_NOBODY, headers: { authorization: 'ours' } });
    const withAuth = { name: 'x', auth: { type: 'basic', username: 'u', password: 'p' } };
    expectProblem(await server().call('POST', '/webhooks', withAuth), 422, 'validation_failed', ['/auth']);
    await createWebhook(server(), { ...withAuth, headers: {}, eventTypes: [ownType()] });
  });

  test('the same request with the same Idempotency-Key shows what was inherited at that time', async () => {
    await setDefaults({ url: URL_OF_NOBODY, timeoutMs: 2000 });
    const body = { name: ownId(), eventTypes: [ownType()] };
    const options = { headers: { 'idempotency-key': ownId() } };
    const first = await server().call('POST', '/webhooks', body, options);
    onTestFinished(async () => {
      await server().call('DELETE', `/webhooks/${first.body.id}`);
    });
    await put({ url: URL_OF_NOBODY, timeoutMs: 3000 });
    const second = await server().call('POST', '/webhooks', body, options);
    expect([second.status, second.body]).toEqual([201, first.body]);
  });
});

describe('a change of the defaults', () => {
  test('is in force for the very next publish', async () => {
    const [one, other] = [ownType(), ownType()];
    await setDefaults({ url: URL_OF_NOBODY });
    await createWebhook(server(), {});
    for (const [wanted, unwanted] of [
      [one, other],
      [other, one],
    ]) {
      await put({ url: URL_OF_NOBODY, eventTypes: [wanted] });
      const answers = await server().call('POST', '/events', [
        { type: wanted, data: {} },
        { type: unwanted, data: {} },
      ]);
      expect(answers.body.map((event: { deliveryCount: number }) => event.deliveryCount)).toEqual([1, 0]);
    }
  });

  test('that disables webhooks holds what they are owed, and the way back sends it', async () => {
    const [receiver, type] = [await startReceiver(), ownType()];
    await setDefaults({ url: receiver.url });
    const { id } = await createWebhook(server(), { eventTypes: [type] });
    await server().call('POST', `/webhooks/${id}/pause`);
    const eventId = await publish(server(), type);
    await put({ url: receiver.url, enabled: false });
    await server().call('POST', `/webhooks/${id}/resume`);
    expect((await read(`/webhooks/${id}`)).state).toBe('disabled');
    expect(await deliveryInState(server(), eventId, id, 'pending')).toMatchObject({ reason: 'webhook_disabled' });
    await put({ url: receiver.url });
    await deliveryInState(server(), eventId, id, 'delivered');
  });

  test('of URL, headers and retry plan applies from the next attempt on; a planned instant stays', async () => {
    const [before, after, type] = [await startReceiver(answering(500)), await startReceiver(answering(500)), ownType()];
    await setDefaults({
      url: before.url,
      headers: { 'X-N': '1' },
      retry: { strategy: 'fixed', maxAttempts: 5, delayMs: 700, jitter: 0 },
    });
    const { id } = await createWebhook(server(), { eventTypes: [type] });
    const eventId = await publish(server(), type);
    const first = await deliveryInState(server(), eventId, id, 'retrying');
    await put({
      url: after.url,
      headers: { 'X-N': '2' },
      retry: { strategy: 'fixed', maxAttempts: 5, delayMs: 3_600_000, jitter: 0 },
    });
    expect((await read(`/deliveries/${first.id}`)).nextAttemptAt).toBe(first.nextAttemptAt);
    const [arrival] = await after.arrived(1);
    expect(arrival?.headers['x-n']).toBe('2');
    const second = await readUntil(
      server(),
      `/deliveries/${first.id}`,
      ({ attemptCount, state }) => attemptCount === 2 && state === 'retrying',
    );
    expect(Date.parse(second.attempts[1].startedAt)).toBeGreaterThanOrEqual(Date.parse(first.nextAttemptAt));
    expect(Date.parse(second.nextAttemptAt) - Date.parse(second.attempts[1].startedAt)).toBeGreaterThan(3_500_000);
  });

  test('of the timeout applies from the next attempt on', async () => {
    const [receiver, type] = [await startReceiver(), ownType()];
    const retry = { strategy: 'fixed', maxAttempts: 2, delayMs: 0, jitter: 0 };
    await setDefaults({ url: receiver.url, retry, timeoutMs: 60_000 });
    const { id } = await createWebhook(server(), { eventTypes: [type] });
    receiver.respond = answeringAfter(async () => {
      receiver.respond = () => undefined;
      await put({ url: receiver.url, retry, timeoutMs: 100 });
    }, 500);
    const eventId = await publish(server(), type);
    const { attempts } = await deliveryInState(server(), eventId, id, 'exhausted');
    expect(attempts).toMatchObject([{ response: { status: 500 } }, { response: null, error: { code: 'timeout' } }]);
  });

  test('cannot take away the URL that webhooks stand on, which it names', async () => {
    await setDefaults({ url: URL_OF_NOBODY });
    const [inherits, relative] = [
      await createWebhook(server(), { name: 'inherits', eventTypes: [ownType()] }),
      await createWebhook(server(), { name: 'relative', url: '/own', enabled: false }),
    ];
    const own = await createWebhook(server(), { url: URL_OF_NOBODY, eventTypes: [ownType()] });
    for (const body of [{}, { url: null }, { timeoutMs: 5000 }]) {
      const refused = await put(body);
      expectProblem(refused, 409, 'in_use', ['/url']);
      for (const { id, name } of [inherits, relative]) {
        expect(refused.body.detail).toContain(id);
        expect(refused.body.detail).toContain(name);
      }
      expect(refused.body.detail).not.toContain(own.id);
    }
    expect((await read('/settings/webhooks')).url).toBe(URL_OF_NOBODY);
    await patch(relative.id, { url: URL_OF_NOBODY });
    await server().call('DELETE', `/webhooks/${inherits.id}`);
    expect((await put({})).status).toBe(200);
  });

  test.each([
    [
      'auth beside a header that a webhook sets',
      { headers: { Authorization: 'mine' } },
      { auth: { type: 'bearer', token: 't' } },
      'validation_failed',
      '/auth',
    ],
    [
      'a header that a webhook’s auth writes',
      { auth: { type: 'bearer', token: 't' } },
      { headers: { authorization: 'ours' } },
      'validation_failed',
      '/headers',
    ],
    [
      'less leave for plain http than a webhook needs',
      { url: 'http://93.184.215.14/' },
      { allowInsecureHttp: false },
      'egress_refused',
      '/allowInsecureHttp',
    ],
    [
      'a URL with which a relative one is not allowed',
      { url: '//93.184.215.14/' },
      { url: 'http://hooks.example.com/', allowInsecureHttp: false },
      'egress_refused',
      '/url',
    ],
  ])('that brings %s is refused, and names the webhook', async (_what, own, change, code, pointer) => {
    await setDefaults({ url: 'https://hooks.example.com/', allowInsecureHttp: true });
    const webhook = await createWebhook(server(), { enabled: false, ...own });
    const refused = await put({ url: 'https://hooks.example.com/', allowInsecureHttp: true, ...change });
    expectProblem(refused, 422, code, [pointer]);
    expect(refused.body.detail).toContain(webhook.id);
    expect((await put({ url: 'https://hooks.example.com/', allowInsecureHttp: true, timeoutMs: 500 })).status).toBe(
      200,
    );
  });

  test('beside others at the same moment leaves no webhook without a URL', async () => {
    onTestFinished(async () => {
      const { items } = await read('/webhooks?limit=250');
      for (const { id } of items) await server().call('DELETE', `/webhooks/${id}`);
      await put({});
    });
    for (let round = 0; round < 8; round += 1) {
      await put({ url: URL_OF_NOBODY });
      const [, ...created] = await Promise.all([
        put({}),
        ...Array.from({ length: 4 }, () =>
          server().call('POST', '/webhooks', { name: 'racing', eventTypes: [ownType()] }),
        ),
        put({}),
      ]);
      for (const answer of created) expect([200, 201, 409, 422]).toContain(answer.status);
      const { items } = await read('/webhooks?limit=250');
      expect(items.filter(({ url }: { url: string }) => url === '')).toEqual([]);
      for (const { id } of items) await server().call('DELETE', `/webhooks/${id}`);
    }
  });

  test('is there after a restart, in matching and in sending', async () => {
    const [receiver, type] = [await startReceiver(), ownType()];
    const first = await startServer();
    await put({ url: receiver.url, eventTypes: [type], auth: { type: 'bearer', token: 'kept' } }, first);
    expect((await first.call('POST', '/webhooks', { name: 'bare' })).status).toBe(201);
    const shown = (await first.call('GET', '/settings/webhooks')).body;
    await first.kill();
    const second = await startServer({ dataDir: first.dataDir });
    expect((await second.call('GET', '/settings/webhooks')).body).toEqual(shown);
    await publish(second, type);
    expect((await receiver.arrived(1))[0]?.headers.authorization).toBe('Bearer kept');
    await second.stop();
  });
});

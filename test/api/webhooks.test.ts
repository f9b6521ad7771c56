import { describe, expect, test } from 'vitest';
import { shareServer } from '../harness/server.ts';
import { createWebhook, expectProblem, ownId, ownType } from './stage.ts';

const server = shareServer();
const URL_OF_NOBODY = 'http://127.0.0.1:9/hook?x=1';
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** What a webhook is that sets nothing but its name, its URL and its event types. */
const DEFAULTS = {
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

function post(body: unknown) {
  return server().call('POST', '/webhooks', body);
}

function patch(id: string, body: unknown) {
  return server().call('PATCH', `/webhooks/${id}`, body);
}

async function read(id: string) {
  const { status, body } = await server().call('GET', `/webhooks/${id}`);
  expect(status).toBe(200);
  return body;
}

/** A webhook that no event reaches, unless it is told which. */
function aWebhook(settings: object = {}) {
  return createWebhook(server(), { url: URL_OF_NOBODY, eventTypes: [ownType()], ...settings });
}

describe('creating a webhook', () => {
  test('with name and URL alone gives the defaults, all but the URL inherited', async () => {
    const answer = await post({ name: 'ops', url: URL_OF_NOBODY });
    const { id } = answer.body;
    await server().call('DELETE', `/webhooks/${id}`);
    expect(answer.status).toBe(201);
    expect(answer.headers.get('location')).toBe(`/api/v1/webhooks/${id}`);
    expect(answer.body).toEqual({
      id: expect.stringMatching(/^wh_[0-9a-z]{26}$/),
      name: 'ops',
      url: URL_OF_NOBODY,
      ...DEFAULTS,
      state: 'active',
      pauseReason: null,
      breaker: null,
      signingSecret: expect.stringMatching(/^whsec_[A-Za-z0-9+/]{43}=$/),
      previousSecretExpiresAt: null,
      inherited: expect.any(Array),
      createdAt: expect.stringMatching(INSTANT),
      updatedAt: answer.body.createdAt,
    });
    expect([...answer.body.inherited].sort()).toEqual(Object.keys(DEFAULTS).sort());
  });

  test('with every setting gives them back as they were given, none inherited', async () => {
    const settings = {
      name: 'every setting',
      url: 'https://hooks.example.com/mft',
      enabled: false,
      method: 'PUT',
      contentType: 'application/json; charset=utf-8',
      auth: { type: 'none' },
      headers: { 'X-Environment': 'production', 'x-other': '' },
      eventTypes: ['transfer.*', 'order.shipped', 'transfer.failed', '*'],
      scope: { transferIds: ['t'], scheduleIds: ['s'], stationIds: ['a', 'b'], partnerIds: ['p'] },
      routing: 'unmatched',
      payload: { format: 'default', identifiers: 'old' },
      retry: { strategy: 'exponential', maxAttempts: 5, initialDelayMs: 0, factor: 1.5, maxDelayMs: 60000, jitter: 0 },
      timeoutMs: 100,
      limits: { maxConcurrency: 256, ratePerSecond: 0.5 },
      signing: { scheme: 'standard' },
      tls: { caPem: null, pinnedSha256: 'a'.repeat(64), insecureSkipVerify: true },
      allowInsecureHttp: true,
    };
    const created = await createWebhook(server(), settings);
    expect(created).toMatchObject({ ...settings, state: 'disabled', inherited: [] });
    const { signingSecret, ...shown } = created;
    expect(await read(created.id)).toEqual({ ...shown, signingSecret: { set: true } });
    expect(signingSecret).toMatch(/^whsec_/);
  });

  test.each([
    [{ payload: { format: 'standard' } }],
    [{ payload: { format: 'default', identifiers: 'both' } }],
    [{ retry: { strategy: 'delays', delaysMs: [], jitter: 1 } }],
    [{ retry: { strategy: 'fixed', maxAttempts: 100, delayMs: 86400000, jitter: 0.5 } }],
    [{ method: 'PATCH' }],
    [{ timeoutMs: 120000 }],
    [{ limits: { maxConcurrency: 1, ratePerSecond: 10000 } }],
    [{ limits: { maxConcurrency: 16, ratePerSecond: null } }],
    [{ name: 'n'.repeat(200) }],
    [{ name: 'ü 🚚 / "quoted"' }],
  ])('%j is taken and shown as given', async (settings) => {
    const { id } = await aWebhook(settings);
    expect(await read(id)).toMatchObject(settings);
  });

  test('members that are left out of an own object are filled in', async () => {
    const webhook = await aWebhook({
      retry: { strategy: 'fixed', maxAttempts: 2, delayMs: 10 },
      scope: { stationIds: ['a'] },
      limits: {},
    });
    expect(webhook.retry).toEqual({ strategy: 'fixed', maxAttempts: 2, delayMs: 10, jitter: 0.1 });
    expect(webhook.scope).toEqual({ transferIds: [], scheduleIds: [], stationIds: ['a'], partnerIds: [] });
    expect(webhook.limits).toEqual(DEFAULTS.limits);
  });

  test('null is the same as leaving a setting out', async () => {
    const nulls = Object.fromEntries(Object.keys(DEFAULTS).map((name) => [name, null]));
    const webhook = await createWebhook(server(), { url: URL_OF_NOBODY, ...nulls });
    expect(webhook).toMatchObject(DEFAULTS);
    expect([...webhook.inherited].sort()).toEqual(Object.keys(DEFAULTS).sort());
  });

  test('names need not be unique', async () => {
    const name = ownId();
    expect((await aWebhook({ name })).id).not.toBe((await aWebhook({ name })).id);
  });

  test.each([
    ['a name that is missing', { name: undefined }, 400, '/name'],
    ['a name that is null', { name: null }, 400, '/name'],
    ['an empty name', { name: '' }, 422, '/name'],
    ['a name of 201 characters', { name: 'n'.repeat(201) }, 422, '/name'],
    ['no URL', { url: undefined }, 422, '/url'],
    ['an unknown method', { method: 'GET' }, 422, '/method'],
    ['a method in lower case', { method: 'post' }, 422, '/method'],
    ['an unknown kind of auth', { auth: { type: 'digest' } }, 422, '/auth/type'],
    [
      'a member of another kind of auth',
      { auth: { type: 'bearer', token: 't', username: 'u' } },
      400,
      '/auth/username',
    ],
    [
      'an api_key that goes nowhere',
      { auth: { type: 'api_key', name: 'k', value: 'v', in: 'cookie' } },
      422,
      '/auth/in',
    ],
    ['an empty token', { auth: { type: 'bearer', token: '' } }, 422, '/auth/token'],
    ['a secret to keep where there is none', { auth: { type: 'bearer', token: { set: true } } }, 422, '/auth/token'],
    ['a secret that is not set', { auth: { type: 'bearer', token: { set: false } } }, 422, '/auth/token/set'],
    ['a payload of an unknown format', { payload: { format: 'yaml' } }, 422, '/payload/format'],
    ['unknown identifiers', { payload: { format: 'default', identifiers: 'none' } }, 422, '/payload/identifiers'],
    ['an unknown retry strategy', { retry: { strategy: 'never' } }, 422, '/retry/strategy'],
    ['a delay below zero', { retry: { strategy: 'delays', delaysMs: [5, -1] } }, 422, '/retry/delaysMs/1'],
    ['a delay that is no number', { retry: { strategy: 'delays', delaysMs: [null] } }, 400, '/retry/delaysMs/0'],
    ['no attempt', { retry: { strategy: 'fixed', maxAttempts: 0, delayMs: 1 } }, 422, '/retry/maxAttempts'],
    ['101 attempts', { retry: { strategy: 'fixed', maxAttempts: 101, delayMs: 1 } }, 422, '/retry/maxAttempts'],
    ['a plan without its delay', { retry: { strategy: 'fixed', maxAttempts: 5 } }, 400, '/retry/delayMs'],
    ['jitter above 1', { retry: { strategy: 'delays', delaysMs: [], jitter: 1.1 } }, 422, '/retry/jitter'],
    ['a time-out below 100 ms', { timeoutMs: 99 }, 422, '/timeoutMs'],
    ['a time-out above two minutes', { timeoutMs: 120001 }, 422, '/timeoutMs'],
    ['a concurrency of 0', { limits: { maxConcurrency: 0 } }, 422, '/limits/maxConcurrency'],
    ['a concurrency of 257', { limits: { maxConcurrency: 257 } }, 422, '/limits/maxConcurrency'],
    ['a rate of 0', { limits: { ratePerSecond: 0 } }, 422, '/limits/ratePerSecond'],
    ['a rate given as text', { limits: { ratePerSecond: '5' } }, 400, '/limits/ratePerSecond'],
    ['an unknown routing', { routing: 'sometimes' }, 422, '/routing'],
    ['an unknown scope', { scope: { runIds: [] } }, 400, '/scope/runIds'],
    ['an id in a scope that is a number', { scope: { transferIds: [5] } }, 400, '/scope/transferIds/0'],
    ['a header that is no text', { headers: { 'X-N': 5 } }, 400, '/headers/X-N'],
    ['state, which is read only', { state: 'paused' }, 400, '/state'],
    ['an event type that does not exist', { eventTypes: ['*', 'transfer.finished'] }, 422, '/eventTypes/1'],
    ['an event type that is no name', { eventTypes: ['Transfer.*'] }, 422, '/eventTypes/0'],
    ['a pattern in the middle', { eventTypes: ['transfer.*.x'] }, 422, '/eventTypes/0'],
    ['an empty event type', { eventTypes: [''] }, 422, '/eventTypes/0'],
  ])('with %s is refused', async (_what, settings, status, pointer) => {
    const answer = await post({ name: 'x', url: URL_OF_NOBODY, ...settings });
    expectProblem(answer, status, 'validation_failed', [pointer]);
  });

  test.each([
    'transfer.started',
    'transfer.*',
    'order.shipped',
    'order.*',
    'a.b.c.*',
    'webhook.*',
    'webhook.test',
    'delivery.exhausted',
    '*',
  ])('the event type %s may be subscribed to', async (eventType) => {
    expect((await aWebhook({ enabled: false, eventTypes: [eventType] })).eventTypes).toEqual([eventType]);
  });
});

describe('bounds', () => {
  const plan = (members: object) => ({ retry: { strategy: 'fixed', maxAttempts: 2, delayMs: 5, ...members } });
  const exponential = { strategy: 'exponential', maxAttempts: 2, initialDelayMs: 1, factor: 2, maxDelayMs: 9 };

  test.each<[what: string, pointer: string, of: (value: number) => object, least: number, most: number, step: number]>([
    ['timeoutMs is 100 to 120,000', '/timeoutMs', (timeoutMs) => ({ timeoutMs }), 100, 120_000, 1],
    ['maxAttempts is 1 to 100', '/retry/maxAttempts', (maxAttempts) => plan({ maxAttempts }), 1, 100, 1],
    ['delayMs is 0 to a year', '/retry/delayMs', (delayMs) => plan({ delayMs }), 0, 366 * 86_400_000, 1],
    [
      'delaysMs are 0 to a year',
      '/retry/delaysMs/1',
      (delayMs) => ({ retry: { strategy: 'delays', delaysMs: [0, delayMs] } }),
      0,
      366 * 86_400_000,
      1,
    ],
    [
      'initialDelayMs is 0 to a year',
      '/retry/initialDelayMs',
      (initialDelayMs) => ({ retry: { ...exponential, initialDelayMs } }),
      0,
      366 * 86_400_000,
      1,
    ],
    [
      'maxDelayMs is 0 to a year',
      '/retry/maxDelayMs',
      (maxDelayMs) => ({ retry: { ...exponential, maxDelayMs } }),
      0,
      366 * 86_400_000,
      1,
    ],
    ['jitter is 0 to 1', '/retry/jitter', (jitter) => plan({ jitter }), 0, 1, 0.01],
    [
      'maxConcurrency is 1 to 256',
      '/limits/maxConcurrency',
      (maxConcurrency) => ({ limits: { maxConcurrency } }),
      1,
      256,
      1,
    ],
    ['a name has 1 to 200 characters', '/name', (length) => ({ name: '🚚'.repeat(length) }), 1, 200, 1],
  ])('%s, and a value beyond either end is refused at %s', async (_what, pointer, of, least, most, step) => {
    for (const value of [least, most]) {
      expect(await aWebhook(of(value))).toMatchObject(of(value));
    }
    for (const value of [least - step, most + step].filter((beyond) => beyond >= 0 || pointer !== '/name')) {
      const refused = await post({ name: 'x', url: URL_OF_NOBODY, ...of(value) });
      expectProblem(refused, 422, 'validation_failed', [pointer]);
    }
  });

  test('the default plan is 10 attempts over about 75 hours', async () => {
    const { delaysMs } = (await aWebhook()).retry;
    expect(delaysMs).toHaveLength(9);
    const hours = delaysMs.reduce((sum: number, delayMs: number) => sum + delayMs, 0) / 3_600_000;
    expect(hours).toBeGreaterThan(75);
    expect(hours).toBeLessThan(76);
  });
});

describe('headers', () => {
  test.each([
    'Host',
    'connection',
    'Content-Length',
    'content-type',
    'Transfer-Encoding',
    'TE',
    'trailer',
    'upgrade',
    'Expect',
    'User-Agent',
    'webhook-id',
    'Webhook-Signature',
    'webhook-x',
    'x-waybill-event',
    'X-Waybill-Mine',
  ])('%s is not for webhooks to set', async (name) => {
    const answer = await post({ name: 'x', url: URL_OF_NOBODY, headers: { 'X-Good': 'g', [name]: 'v' } });
    expectProblem(answer, 422, 'validation_failed', [`/headers/${name}`]);
  });

  test.each([
    ['a line break in its value', 'X-A', 'v\r\nX-B: w'],
    ['a line feed in its value', 'X-A', 'v\nw'],
    ['a carriage return in its value', 'X-A', 'v\r'],
    ['a NUL in its value', 'X-A', 'v\0w'],
    ['a value that no header can carry', 'X-A', 'snow ☃'],
    ['a blank in its name', 'X A', 'v'],
    ['a colon in its name', 'X:A', 'v'],
    ['a line break in its name', 'X-A\r\nX-B', 'v'],
    ['no name', '', 'v'],
  ])('a header with %s is refused', async (_what, name, value) => {
    const answer = await post({ name: 'x', url: URL_OF_NOBODY, headers: { [name]: value } });
    expectProblem(answer, 422, 'validation_failed', [`/headers/${name}`]);
  });

  test('one name in two spellings is refused', async () => {
    const answer = await post({ name: 'x', url: URL_OF_NOBODY, headers: { 'X-A': '1', 'x-a': '2' } });
    expectProblem(answer, 422, 'validation_failed', ['/headers/x-a']);
  });

  test('authorization may be set where there is no other authentication', async () => {
    const headers = { Authorization: 'Custom abc' };
    expect((await aWebhook({ headers })).id).toMatch(/^wh_/);
    expect((await aWebhook({ headers, auth: { type: 'none' } })).id).toMatch(/^wh_/);
    const auth = { type: 'basic', username: 'u', password: 'p' };
    expectProblem(await post({ name: 'x', url: URL_OF_NOBODY, headers, auth }), 422, 'validation_failed', [
      '/headers/Authorization',
    ]);
    const { id } = await aWebhook({ auth });
    expectProblem(await patch(id, { headers }), 422, 'validation_failed', ['/headers/Authorization']);
  });

  test.each(['host', 'content-length', 'webhook-signature', 'x-waybill-event', 'not a name'])(
    'an api_key cannot be sent as the header %j',
    async (name) => {
      const auth = { type: 'api_key', name, value: 'v', in: 'header' };
      expectProblem(await post({ name: 'x', url: URL_OF_NOBODY, auth }), 422, 'validation_failed', ['/auth/name']);
    },
  );

  test('an api_key in a header that the webhook sets too is refused', async () => {
    const auth = { type: 'api_key', name: 'x-key', value: 'v', in: 'header' };
    const answer = await post({ name: 'x', url: URL_OF_NOBODY, auth, headers: { 'X-Key': 'w' } });
    expectProblem(answer, 422, 'validation_failed', ['/headers/X-Key']);
  });

  test.each([
    [{ type: 'bearer', token: 'a\r\nb' }, '/auth/token'],
    [{ type: 'api_key', name: 'X-Key', value: 'a\nb', in: 'header' }, '/auth/value'],
  ])('credentials that break out of their header are refused: %j', async (auth, pointer) => {
    expectProblem(await post({ name: 'x', url: URL_OF_NOBODY, auth }), 422, 'validation_failed', [pointer]);
  });

  test('a basic user name cannot hold a colon, which would end it', async () => {
    const auth = { type: 'basic', username: 'a:b', password: 'c' };
    expectProblem(await post({ name: 'x', url: URL_OF_NOBODY, auth }), 422, 'validation_failed', ['/auth/username']);
  });
});

describe('secrets', () => {
  test.each([
    ['24 bytes', Buffer.alloc(24, 1)],
    ['64 bytes', Buffer.alloc(64, 2)],
  ])('a signing secret of %s may be given', async (_what, bytes) => {
    const signingSecret = `whsec_${bytes.toString('base64')}`;
    const webhook = await aWebhook({ signingSecret });
    expect(webhook.signingSecret).toBe(signingSecret);
    expect((await read(webhook.id)).signingSecret).toEqual({ set: true });
  });

  test.each([
    ['23 bytes', `whsec_${Buffer.alloc(23).toString('base64')}`],
    ['65 bytes', `whsec_${Buffer.alloc(65).toString('base64')}`],
    ['no prefix', Buffer.alloc(32).toString('base64')],
    ['no base64', `whsec_${'*'.repeat(44)}`],
    ['base64 with a space', `whsec_${Buffer.alloc(32).toString('base64')} `],
    ['base64 with padding in it', `whsec_${Buffer.alloc(32).toString('base64').replace('AAAA', 'AAA=')}`],
    ['URL-safe base64', `whsec_${Buffer.alloc(32, 0xff).toString('base64url')}`],
    ['nothing', ''],
  ])('a signing secret of %s is refused', async (_what, signingSecret) => {
    const answer = await post({ name: 'x', url: URL_OF_NOBODY, signingSecret });
    expectProblem(answer, 422, 'validation_failed', ['/signingSecret']);
  });

  test('a signing secret of null is made, as one that is left out', async () => {
    expect((await aWebhook({ signingSecret: null })).signingSecret).toMatch(/^whsec_/);
  });

  test('two webhooks never share a secret that was made', async () => {
    expect((await aWebhook()).signingSecret).not.toBe((await aWebhook()).signingSecret);
  });

  test.each([
    ['basic', { type: 'basic', username: 'shown', password: 'hidden-1' }, { password: { set: true } }],
    ['bearer', { type: 'bearer', token: 'hidden-2' }, { token: { set: true } }],
    ['api_key', { type: 'api_key', name: 'X-Key', value: 'hidden-3', in: 'query' }, { value: { set: true } }],
  ])('the secret of %s auth never comes back, on creation, read, list or change', async (_type, auth, masked) => {
    const webhook = await aWebhook({ auth });
    const answers = [
      webhook,
      await read(webhook.id),
      (await server().call('GET', '/webhooks?limit=250')).body,
      (await patch(webhook.id, { name: 'renamed' })).body,
      (await server().call('POST', `/webhooks/${webhook.id}/pause`)).body,
    ];
    for (const answer of answers) expect(JSON.stringify(answer)).not.toContain('hidden');
    expect(webhook.auth).toEqual({ ...auth, ...masked });
  });
});

describe('changing a webhook', () => {
  test('changes what the patch names and nothing else', async () => {
    const webhook = await aWebhook({ timeoutMs: 5000 });
    const changed = await patch(webhook.id, { name: 'renamed', method: 'PUT' });
    expect(changed.status).toBe(200);
    const { signingSecret: _, updatedAt: before, inherited, ...rest } = webhook;
    const { updatedAt, ...shown } = changed.body;
    expect(shown).toEqual({
      ...rest,
      name: 'renamed',
      method: 'PUT',
      signingSecret: { set: true },
      inherited: inherited.filter((name: string) => name !== 'method'),
    });
    expect(updatedAt >= before).toBe(true);
    expect(await read(webhook.id)).toEqual(changed.body);
  });

  test('is taken as application/merge-patch+json too', async () => {
    const { id } = await aWebhook();
    const options = { raw: '{"name":"merged"}', headers: { 'content-type': 'application/merge-patch+json' } };
    const changed = await server().call('PATCH', `/webhooks/${id}`, undefined, options);
    expect([changed.status, changed.body.name]).toEqual([200, 'merged']);
  });

  test('null goes back to the default, and the setting is inherited again', async () => {
    const own = { timeoutMs: 5000, headers: { 'X-A': 'b' }, payload: { format: 'standard' }, enabled: false };
    const { id } = await aWebhook(own);
    const nulls = Object.fromEntries(Object.keys(own).map((name) => [name, null]));
    const { body } = await patch(id, nulls);
    expect(body).toMatchObject({ timeoutMs: 15000, headers: {}, payload: { format: 'default' }, enabled: true });
    expect(body.inherited).toEqual(expect.arrayContaining(Object.keys(own)));
  });

  test('null for what is needed is refused: there is no name and no URL to inherit', async () => {
    const { id } = await aWebhook();
    expectProblem(await patch(id, { name: null }), 400, 'validation_failed', ['/name']);
    expectProblem(await patch(id, { url: null }), 422, 'validation_failed', ['/url']);
  });

  test('objects are merged member by member, lists replaced', async () => {
    const { id } = await aWebhook({ headers: { 'X-A': '1', 'X-B': '2' }, scope: { transferIds: ['t'] } });
    const { body } = await patch(id, { headers: { 'X-B': null, 'X-C': '3' }, scope: { stationIds: ['a'] } });
    expect(body.headers).toEqual({ 'X-A': '1', 'X-C': '3' });
    expect(body.scope).toEqual({ transferIds: ['t'], scheduleIds: [], stationIds: ['a'], partnerIds: [] });
    expect((await patch(id, { scope: { transferIds: ['u'] } })).body.scope.transferIds).toEqual(['u']);
  });

  test('one member of an inherited object can be changed', async () => {
    const { id } = await aWebhook();
    const { body } = await patch(id, { retry: { jitter: 0 } });
    expect(body.retry).toEqual({ ...DEFAULTS.retry, jitter: 0 });
    expect(body.inherited).not.toContain('retry');
    const limited = await patch(id, { limits: { maxConcurrency: 3, ratePerSecond: 5 } });
    expect(limited.body.limits).toEqual({ maxConcurrency: 3, ratePerSecond: 5 });
    const limitedLess = await patch(id, { limits: { maxConcurrency: null } });
    expect(limitedLess.body.limits).toEqual({ maxConcurrency: 16, ratePerSecond: 5 });
  });

  test('an object of another kind is replaced as a whole, and null removes what the new kind does not have', async () => {
    const { id } = await aWebhook({ auth: { type: 'basic', username: 'u', password: 'p' } });
    const { body } = await patch(id, {
      retry: { strategy: 'fixed', maxAttempts: 3, delayMs: 5, delaysMs: null },
      auth: { type: 'bearer', token: 't', username: null },
    });
    expect(body.retry).toEqual({ strategy: 'fixed', maxAttempts: 3, delayMs: 5, jitter: 0.1 });
    expect(body.auth).toEqual({ type: 'bearer', token: { set: true } });
    expectProblem(await patch(id, { retry: { strategy: 'exponential' } }), 400, 'validation_failed', [
      '/retry/factor',
      '/retry/initialDelayMs',
      '/retry/maxAttempts',
      '/retry/maxDelayMs',
    ]);
    expectProblem(await patch(id, { auth: { type: 'basic', username: 'u' } }), 400, 'validation_failed', [
      '/auth/password',
    ]);
  });

  test('auth, payload and retry are replaced whole when their discriminator changes, and merged when it does not', async () => {
    const { id } = await aWebhook({
      auth: { type: 'api_key', name: 'X-Key', value: 'v', in: 'query' },
      payload: { format: 'default', identifiers: 'old' },
      retry: { strategy: 'fixed', maxAttempts: 3, delayMs: 5, jitter: 0.7 },
    });
    const same = await patch(id, {
      auth: { type: 'api_key', in: 'header' },
      payload: { format: 'default' },
      retry: { strategy: 'fixed', delayMs: 6 },
    });
    expect(same.body).toMatchObject({
      auth: { type: 'api_key', name: 'X-Key', value: { set: true }, in: 'header' },
      payload: { format: 'default', identifiers: 'old' },
      retry: { strategy: 'fixed', maxAttempts: 3, delayMs: 6, jitter: 0.7 },
    });
    const { body } = await patch(id, {
      auth: { type: 'none' },
      payload: { format: 'standard' },
      retry: { strategy: 'delays', delaysMs: [7] },
    });
    expect([body.auth, body.payload, body.retry]).toEqual([
      { type: 'none' },
      { format: 'standard' },
      { strategy: 'delays', delaysMs: [7], jitter: 0.1 },
    ]);
  });

  test('what a read shows of secrets can be sent back', async () => {
    const { id } = await aWebhook({ auth: { type: 'basic', username: 'u', password: 'p' } });
    const { auth } = await read(id);
    const { status, body } = await patch(id, { auth: { ...auth, username: 'v' } });
    expect([status, body.auth]).toEqual([200, { type: 'basic', username: 'v', password: { set: true } }]);
    expectProblem(await patch(id, { auth: { type: 'bearer', token: { set: true } } }), 422, 'validation_failed', [
      '/auth/token',
    ]);
  });

  test('the signing secret of a read can be sent back', async () => {
    const { id } = await aWebhook();
    expect((await patch(id, { signingSecret: { set: true } })).status).toBe(200);
  });

  test.each([
    ['another one', `whsec_${Buffer.alloc(32).toString('base64')}`],
    ['none', null],
  ])('the signing secret cannot be changed to %s: the refusal says where it can', async (_what, signingSecret) => {
    const { id } = await aWebhook();
    const answer = await patch(id, { name: 'not taken', signingSecret });
    expectProblem(answer, 422, 'validation_failed', ['/signingSecret']);
    expect(answer.body.detail).toContain('rotate-secret');
    expect((await read(id)).name).not.toBe('not taken');
  });

  test.each([
    ['an unknown field', { nmae: 'x' }, 400, '/nmae'],
    ['an unknown field that is null', { nmae: null }, 400, '/nmae'],
    ['a wrong type', { enabled: 'yes' }, 400, '/enabled'],
    ['a value that is refused', { timeoutMs: 1 }, 422, '/timeoutMs'],
    ['a member of another kind', { auth: { token: 't' } }, 400, '/auth/token'],
    ['a field that is read only', { id: 'wh_x' }, 400, '/id'],
  ])('%s refuses the whole patch', async (_what, members, status, pointer) => {
    const webhook = await aWebhook();
    const answer = await patch(webhook.id, { name: 'not taken', ...members });
    expectProblem(answer, status, 'validation_failed', [pointer]);
    expect((await read(webhook.id)).name).toBe(webhook.name);
  });

  test.each(['[]', '"x"', '5', 'null', 'true'])('a patch that is %s is refused', async (raw) => {
    const { id } = await aWebhook();
    expectProblem(await server().call('PATCH', `/webhooks/${id}`, undefined, { raw }), 400, 'validation_failed', ['']);
  });

  test('concurrent changes are all kept, or refused as a conflict', async () => {
    const { id } = await aWebhook();
    const names = Array.from({ length: 10 }, (_, n) => `X-${n}`);
    const answers = await Promise.all(names.map((name) => patch(id, { headers: { [name]: 'v' } })));
    const kept = names.filter((_, n) => answers[n]?.status === 200);
    for (const answer of answers) if (answer.status !== 200) expectProblem(answer, 409, 'conflict');
    expect(kept.length).toBeGreaterThan(0);
    expect(Object.keys((await read(id)).headers).sort()).toEqual(kept);
  });
});

describe('deleting a webhook', () => {
  test('answers 204, and then there is nothing any more', async () => {
    const { id } = await aWebhook();
    const deleted = await server().call('DELETE', `/webhooks/${id}`);
    expect([deleted.status, deleted.body]).toEqual([204, null]);
    for (const [method, path] of [
      ['GET', ''],
      ['PATCH', ''],
      ['DELETE', ''],
      ['POST', '/pause'],
      ['POST', '/resume'],
      ['POST', '/rotate-secret'],
      ['POST', '/test'],
    ] as const) {
      expectProblem(await server().call(method, `/webhooks/${id}${path}`), 404, 'not_found');
    }
    const { items } = (await server().call('GET', '/webhooks?limit=250')).body;
    expect(items.map((webhook: { id: string }) => webhook.id)).not.toContain(id);
  });
});

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Arrival, answering, type Respond, startReceiver } from '../harness/receiver.ts';
import { makeDataDir, shareServer, startServer } from '../harness/server.ts';
import { createWebhook, deliveryInState, expectProblem, ownId, ownType, publish } from './stage.ts';

const server = shareServer();
const URL_OF_NOBODY = 'http://127.0.0.1:9/';
const CLIENT_SECRET = 'hidden-client-secret';

/** Answers with a token that counts the requests: `hidden-token-1` is the first. */
function tokens(): Respond {
  let count = 0;
  return (_arrival, response) => {
    count += 1;
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ access_token: `hidden-token-${count}`, token_type: 'bearer', expires_in: 3600 }));
  };
}

/** Takes a request with one of these tokens, and no other. */
function taking(...accepted: string[]): Respond {
  return ({ headers }, response) => {
    response.writeHead(accepted.includes(String(headers.authorization)) ? 204 : 401).end();
  };
}

function authAt(tokenUrl: string, more: object = {}) {
  return { type: 'oauth2', tokenUrl, clientId: 'client', clientSecret: CLIENT_SECRET, ...more };
}

/** A token endpoint, a receiver, and a webhook that gets its tokens there. */
async function stage(auth: object = {}, settings: object = {}) {
  const endpoint = await startReceiver(tokens());
  const receiver = await startReceiver();
  const type = ownType();
  const tokenUrl = `${endpoint.url}/token`;
  const webhook = await createWebhook(server(), {
    url: receiver.url,
    eventTypes: [type],
    auth: authAt(tokenUrl, auth),
    ...settings,
  });
  return { endpoint, receiver, type, webhook, tokenUrl };
}

function tokenOf({ headers }: Arrival): string | undefined {
  return headers.authorization;
}

function expectNothingRevealed(...shown: unknown[]): void {
  for (const text of [...shown, server().log].map((value) => JSON.stringify(value))) {
    expect(text).not.toContain('hidden');
    expect(text).not.toContain(Buffer.from(`client:${CLIENT_SECRET}`).toString('base64'));
  }
}

describe('a webhook with oauth2', () => {
  test('hides the token where a receiver repeats it, in the log and in a test', async () => {
    const { receiver, type, webhook } = await stage();
    receiver.respond = ({ headers }, response) => {
      response.writeHead(200, { 'x-saw': String(headers.authorization) }).end(`saw ${headers.authorization}`);
    };
    const delivery = await deliveryInState(server(), await publish(server(), type), webhook.id, 'delivered');
    const report = await server().call('POST', `/webhooks/${webhook.id}/test`);
    for (const { response } of [delivery.attempts[0], report.body]) {
      expect(response).toMatchObject({ body: 'saw Bearer ***', headers: { 'x-saw': 'Bearer ***' } });
    }
    expectNothingRevealed(delivery, report.body);
  });

  test('fetches one token for many deliveries, sends it with each, and shows it nowhere', async () => {
    const { endpoint, receiver, type, webhook } = await stage({ scope: 'hooks' });
    const published = await server().call(
      'POST',
      '/events',
      Array.from({ length: 25 }, () => ({ type, data: {} })),
    );
    const arrivals = await receiver.arrived(25);
    expect(new Set(arrivals.map(tokenOf))).toEqual(new Set(['Bearer hidden-token-1']));
    expect(endpoint.arrivals).toHaveLength(1);
    expect(endpoint.arrivals[0]).toMatchObject({
      method: 'POST',
      path: '/token',
      body: 'grant_type=client_credentials&scope=hooks',
    });
    const delivery = await deliveryInState(server(), published.body[0].id, webhook.id, 'delivered');
    expect(delivery.attempts[0].request.headers.authorization).toBe('***');
    expectNothingRevealed(delivery);
  });

  test('with clientAuth body sends id and secret in the form', async () => {
    const { endpoint, receiver, type } = await stage({ clientAuth: 'body' });
    await publish(server(), type);
    await receiver.arrived(1);
    expect(endpoint.arrivals[0]?.headers).not.toHaveProperty('authorization');
    expect(Object.fromEntries(new URLSearchParams(endpoint.arrivals[0]?.body))).toEqual({
      grant_type: 'client_credentials',
      client_id: 'client',
      client_secret: CLIENT_SECRET,
    });
  });

  test('makes one new token for the 401s of 20 concurrent deliveries, each within its first attempt', async () => {
    const { endpoint, receiver, type, webhook } = await stage({}, { limits: { maxConcurrency: 20 } });
    const refused: (() => void)[] = [];
    receiver.respond = (arrival, response) => {
      if (tokenOf(arrival) === 'Bearer hidden-token-2') response.writeHead(204).end();
      else refused.push(() => response.writeHead(401).end());
      if (refused.length === 20) for (const refuse of refused.splice(0)) refuse();
    };
    const events = await server().call(
      'POST',
      '/events',
      Array.from({ length: 20 }, () => ({ type, data: {} })),
    );
    const arrivals = await receiver.arrived(40);
    for (const { id } of events.body) {
      const delivery = await deliveryInState(server(), id, webhook.id, 'delivered');
      expect(delivery.attemptCount).toBe(1);
      const ofEvent = arrivals.filter(({ headers }) => headers['webhook-id'] === id);
      expect(ofEvent.map(tokenOf)).toEqual(['Bearer hidden-token-1', 'Bearer hidden-token-2']);
      expect(new Set(ofEvent.map(({ headers }) => headers['x-waybill-attempt']))).toEqual(new Set(['1']));
      expect(new Set(ofEvent.map(({ body }) => body)).size).toBe(1);
    }
    expect(endpoint.arrivals).toHaveLength(2);
  });

  test('a second 401 ends the attempt as http_status, and the plan goes on', async () => {
    const retry = { strategy: 'fixed', maxAttempts: 2, delayMs: 0, jitter: 0 };
    const { endpoint, receiver, type, webhook } = await stage({}, { retry });
    receiver.respond = taking('Bearer hidden-token-3');
    const eventId = await publish(server(), type);
    const { attempts } = await deliveryInState(server(), eventId, webhook.id, 'delivered');
    expect(attempts).toMatchObject([
      { outcome: 'failed', response: { status: 401 }, error: { code: 'http_status' } },
      { outcome: 'delivered', response: { status: 204 }, error: null },
    ]);
    expect(receiver.arrivals.map(tokenOf)).toEqual([1, 2, 2, 3].map((n) => `Bearer hidden-token-${n}`));
    expect(endpoint.arrivals).toHaveLength(3);
  });

  test('fails an attempt as auth_token_error where no token can be had, and delivers when there is one', async () => {
    const retry = { strategy: 'fixed', maxAttempts: 4, delayMs: 0, jitter: 0 };
    const { endpoint, receiver, type, webhook } = await stage({}, { retry });
    const answers = [
      answering(503),
      ((_arrival, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<p>hidden')) as Respond,
      answering(302, { location: receiver.url }),
    ];
    const giveToken = tokens();
    endpoint.respond = (arrival, response) => (answers.shift() ?? giveToken)(arrival, response);
    const eventId = await publish(server(), type);
    const delivery = await deliveryInState(server(), eventId, webhook.id, 'delivered');
    const failed = (message: string) => ({
      outcome: 'failed',
      request: { headers: { authorization: '***' } },
      response: null,
      error: { code: 'auth_token_error', message: `No access token from ${endpoint.address}. ${message}` },
    });
    expect(delivery.attempts).toMatchObject([
      failed('It answered 503 Service Unavailable.'),
      failed('It answered 200 OK with text/html that is no JSON object.'),
      failed('It answered 302 Found. Redirects are not followed.'),
      { outcome: 'delivered' },
    ]);
    expect(receiver.arrivals).toHaveLength(1);
    expectNothingRevealed(delivery);
  });

  test('that never gets a token is given up by its plan, and is found by the error code', async () => {
    const retry = { strategy: 'delays', delaysMs: [] };
    const { endpoint, type, webhook } = await stage({}, { retry });
    endpoint.respond = answering(401);
    const eventId = await publish(server(), type);
    await deliveryInState(server(), eventId, webhook.id, 'exhausted');
    const found = await server().call('GET', `/deliveries?webhookId=${webhook.id}&errorCode=auth_token_error`);
    expect(found.body.items).toMatchObject([{ eventId, state: 'exhausted', reason: 'attempts_spent' }]);
  });

  test('judges the address that the name of its token endpoint resolves to', async () => {
    const endpoint = await startReceiver(tokens());
    const receiver = await startReceiver();
    const guarded = await startServer({ allow: [receiver.address] });
    const type = ownType();
    const auth = authAt(`http://localhost:${endpoint.port}/token`);
    const webhook = await createWebhook(guarded, { url: receiver.url, eventTypes: [type], auth });
    const delivery = await deliveryInState(guarded, await publish(guarded, type), webhook.id, 'retrying');
    expect(delivery.attempts[0].error).toMatchObject({ code: 'auth_token_error' });
    expect(delivery.attempts[0].error.message).toMatch(/localhost resolves to .* loopback .*WAYBILL_EGRESS_ALLOW/);
    expect(endpoint.arrivals).toEqual([]);
    expect(receiver.arrivals).toEqual([]);
  });

  test('drops its token when what it is fetched with changes, and keeps it through other changes', async () => {
    const { endpoint, receiver, type, webhook, tokenUrl } = await stage();
    const tokenAfter = async (change: object): Promise<string | undefined> => {
      expect((await server().call('PATCH', `/webhooks/${webhook.id}`, change)).status).toBe(200);
      const eventId = await publish(server(), type);
      const [arrival] = await receiver.arrived(1, ({ headers }) => headers['webhook-id'] === eventId);
      return tokenOf(arrival as Arrival);
    };
    expect(await tokenAfter({})).toBe('Bearer hidden-token-1');
    expect(await tokenAfter({ timeoutMs: 9000, headers: { 'x-new': '1' } })).toBe('Bearer hidden-token-1');
    expect(await tokenAfter({ auth: { clientSecret: { set: true } } })).toBe('Bearer hidden-token-1');
    expect(await tokenAfter({ auth: { clientSecret: 'hidden-2' } })).toBe('Bearer hidden-token-2');
    expect(Buffer.from(String(endpoint.arrivals[1]?.headers.authorization).slice(6), 'base64').toString()).toBe(
      'client:hidden-2',
    );
    expect(await tokenAfter({ auth: { scope: 'a b' } })).toBe('Bearer hidden-token-3');
    expect(await tokenAfter({ auth: { tokenUrl: `${tokenUrl}?v=2` } })).toBe('Bearer hidden-token-4');
    expect(await tokenAfter({ auth: { type: 'none' } })).toBeUndefined();
    expect(await tokenAfter({ auth: authAt(`${tokenUrl}?v=2`, { clientSecret: 'hidden-2', scope: 'a b' }) })).toBe(
      'Bearer hidden-token-5',
    );
  });

  test('inherits it, with the secret, and fetches a token anew after a restart', async () => {
    const [endpoint, receiver] = [await startReceiver(tokens()), await startReceiver()];
    const [dataDir, type] = [makeDataDir(), ownType()];
    let current = await startServer({ dataDir });
    const settings = { url: receiver.url, auth: authAt(endpoint.url) };
    expect((await current.call('PUT', '/settings/webhooks', settings)).body.auth).toEqual({
      ...settings.auth,
      clientSecret: { set: true },
    });
    const { inherited } = (await current.call('POST', '/webhooks', { name: 'x', eventTypes: [type] })).body;
    expect(inherited).toContain('auth');
    for (const expected of [1, 2]) {
      for (let i = 0; i < 2; i += 1) {
        const eventId = await publish(current, type);
        const [arrival] = await receiver.arrived(1, ({ headers }) => headers['webhook-id'] === eventId);
        expect(tokenOf(arrival as Arrival)).toBe(`Bearer hidden-token-${expected}`);
      }
      await current.stop();
      if (expected === 1) current = await startServer({ dataDir });
    }
    expect(endpoint.arrivals).toHaveLength(2);
  });
});

describe('a connection test with oauth2', () => {
  test('fetches a token of its own, sends it, and shows neither token nor secret', async () => {
    const { endpoint, receiver, webhook } = await stage();
    const { body } = await server().call('POST', `/webhooks/${webhook.id}/test`);
    expect(body).toMatchObject({ ok: true, error: null, request: { headers: { authorization: '***' } } });
    expect(body.curl).toContain("-H 'authorization: ***'");
    expect([endpoint.arrivals.length, receiver.arrivals.map(tokenOf)]).toEqual([1, ['Bearer hidden-token-1']]);
    expectNothingRevealed(body);
  });

  test('says why there is no token, and what to do', async () => {
    const { endpoint, receiver, webhook } = await stage();
    endpoint.respond = (_arrival, response) => {
      response.writeHead(401, { 'content-type': 'application/json' }).end('{"error":"invalid_client"}');
    };
    const { status, body } = await server().call('POST', `/webhooks/${webhook.id}/test`);
    expect([status, body.ok, body.response]).toEqual([200, false, null]);
    expect(body.error).toEqual({
      code: 'auth_token_error',
      message: `No access token from ${endpoint.address}. It answered 401 Unauthorized: invalid_client.`,
      remedy: expect.stringContaining('`clientSecret`'),
    });
    expect(receiver.arrivals).toEqual([]);
  });
});

describe('saving oauth2', () => {
  const auth = authAt('https://auth.example.com/token');

  test('shows everything but the secret, which a read can be sent back for and which lies sealed', async () => {
    const full = { ...auth, scope: 'a b', clientAuth: 'body' };
    const webhook = await createWebhook(server(), { url: URL_OF_NOBODY, eventTypes: [ownType()], auth: full });
    const masked = { ...full, clientSecret: { set: true } };
    expect(webhook.auth).toEqual(masked);
    const path = `/webhooks/${webhook.id}`;
    expect((await server().call('GET', path)).body.auth).toEqual(masked);
    expect((await server().call('PATCH', path, { auth: masked })).body.auth).toEqual(masked);
    expect((await server().call('PATCH', path, { auth: { scope: null, clientAuth: null } })).body.auth).toEqual({
      ...auth,
      clientSecret: { set: true },
    });
    expectProblem(await server().call('PATCH', path, { auth: { type: 'bearer' } }), 400, 'validation_failed', [
      '/auth/token',
    ]);
    const names = readdirSync(server().dataDir).filter((name) => name.includes('.db'));
    const stored = names.map((name) => readFileSync(join(server().dataDir, name), 'latin1')).join('');
    expect(stored).toContain(webhook.id);
    expect(stored).not.toContain(CLIENT_SECRET);
  });

  test.each([
    ['no tokenUrl', { tokenUrl: undefined }, 400, '/auth/tokenUrl'],
    ['no clientId', { clientId: undefined }, 400, '/auth/clientId'],
    ['no clientSecret', { clientSecret: undefined }, 400, '/auth/clientSecret'],
    ['a secret to keep where there is none', { clientSecret: { set: true } }, 422, '/auth/clientSecret'],
    ['an unknown member', { audience: 'x' }, 400, '/auth/audience'],
    ['a relative tokenUrl', { tokenUrl: '/token' }, 422, '/auth/tokenUrl'],
    ['a tokenUrl of another scheme', { tokenUrl: 'ftp://auth.example.com/' }, 422, '/auth/tokenUrl'],
    ['a tokenUrl with credentials', { tokenUrl: 'https://u:p@auth.example.com/' }, 422, '/auth/tokenUrl'],
    ['a tokenUrl with a fragment', { tokenUrl: 'https://auth.example.com/#a' }, 422, '/auth/tokenUrl'],
    ['an empty tokenUrl', { tokenUrl: '' }, 422, '/auth/tokenUrl'],
    ['an empty clientId', { clientId: '' }, 422, '/auth/clientId'],
    ['a clientId with a line break', { clientId: 'a\n' }, 422, '/auth/clientId'],
    ['an empty clientSecret', { clientSecret: '' }, 422, '/auth/clientSecret'],
    ['a clientSecret with a line break', { clientSecret: 'a\r\n' }, 422, '/auth/clientSecret'],
    ['an empty scope', { scope: '' }, 422, '/auth/scope'],
    ['a scope with two spaces', { scope: 'a  b' }, 422, '/auth/scope'],
    ['a scope with a quote', { scope: '"a"' }, 422, '/auth/scope'],
    ['a scope in a list', { scope: ['a'] }, 400, '/auth/scope'],
    ['an unknown clientAuth', { clientAuth: 'header' }, 422, '/auth/clientAuth'],
  ])('with %s is refused', async (_what, members, status, pointer) => {
    const settings = { auth: { ...auth, ...members } };
    const created = await server().call('POST', '/webhooks', { name: ownId(), url: URL_OF_NOBODY, ...settings });
    expectProblem(created, status, 'validation_failed', [pointer]);
    expectProblem(await server().call('PUT', '/settings/webhooks', settings), status, 'validation_failed', [pointer]);
  });

  test('beside a header authorization is refused', async () => {
    const headers = { Authorization: 'mine' };
    const created = await server().call('POST', '/webhooks', { name: 'x', url: URL_OF_NOBODY, auth, headers });
    expectProblem(created, 422, 'validation_failed', ['/headers/Authorization']);
  });

  test('with a literal address in tokenUrl asks the guard as for the URL', async () => {
    const guarded = await startServer({ allow: ['10.1.2.3:8080'] });
    const make = (tokenUrl: string, settings: object = {}) =>
      guarded.call('POST', '/webhooks', {
        name: 'x',
        url: 'https://hooks.example.com/',
        enabled: false,
        auth: authAt(tokenUrl),
        ...settings,
      });
    for (const tokenUrl of [
      'https://127.0.0.1/',
      'https://169.254.169.254/latest',
      'https://0x0a000001/',
      'http://[::1]/',
    ]) {
      const refused = await make(tokenUrl, { allowInsecureHttp: true });
      expectProblem(refused, 422, 'egress_refused', ['/auth/tokenUrl']);
      expect(refused.body.detail).toContain('WAYBILL_EGRESS_ALLOW');
    }
    const insecure = 'http://93.184.215.14/token';
    expectProblem(await make(insecure), 422, 'egress_refused', ['/auth/tokenUrl']);
    const { id } = (await make(insecure, { allowInsecureHttp: true })).body;
    expect((await make('http://10.1.2.3:8080/token')).status).toBe(201);
    expect((await make('http://auth.example.com/token')).status).toBe(201);
    await guarded.call('PUT', '/settings/webhooks', { allowInsecureHttp: true });
    expect((await guarded.call('PATCH', `/webhooks/${id}`, { allowInsecureHttp: null })).status).toBe(200);
    const refused = await guarded.call('PUT', '/settings/webhooks', { allowInsecureHttp: false });
    expectProblem(refused, 422, 'egress_refused', ['/allowInsecureHttp']);
    expect(refused.body.detail).toContain(id);
  });
});

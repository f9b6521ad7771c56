import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../kernel/clock.ts';
import { parseEgressAllow } from './allow-list.ts';
import { createAuthorizedSender } from './authorized-sender.ts';
import type { EgressClientOptions } from './client.ts';
import type { Exchange, OutboundRequest } from './exchange.ts';
import { bodyOf, drip, flood, httpReceiver, requestTo, scriptedReceiver, testClient } from './receivers.fixture.ts';
import type { ClientCredentials } from './token-endpoint.ts';

const asItIs = <R>(response: R): R => response;

const SECRET = 's3cret &=+%/ü"x';
const HOUR_S = 3600;

interface TokenRequest {
  headers: IncomingMessage['headers'];
  form: URLSearchParams;
}

type Answer = (response: ServerResponse, count: number) => void;

/** Answers with a token whose text counts the requests, and with other members of a token's answer. */
function token(members: object = {}): Answer {
  return (response, count) => json(response, 200, { access_token: `token-${count}`, token_type: 'Bearer', ...members });
}

function json(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

/** A token endpoint, and the requests that it has had. */
async function tokenServer(answer: Answer = token({ expires_in: HOUR_S })) {
  const requests: TokenRequest[] = [];
  const server = { answer };
  const { url, port } = await httpReceiver(async (request, response) => {
    requests.push({ headers: request.headers, form: new URLSearchParams(await bodyOf(request)) });
    server.answer(response, requests.length);
  });
  return Object.assign(server, { url, port, requests });
}

/** A receiver that takes what `accepts` does of the bearer tokens, and the tokens that it has been shown. */
async function receiver(accepts: (token: string) => boolean = () => true) {
  const shown: string[] = [];
  const { url, port } = await httpReceiver(async (request, response) => {
    await bodyOf(request);
    const [scheme, text = ''] = (request.headers.authorization ?? '').split(' ');
    expect(scheme).toBe('Bearer');
    shown.push(text);
    response.writeHead(accepts(text) ? 204 : 401).end();
  });
  return { url, port, shown };
}

interface StageOptions extends Partial<EgressClientOptions> {
  credentials?: Partial<ClientCredentials>;
  answer?: Answer;
  accepts?: (token: string) => boolean;
}

/** A sender on a clock that a test can set, with a token endpoint and a receiver. */
async function stage({ credentials = {}, answer, accepts, ...options }: StageOptions = {}) {
  const tokens = await tokenServer(answer);
  const hook = await receiver(accepts);
  const time = { now: Date.parse('2025-01-31T12:00:00Z') };
  const sender = createAuthorizedSender(testClient(options), { ...systemClock, now: () => time.now }, asItIs);
  const known = { tokenUrl: tokens.url, clientId: 'client', clientSecret: SECRET, ...credentials };
  const send = (changes: Partial<OutboundRequest> = {}, others: Partial<ClientCredentials> = {}) =>
    sender.send(requestTo(hook.url, changes), { ...known, ...others });
  return { tokens, hook, time, sender, send };
}

function many(send: () => Promise<Exchange>): Promise<Exchange[]> {
  return Promise.all(Array.from({ length: 20 }, send));
}

/** What every exchange without a token is. */
function expectNoToken(exchange: Exchange, message: RegExp | string): void {
  expect(exchange).toMatchObject({ response: null, failure: { code: 'auth_token_error' } });
  expect(exchange.failure?.message).toMatch(message);
  expect(exchange.failure?.message.length).toBeLessThan(600);
  expect(exchange.failure?.message).not.toContain(SECRET);
}

describe('a request for a token', () => {
  test('is a form with the grant type alone; id and secret are encoded before they become a Basic header', async () => {
    const { tokens, send } = await stage({ credentials: { clientId: 'client: ü' } });
    expect((await send()).failure).toBeNull();
    const [{ headers, form } = expect.fail()] = tokens.requests;
    expect(headers).toMatchObject({ 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' });
    expect([...form]).toEqual([['grant_type', 'client_credentials']]);
    const [scheme, basic = ''] = headers.authorization?.split(' ') ?? [];
    expect(scheme).toBe('Basic');
    // RFC 6749 §2.3.1 and appendix B.
    expect(Buffer.from(basic, 'base64').toString()).toBe('client%3A+%C3%BC:s3cret+%26%3D%2B%25%2F%C3%BC%22x');
  });

  test('has id and secret in the form with clientAuth body, and no Basic header', async () => {
    const { tokens, send } = await stage({ credentials: { clientAuth: 'body' } });
    expect((await send()).failure).toBeNull();
    const [{ headers, form } = expect.fail()] = tokens.requests;
    expect(headers).not.toHaveProperty('authorization');
    expect(Object.fromEntries(form)).toEqual({
      grant_type: 'client_credentials',
      client_id: 'client',
      client_secret: SECRET,
    });
  });

  test('asks for the scope where there is one', async () => {
    const { tokens, send } = await stage({ credentials: { scope: 'hooks:write mft' } });
    await send();
    expect(tokens.requests[0]?.form.get('scope')).toBe('hooks:write mft');
  });
});

describe('a token', () => {
  test('is fetched once for many requests at once, and for those after them', async () => {
    const { tokens, hook, send } = await stage();
    for (const { failure } of await many(send)) expect(failure).toBeNull();
    await send();
    expect(tokens.requests).toHaveLength(1);
    expect(new Set(hook.shown)).toEqual(new Set(['token-1']));
    expect(hook.shown).toHaveLength(21);
  });

  test.each([
    ['an hour', { expires_in: HOUR_S }, HOUR_S - 60],
    ['an hour, in quotes', { expires_in: String(HOUR_S) }, HOUR_S - 60],
    ['half a minute', { expires_in: 30 }, 27],
    ['ten days: at most one', { expires_in: 240 * HOUR_S }, 24 * HOUR_S - 60],
    ['no one says how long: an hour', {}, HOUR_S - 60],
    ['words', { expires_in: 'soon' }, HOUR_S - 60],
  ])('that lasts %s is fetched anew a little before its end', async (_what, members, usableS) => {
    const { tokens, hook, time, send } = await stage({ answer: token(members) });
    await send();
    time.now += usableS * 1000 - 1;
    await send();
    expect(hook.shown).toEqual(['token-1', 'token-1']);
    time.now += 1;
    await send();
    expect(hook.shown.at(-1)).toBe('token-2');
    expect(tokens.requests).toHaveLength(2);
  });

  test.each([0, -1])('that lasts %d seconds serves those who wait for it', async (expires_in) => {
    const { tokens, send } = await stage({ answer: token({ expires_in }) });
    await many(send);
    expect(tokens.requests).toHaveLength(1);
    await send();
    expect(tokens.requests).toHaveLength(2);
  });

  test.each([
    ['clientSecret', 'another'],
    ['clientId', 'another'],
    ['scope', 'another'],
    ['clientAuth', 'body'],
  ])('is dropped when %s becomes another', async (member, value) => {
    const { hook, send } = await stage();
    await send();
    await send({}, { [member]: value });
    await send({}, { [member]: value });
    expect(hook.shown).toEqual(['token-1', 'token-2', 'token-2']);
  });

  test('is dropped when the token endpoint becomes another, and when its lane is forgotten', async () => {
    const { tokens, sender, send } = await stage();
    const other = await tokenServer();
    await send();
    await send({}, { tokenUrl: other.url });
    expect([tokens.requests.length, other.requests.length]).toEqual([1, 1]);
    sender.forget('wh_1');
    await send({}, { tokenUrl: other.url });
    expect(other.requests).toHaveLength(2);
  });

  test('is of one lane alone', async () => {
    const { hook, send } = await stage();
    await send();
    await send({ lane: 'wh_2' });
    expect(hook.shown).toEqual(['token-1', 'token-2']);
  });
});

describe('a 401', () => {
  test('of many requests at once makes one new token, and each is sent again with it', async () => {
    const { tokens, hook, send } = await stage({ accepts: (text) => text !== 'token-1' });
    for (const { failure, response } of await many(send)) {
      expect(failure).toBeNull();
      expect(response?.status).toBe(204);
    }
    expect(tokens.requests).toHaveLength(2);
    expect(hook.shown.filter((text) => text === 'token-1')).toHaveLength(20);
    expect(hook.shown.filter((text) => text === 'token-2')).toHaveLength(20);
  });

  test('that comes late makes no further token, also where the new one reads like the old one', async () => {
    const held: (() => void)[] = [];
    const slow = await httpReceiver((_request, response) => {
      if (held.length < 2) held.push(() => response.writeHead(401).end());
      else response.writeHead(204).end();
    });
    const tokens = await tokenServer((response) => json(response, 200, { access_token: 'always-this' }));
    const sender = createAuthorizedSender(testClient(), systemClock, asItIs);
    const credentials = { tokenUrl: tokens.url, clientId: 'c', clientSecret: 's' };
    const both = [1, 2].map(() => sender.send(requestTo(slow.url), credentials));
    await expect.poll(() => held.length).toBe(2);
    held[0]?.();
    expect((await Promise.race(both)).failure).toBeNull();
    held[1]?.();
    for (const { failure } of await Promise.all(both)) expect(failure).toBeNull();
    expect(tokens.requests).toHaveLength(2);
  });

  test('to the new token too ends as http_status, after two sends', async () => {
    const { tokens, hook, send } = await stage({ accepts: () => false });
    expect(await send()).toMatchObject({ response: { status: 401 }, failure: { code: 'http_status' } });
    expect([tokens.requests.length, hook.shown]).toEqual([2, ['token-1', 'token-2']]);
  });

  test('with no new token to be had ends as auth_token_error, with what the receiver answered', async () => {
    const { tokens, hook, send } = await stage({ accepts: (text) => text === 'token-3' });
    tokens.answer = (response, count) => (count === 2 ? json(response, 503, {}) : token()(response, count));
    const exchange = await send();
    expect(exchange).toMatchObject({ response: { status: 401 }, failure: { code: 'auth_token_error' } });
    expect(exchange.failure?.message).toContain('503 Service Unavailable');
    expect((await send()).failure).toBeNull();
    expect(hook.shown).toEqual(['token-1', 'token-3']);
  });
});

describe('a token that cannot be had', () => {
  test.each<[what: string, answer: Answer, message: string]>([
    [
      'a refusal',
      (response) => json(response, 401, { error: 'invalid_client', error_description: 'No such client.' }),
      'It answered 401 Unauthorized: invalid_client (No such client).',
    ],
    ['a refusal without words', (response) => json(response, 400, {}), 'It answered 400 Bad Request.'],
    [
      'a refusal that repeats the secret',
      (response) => json(response, 400, { error: 'invalid_client', error_description: `${SECRET} is wrong` }),
      'It answered 400 Bad Request: invalid_client.',
    ],
    [
      'a refusal that repeats the form',
      (response) => json(response, 400, { error: `client_secret=${encodeURIComponent(SECRET)}` }),
      'It answered 400 Bad Request.',
    ],
    [
      'a refusal with line breaks, and long',
      (response) =>
        json(response, 400, { error: 'a\r\n\u2028b', error_description: 'x'.repeat(100_000).slice(0, 5000) }),
      `It answered 400 Bad Request: a b (${'x'.repeat(200)}…).`,
    ],
    [
      'a refusal that is a page',
      (response) => void response.writeHead(404).end('<html>'),
      'It answered 404 Not Found.',
    ],
    ['a failure', (response) => void response.writeHead(500).end('oops'), 'It answered 500 Internal Server Error.'],
    ['410', (response) => void response.writeHead(410).end(), 'It answered 410 Gone.'],
    [
      'HTML',
      (response) => void response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end('<html>'),
      'It answered 200 OK with text/html that is no JSON object.',
    ],
    [
      'nothing',
      (response) => void response.writeHead(204).end(),
      'It answered 204 No Content with something that is no JSON object.',
    ],
    [
      'a form in place of JSON',
      (response) => void response.writeHead(200).end('access_token=hidden&token_type=bearer'),
      'It answered 200 OK with something that is no JSON object.',
    ],
    [
      'a list',
      (response) => json(response, 200, ['hidden']),
      'It answered 200 OK with application/json that is no JSON object.',
    ],
    [
      'no access_token',
      (response) => json(response, 200, { token: 'hidden' }),
      'It answered 200 OK without an access_token.',
    ],
    ['a number', (response) => json(response, 200, { access_token: 5 }), 'It answered 200 OK without an access_token.'],
    [
      'an empty token',
      (response) => json(response, 200, { access_token: '' }),
      'It answered 200 OK without an access_token.',
    ],
    ...['hid\r\nX-Evil: 1', 'hid den', 'hidü', 'hid\0den'].map((access_token): [string, Answer, string] => [
      `a token that no header can carry: ${JSON.stringify(access_token)}`,
      (response) => json(response, 200, { access_token }),
      'It answered 200 OK with an access_token that no header can carry.',
    ]),
    [
      'a token of another type',
      (response) => json(response, 200, { access_token: 'hidden', token_type: 'mac' }),
      'It answered 200 OK with a token_type other than Bearer, which cannot be sent.',
    ],
    [
      'more than 64 KiB',
      (response) => json(response, 200, { access_token: 'hidden', more: 'x'.repeat(70_000) }),
      'It answered 200 OK with more than 64 KiB.',
    ],
    [
      'half an answer',
      (response) => {
        response.writeHead(200, { 'content-length': '1000' }).write('{', () => response.destroy());
      },
      'ended before it was complete',
    ],
  ])('because of %s is told so, and nothing is sent', async (_what, answer, message) => {
    const { tokens, hook, send } = await stage({ answer });
    const exchange = await send();
    expectNoToken(exchange, new RegExp(`^No access token from 127\\.0\\.0\\.1:${tokens.port}\\. `));
    expect(exchange.failure?.message).toContain(message);
    expect(exchange.failure?.message).not.toContain('hid');
    expect(hook.shown).toEqual([]);
    expect(tokens.requests).toHaveLength(1);
  });

  test('because the endpoint redirects is told so: credentials go to no other address', async () => {
    const other = await tokenServer();
    const { send } = await stage({ answer: (response) => void response.writeHead(307, { location: other.url }).end() });
    expectNoToken(await send(), /It answered 307 Temporary Redirect\. Redirects are not followed\.$/);
    expect(other.requests).toEqual([]);
  });

  test('because nothing listens there', async () => {
    const { send } = await stage({ credentials: { tokenUrl: 'http://127.0.0.1:1/token?key=hidden' } });
    const exchange = await send();
    expectNoToken(exchange, /^No access token from 127\.0\.0\.1:1\. 127\.0\.0\.1:1 refused the connection/);
    expect(exchange.failure?.message).not.toContain('hidden');
  });

  test('because its name resolves to nothing, or to an address that the operator has not allowed', async () => {
    const resolve = async (name: string) => {
      if (name === 'nowhere.test') throw Object.assign(new Error('ENOTFOUND'), { code: 'ENOTFOUND' });
      return [{ address: '10.0.0.5', family: 4 }];
    };
    const { send } = await stage({ resolve });
    expectNoToken(await send({}, { tokenUrl: 'https://nowhere.test/token' }), /could not be resolved: ENOTFOUND/);
    const refused = await send({}, { tokenUrl: 'https://inside.test/token' });
    expectNoToken(refused, /inside\.test resolves to 10\.0\.0\.5, a private address.*WAYBILL_EGRESS_ALLOW/);
  });

  test('because plain http is not allowed there is lifted by allowInsecureHttp, as for the URL', async () => {
    const resolve = async () => [{ address: '93.184.215.14', family: 4 }];
    const { send } = await stage({ resolve, rules: parseEgressAllow('127.0.0.0/8') });
    const tokenUrl = 'http://public.test/token';
    expectNoToken(await send({}, { tokenUrl }), /Plain http .* set allowInsecureHttp/);
    const allowed = await send({ allowInsecureHttp: true, timeoutMs: 50 }, { tokenUrl });
    expect(allowed.failure?.message).not.toContain('Plain http');
  });

  test('is asked for again by the next request, which goes out when there is one', async () => {
    const { tokens, send } = await stage({ answer: (response) => json(response, 500, {}) });
    for (const exchange of await many(send)) expectNoToken(exchange, '500');
    expect(tokens.requests).toHaveLength(1);
    tokens.answer = token();
    expect((await send()).failure).toBeNull();
  });

  test('passes on how long the endpoint wants to be left alone', async () => {
    const { send } = await stage({ answer: (response) => json(response, 429, {}, { 'retry-after': '7' }) });
    expect(await send()).toMatchObject({ retryAfterMs: 7000, failure: { code: 'auth_token_error' } });
  });

  test('has the timings of a connection test that sent nothing', async () => {
    const { send } = await stage({ answer: (response) => json(response, 500, {}) });
    const { timings, durationMs } = await send({ fresh: true });
    expect(timings).toEqual({
      dnsMs: null,
      connectMs: null,
      tlsMs: null,
      sentMs: null,
      firstByteMs: null,
      totalMs: durationMs,
    });
  });
});

describe('the timeout of a request', () => {
  test('holds for the token too, which others may still get', async () => {
    const waiting: ServerResponse[] = [];
    const { send, hook } = await stage({ answer: (response) => void waiting.push(response) });
    const patient = send();
    const exchange = await send({ timeoutMs: 100 });
    expectNoToken(exchange, /It was not done within the 100 ms of the attempt\.$/);
    expect(exchange.durationMs).toBeGreaterThanOrEqual(95);
    token()(waiting[0] as ServerResponse, 1);
    expect((await patient).failure).toBeNull();
    expect(hook.shown).toEqual(['token-1']);
  });

  test('holds for token and request together', async () => {
    const silent = await httpReceiver(() => undefined);
    const tokens = await tokenServer((response) => systemClock.after(300, () => token()(response, 1)));
    const sender = createAuthorizedSender(testClient(), systemClock, asItIs);
    const credentials = { tokenUrl: tokens.url, clientId: 'c', clientSecret: 's' };
    const { failure, durationMs } = await sender.send(requestTo(silent.url, { timeoutMs: 500 }), credentials);
    const [, leftMs] = /was not done within (\d+) ms/.exec(failure?.message ?? '') ?? [];
    expect(failure?.code).toBe('timeout');
    expect(Number(leftMs)).toBeLessThanOrEqual(205);
    expect(durationMs).toBeGreaterThanOrEqual(490);
  });

  test.each([
    ['drips its headers', (socket: Parameters<typeof drip>[0]) => drip(socket, 'a')],
    [
      'never ends its body',
      (socket: Parameters<typeof drip>[0]) => flood(socket, `HTTP/1.1 200 OK\r\n\r\n${' '.repeat(8192)}`),
    ],
  ])('or a bound of size ends a token endpoint that %s', async (_what, script) => {
    const { port } = await scriptedReceiver(script);
    const { send } = await stage({ credentials: { tokenUrl: `http://127.0.0.1:${port}/` } });
    const exchange = await send({ timeoutMs: 300 });
    expectNoToken(exchange, /./);
    expect(exchange.durationMs).toBeLessThan(1000);
  });
});

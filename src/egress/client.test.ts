import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { networkInterfaces } from 'node:os';
import { describe, expect, test } from 'vitest';
import { type Clock, systemClock } from '../kernel/clock.ts';
import { parseEgressAllow, withOwnInboxes } from './allow-list.ts';
import type { Resolve } from './name-lookup.ts';
import {
  answerEmpty,
  bodyOf,
  closed,
  httpReceiver,
  listen,
  requestTo,
  scriptedReceiver,
  testClient,
} from './receivers.fixture.ts';

const NO_ENTRIES = parseEgressAllow(undefined);

/** A resolver that gives these addresses, in this order, one list per look-up and the last one for ever. */
function resolver(...answers: string[][]): Resolve & { calls: string[] } {
  const calls: string[] = [];
  const resolve: Resolve = async (hostname) => {
    const addresses = answers[Math.min(calls.length, answers.length - 1)] ?? [];
    calls.push(hostname);
    return addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
  };
  return Object.assign(resolve, { calls });
}

function hasIpv6(): boolean {
  return Object.values(networkInterfaces()).some((addresses) => addresses?.some(({ address }) => address === '::1'));
}

/** Answers 204 when the request has been read. */
const accept: RequestListener = (request, response) => {
  request.resume().on('end', () => answerEmpty(response, 204));
};

describe('a request', () => {
  test('arrives with exactly its method, path, headers and body', async () => {
    const seen: { request: IncomingMessage; body: string }[] = [];
    const receiver = await httpReceiver(async (request, response) => {
      seen.push({ request, body: await bodyOf(request) });
      response.writeHead(200, { 'content-type': 'text/plain', 'X-Two': ['a', 'b'] }).end('thanks ✓');
    });
    const exchange = await testClient().send(
      requestTo(`http://user:secret@127.0.0.1:${receiver.port}/a%20b?x=1&y=é#part`, {
        method: 'PUT',
        headers: ['Content-Type', 'application/json', 'webhook-id', 'evt_1', 'x-latin', 'caf\u00e9'],
        body: Buffer.from([0, 1, 2, 0xff]),
      }),
    );
    expect(exchange).toMatchObject({
      response: { status: 200, body: 'thanks ✓', truncated: false },
      failure: null,
      retryAfterMs: null,
      remoteAddress: '127.0.0.1',
      timings: null,
      certificate: null,
    });
    expect(exchange.response?.headers).toMatchObject({ 'content-type': 'text/plain', 'x-two': 'a, b' });
    expect(exchange.durationMs).toBeGreaterThanOrEqual(0);
    const [{ request, body } = expect.fail('nothing arrived')] = seen;
    expect(request.method).toBe('PUT');
    expect(request.url).toBe('/a%20b?x=1&y=%C3%A9');
    expect(body).toBe(Buffer.from([0, 1, 2, 0xff]).toString());
    expect(request.rawHeaders).toEqual([
      'host',
      `127.0.0.1:${receiver.port}`,
      'connection',
      'keep-alive',
      'Content-Type',
      'application/json',
      'webhook-id',
      'evt_1',
      'x-latin',
      'caf\u00e9',
      'content-length',
      '4',
    ]); // prettier-ignore
  });

  test.each([
    ['a line break in a value', ['x-a', 'b\r\nx-injected: 1']],
    ['a bare line feed in a value', ['x-a', 'b\nc']],
    ['a NUL in a value', ['x-a', 'b\0c']],
    ['a character beyond Latin-1', ['x-a', '✓']],
    ['a line break in a name', ['x-a\r\nx-injected', '1']],
    ['an empty name', ['', '1']],
    ['a name without a value', ['x-a']],
    ['a length of its own', ['Content-Length', '1']],
    ['a host of its own', ['host', 'evil.example']],
    ['a transfer coding of its own', ['Transfer-Encoding', 'chunked']],
  ])('with %s is thrown back at the caller', async (_what, headers) => {
    const receiver = await httpReceiver(accept);
    expect(() => testClient().send(requestTo(receiver.url, { headers }))).toThrow(TypeError);
    expect(receiver.connections).toHaveLength(0);
  });

  test.each(['ftp://127.0.0.1/', 'not a url', '/hook'])('to %j is thrown back at the caller', (url) => {
    expect(() => testClient().send(requestTo(url))).toThrow(TypeError);
  });
});

describe('the status decides', () => {
  test.each([200, 201, 202, 204, 299])('%i is a success', async (status) => {
    const receiver = await httpReceiver((_, response) => answerEmpty(response, status));
    const exchange = await testClient().send(requestTo(receiver.url));
    expect(exchange.failure).toBeNull();
    expect(exchange.response?.status).toBe(status);
  });

  test.each([
    [300, 'redirect'],
    [302, 'redirect'],
    [304, 'redirect'],
    [308, 'redirect'],
    [400, 'http_status'],
    [401, 'http_status'],
    [404, 'http_status'],
    [410, 'gone'],
    [429, 'http_status'],
    [500, 'http_status'],
    [503, 'http_status'],
    [599, 'http_status'],
  ])('%i is a failure with the code %s', async (status, code) => {
    const receiver = await httpReceiver((_, response) => answerEmpty(response, status));
    const exchange = await testClient().send(requestTo(receiver.url));
    expect(exchange.failure?.code).toBe(code);
    expect(exchange.failure?.message).toContain(`The receiver answered ${status}`);
    expect(exchange.response?.status).toBe(status);
  });

  test('500 is reported in words, with the body', async () => {
    const receiver = await httpReceiver((_, response) => response.writeHead(500).end('out of order'));
    const exchange = await testClient().send(requestTo(receiver.url));
    expect(exchange.failure).toEqual({
      code: 'http_status',
      message: 'The receiver answered 500 Internal Server Error.',
    });
    expect(exchange.response?.body).toBe('out of order');
  });

  test('a redirect to a private address is not followed', async () => {
    const inner = await httpReceiver(accept);
    const receiver = await httpReceiver((_, response) => answerEmpty(response, 307, { location: inner.url }));
    const exchange = await testClient().send(requestTo(receiver.url));
    expect(exchange.failure?.code).toBe('redirect');
    expect(exchange.response?.headers.location).toBe(inner.url);
    expect(inner.connections).toHaveLength(0);
  });

  test.each([
    [429, '7', 7000],
    [503, '7', 7000],
    [503, 'Thu, 01 Jan 1970 00:01:00 GMT', 50_000],
    [503, '999999', 86_400_000],
    [503, 'later', null],
    [500, '7', null],
    [202, '7', null],
  ])('%i with Retry-After: %s asks for a wait of %j ms', async (status, retryAfter, waitMs) => {
    const receiver = await httpReceiver((_, response) => answerEmpty(response, status, { 'retry-after': retryAfter }));
    const clock: Clock = { ...systemClock, now: () => 10_000 };
    const exchange = await testClient({ clock }).send(requestTo(receiver.url));
    expect(exchange.retryAfterMs).toBe(waitMs);
  });
});

describe('the address guard', () => {
  test.each(['127.0.0.1', '127.1', '0x7f.1', '2130706433', '0177.0.0.1', '[::ffff:127.0.0.1]', '127.0.0.1.'])(
    'refuses the literal %s without a connection',
    async (host) => {
      const receiver = await httpReceiver(accept);
      const resolve = resolver(['8.8.8.8']);
      const client = testClient({ rules: NO_ENTRIES, resolve });
      const exchange = await client.send(requestTo(`http://${host}:${receiver.port}/`, { allowInsecureHttp: true }));
      expect(exchange.failure?.code).toBe('egress_refused');
      expect(exchange.failure?.message).toContain(`add 127.0.0.1:${receiver.port} to WAYBILL_EGRESS_ALLOW`);
      expect(exchange).toMatchObject({ response: null, remoteAddress: null });
      expect(receiver.connections).toHaveLength(0);
      expect(resolve.calls).toEqual([]);
    },
  );

  test('refuses a name that resolves to a private address, and names both', async () => {
    const receiver = await httpReceiver(accept);
    const client = testClient({ rules: NO_ENTRIES, resolve: resolver(['127.0.0.1']) });
    const exchange = await client.send(
      requestTo(`http://hooks.example.com:${receiver.port}/`, { allowInsecureHttp: true }),
    );
    expect(exchange.failure).toEqual({
      code: 'egress_refused',
      message:
        'hooks.example.com resolves to 127.0.0.1, a loopback address. ' +
        `To allow it, add hooks.example.com:${receiver.port} to WAYBILL_EGRESS_ALLOW.`,
    });
    expect(receiver.connections).toHaveLength(0);
  });

  test.each([
    { order: 'last', addresses: ['127.0.0.1', '10.0.0.1'] },
    { order: 'first', addresses: ['10.0.0.1', '127.0.0.1'] },
  ])('refuses a name when only the $order of its addresses is not allowed', async ({ addresses }) => {
    const receiver = await httpReceiver(accept);
    const client = testClient({ resolve: resolver(addresses) });
    const exchange = await client.send(requestTo(`http://hooks.example.com:${receiver.port}/`));
    expect(exchange.failure?.code).toBe('egress_refused');
    expect(exchange.failure?.message).toContain('10.0.0.1, a private address');
    expect(receiver.connections).toHaveLength(0);
  });

  test('judges every connection anew, so that a name cannot change its address afterwards', async () => {
    const receiver = await httpReceiver((_, response) => answerEmpty(response, 204, { connection: 'close' }));
    const resolve = resolver(['127.0.0.1'], ['10.0.0.1']);
    const client = testClient({ resolve });
    const url = `http://hooks.example.com:${receiver.port}/`;
    expect((await client.send(requestTo(url))).failure).toBeNull();
    expect((await client.send(requestTo(url))).failure?.code).toBe('egress_refused');
    expect(resolve.calls).toHaveLength(2);
  });

  test('resolves a name once for a connection', async () => {
    const receiver = await httpReceiver(accept);
    const resolve = resolver(['127.0.0.1'], ['10.0.0.1']);
    const client = testClient({ rules: parseEgressAllow(`hooks.example.com:${receiver.port}`), resolve });
    const exchange = await client.send(requestTo(`http://hooks.example.com:${receiver.port}/`));
    expect(exchange).toMatchObject({ failure: null, remoteAddress: '127.0.0.1' });
    expect(resolve.calls).toEqual(['hooks.example.com']);
  });

  test('refuses plain http to a public address at the attempt', async () => {
    const client = testClient({ rules: NO_ENTRIES, resolve: resolver(['8.8.8.8']) });
    const exchange = await client.send(requestTo('http://hooks.example.com/'));
    expect(exchange.failure?.code).toBe('egress_refused');
    expect(exchange.failure?.message).toContain('allowInsecureHttp');
  });

  test("lets Waybill's own inbox through, and no other path of the same origin on that connection", async () => {
    const receiver = await httpReceiver(accept);
    const origin = `http://127.0.0.1:${receiver.port}`;
    const client = testClient({ rules: withOwnInboxes(NO_ENTRIES, [`${origin}/inbox/`]) });
    expect((await client.send(requestTo(`${origin}/inbox/tests`))).failure).toBeNull();
    expect((await client.send(requestTo(`${origin}/api/v1/events`))).failure?.code).toBe('egress_refused');
    expect((await client.send(requestTo(`${origin}/inbox/tests`))).failure).toBeNull();
    expect(receiver.connections).toHaveLength(1);
  });
});

describe('a name', () => {
  test('that does not resolve is a dns_error', async () => {
    const resolve: Resolve = async () => {
      throw Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' });
    };
    const exchange = await testClient({ resolve }).send(requestTo('https://nowhere.invalid/'));
    expect(exchange.failure?.code).toBe('dns_error');
    expect(exchange.failure?.message).toContain('nowhere.invalid:443');
  });

  test('without an address is a dns_error', async () => {
    const exchange = await testClient({ resolve: resolver([]) }).send(requestTo('https://nowhere.invalid/'));
    expect(exchange.failure?.code).toBe('dns_error');
  });

  test('whose look-up never ends is a timeout', async () => {
    const client = testClient({ resolve: () => new Promise(() => {}) });
    const exchange = await client.send(requestTo('https://nowhere.invalid/', { timeoutMs: 100 }));
    expect(exchange.failure?.code).toBe('timeout');
    expect(exchange.failure?.message).toBe(
      'nowhere.invalid:443 was not done within 100 ms: its name was not resolved.',
    );
  });

  test('is looked up once for all that ask at the same time', async () => {
    const receiver = await httpReceiver(accept);
    const resolve = resolver(['127.0.0.1']);
    const client = testClient({ resolve });
    const sends = ['wh_1', 'wh_2', 'wh_3'].map((lane) =>
      client.send(requestTo(`http://hooks.example.com:${receiver.port}/`, { lane })),
    );
    for (const exchange of await Promise.all(sends)) expect(exchange.failure).toBeNull();
    expect(receiver.connections).toHaveLength(3);
    expect(resolve.calls).toHaveLength(1);
  });

  test('with several addresses is reached at the first that takes the connection', async () => {
    const receiver = await httpReceiver(accept);
    const client = testClient({ resolve: resolver(['127.0.0.2', '127.0.0.3', '127.0.0.1']) });
    const exchange = await client.send(requestTo(`http://hooks.example.com:${receiver.port}/`));
    expect(exchange).toMatchObject({ failure: null, remoteAddress: '127.0.0.1' });
  });

  test.skipIf(!hasIpv6())('that is an IPv6 literal is reached (where the machine has IPv6)', async () => {
    const receiver = await listen(createServer(accept), '::1');
    const client = testClient({ rules: parseEgressAllow(`[::1]:${receiver.port}`) });
    const exchange = await client.send(requestTo(`http://[::1]:${receiver.port}/`));
    expect(exchange).toMatchObject({ failure: null, remoteAddress: '::1' });
  });

  test('is resolved by the system when no resolver is given', async () => {
    const receiver = await httpReceiver(accept);
    const client = testClient({ rules: parseEgressAllow('127.0.0.0/8,::1') });
    const exchange = await client.send(requestTo(`http://localhost:${receiver.port}/`));
    expect(exchange).toMatchObject({ failure: null, remoteAddress: '127.0.0.1' });
  });
});

describe('connections', () => {
  test('are reused: sends after one another share one', async () => {
    const receiver = await httpReceiver(accept);
    const client = testClient();
    for (let i = 0; i < 20; i += 1) expect((await client.send(requestTo(receiver.url))).failure).toBeNull();
    expect(receiver.connections).toHaveLength(1);
  });

  test('are at most maxConcurrency for a lane, and the sends beyond wait for one', async () => {
    let isOpen = false;
    const held: (() => void)[] = [];
    const receiver = await httpReceiver((request, response) => {
      const answer = () => answerEmpty(response, 204);
      request.resume().on('end', () => {
        if (isOpen) answer();
        else if (held.push(answer) === 3) {
          isOpen = true;
          for (const release of held) release();
        }
      });
    });
    const client = testClient();
    const sends = Array.from({ length: 12 }, () => client.send(requestTo(receiver.url, { maxConcurrency: 3 })));
    for (const exchange of await Promise.all(sends)) expect(exchange.failure).toBeNull();
    expect(receiver.connections).toHaveLength(3);
  });

  test('of one lane are never used by another', async () => {
    const receiver = await httpReceiver(accept);
    const client = testClient();
    for (const lane of ['wh_1', 'wh_2', 'wh_1', 'wh_2']) await client.send(requestTo(receiver.url, { lane }));
    expect(receiver.connections).toHaveLength(2);
  });

  test('judged with allowInsecureHttp are not used without it', async () => {
    const receiver = await httpReceiver(accept);
    const client = testClient();
    await client.send(requestTo(receiver.url, { allowInsecureHttp: true }));
    await client.send(requestTo(receiver.url, { allowInsecureHttp: false }));
    expect(receiver.connections).toHaveLength(2);
  });

  test('that the receiver closed while idle are replaced without a failure', async () => {
    const receiver = await httpReceiver(accept);
    const client = testClient();
    await client.send(requestTo(receiver.url));
    // A connection is idle from the loop's next turn on; one that dies in the turn of its answer is a lost race.
    await new Promise((resolve) => setImmediate(resolve));
    receiver.connections[0]?.destroy();
    await closed(receiver.connections[0]);
    const exchange = await client.send(requestTo(receiver.url));
    expect(exchange.failure).toBeNull();
    expect(receiver.connections).toHaveLength(2);
  });

  test('of a forgotten lane are closed, and new ones are opened when it is used again', async () => {
    const receiver = await httpReceiver(keepFor60s);
    const client = testClient();
    await client.send(requestTo(receiver.url));
    const isClosed = closed(receiver.connections[0]);
    client.forget('wh_1');
    await isClosed;
    expect((await client.send(requestTo(receiver.url))).failure).toBeNull();
  });

  test('of a lane that was not used for minutes are closed', async () => {
    const clock = steppedClock();
    const receiver = await httpReceiver(keepFor60s);
    const client = testClient({ clock });
    await client.send(requestTo(receiver.url));
    const isClosed = closed(receiver.connections[0]);
    for (let minute = 0; minute < 6; minute += 1) clock.advance(60_000);
    await isClosed;
  });

  test('of the lane used longest ago make room when there are a thousand', async () => {
    const clock = steppedClock();
    const receiver = await httpReceiver(keepFor60s);
    const client = testClient({ clock });
    await client.send(requestTo(receiver.url, { lane: 'oldest' }));
    const isClosed = closed(receiver.connections[0]);
    for (let i = 0; i < 1000; i += 1) {
      clock.advance(1);
      await client.send(requestTo('http://10.0.0.1/', { lane: `wh_${i}` }));
    }
    await isClosed;
  });

  test('are fresh when asked for, with timings, and closed afterwards', async () => {
    const receiver = await httpReceiver(keepFor60s);
    const client = testClient({ resolve: resolver(['127.0.0.1']) });
    const url = `http://hooks.example.com:${receiver.port}/`;
    await client.send(requestTo(url));
    const exchange = await client.send(requestTo(url, { fresh: true }));
    expect(receiver.connections).toHaveLength(2);
    expect(exchange.timings).toEqual({
      dnsMs: expect.any(Number),
      connectMs: expect.any(Number),
      tlsMs: null,
      sentMs: expect.any(Number),
      firstByteMs: expect.any(Number),
      totalMs: expect.any(Number),
    });
    await closed(receiver.connections[1]);
    const literal = await client.send(requestTo(receiver.url, { fresh: true }));
    expect(literal.timings?.dnsMs).toBeNull();
  });

  test('that are refused are reported as such', async () => {
    const server = createServer();
    const { url } = await listen(server);
    await new Promise((resolve) => server.close(resolve));
    const exchange = await testClient().send(requestTo(url, { fresh: true }));
    expect(exchange.failure?.code).toBe('connection_refused');
    expect(exchange.failure?.message).toContain(new URL(url).host);
    expect(exchange.timings).toMatchObject({ connectMs: null, sentMs: null, firstByteMs: null });
  });
});

describe('giving up', () => {
  test('a signal ends a send with its reason and closes the connection', async () => {
    const abort = new AbortController();
    const receiver = await scriptedReceiver(() => abort.abort(new Error('stopping')));
    await expect(testClient().send(requestTo(receiver.url, { signal: abort.signal }))).rejects.toThrow('stopping');
    await closed(receiver.connections[0]);
  });

  test('a send given up while it waits for a connection is never made', async () => {
    const bodies: string[] = [];
    const { promise: arrived, resolve: onArrival } = Promise.withResolvers<ServerResponse>();
    const receiver = await httpReceiver(async (request, response) => {
      bodies.push(await bodyOf(request));
      if (bodies.length === 1) onArrival(response);
      else answerEmpty(response, 204);
    });
    const client = testClient();
    const first = client.send(requestTo(receiver.url, { body: 'first', maxConcurrency: 1 }));
    const abort = new AbortController();
    const second = client.send(requestTo(receiver.url, { body: 'second', maxConcurrency: 1, signal: abort.signal }));
    const third = client.send(requestTo(receiver.url, { body: 'third', maxConcurrency: 1 }));
    abort.abort(new Error('stopping'));
    await expect(second).rejects.toThrow('stopping');
    answerEmpty(await arrived, 204);
    await Promise.all([first, third]);
    expect(bodies).toEqual(['first', 'third']);
  });

  test('a signal that has fired before sends nothing', async () => {
    const receiver = await httpReceiver(accept);
    const signal = AbortSignal.abort(new Error('stopped'));
    await expect(testClient().send(requestTo(receiver.url, { signal }))).rejects.toThrow('stopped');
    expect(receiver.connections).toHaveLength(0);
  });

  test('a closing client waits for the sends underway and takes no more', async () => {
    const { promise: arrived, resolve: onArrival } = Promise.withResolvers<ServerResponse>();
    const receiver = await httpReceiver((_, response) => onArrival(response));
    const client = testClient();
    const sent = client.send(requestTo(receiver.url));
    const response = await arrived;
    const isClosed = client.close();
    expect(() => client.send(requestTo(receiver.url))).toThrow('closed');
    answerEmpty(response, 204);
    await isClosed;
    expect((await sent).failure).toBeNull();
  });
});

const keepFor60s: RequestListener = (request, response) => {
  request.resume().on('end', () => answerEmpty(response, 204, { 'keep-alive': 'timeout=60' }));
};

/** A clock that stands still but for `advance`, which runs what has become due. */
function steppedClock(): Clock & { advance(ms: number): void } {
  let nowMs = 1_000_000;
  let timers: { dueMs: number; run: () => void }[] = [];
  return {
    now: () => nowMs,
    monotonicMs: () => nowMs,
    after(delayMs, run) {
      const timer = { dueMs: nowMs + delayMs, run };
      timers.push(timer);
      return {
        cancel() {
          timers = timers.filter((other) => other !== timer);
        },
      };
    },
    advance(ms) {
      nowMs += ms;
      const due = timers.filter((timer) => timer.dueMs <= nowMs);
      timers = timers.filter((timer) => timer.dueMs > nowMs);
      for (const timer of due) timer.run();
    },
  };
}

import { createServer, type IncomingMessage } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { connect, createServer as createTcpServer, type Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { hasOpenssl, makeCertificate, pinOf } from '../../test/harness/certificates.ts';
import { parseEgressAllow } from './allow-list.ts';
import { isProxied, parseProxy } from './proxy.ts';
import {
  closed,
  httpReceiver,
  listen,
  type Receiver,
  requestTo,
  scriptedReceiver,
  testClient,
} from './receivers.fixture.ts';
import { tlsSettings } from './tls-settings.ts';

/** A proxy that opens a way to loopback whatever it is asked for, and remembers what it was asked. */
async function startProxy(answer = 'HTTP/1.1 200 Connection established\r\n\r\n') {
  const asked: { authority: string | undefined; headers: IncomingMessage['headers'] }[] = [];
  const server = createServer((_request, response) => response.writeHead(500).end());
  server.on('connect', (request: IncomingMessage, socket: Socket) => {
    asked.push({ authority: request.url, headers: request.headers });
    socket.on('error', () => {});
    if (!answer.includes(' 200 ')) {
      socket.end(answer);
      return;
    }
    const way = connect(Number(request.url?.split(':').at(-1)), '127.0.0.1', () => {
      socket.write(answer);
      way.pipe(socket).pipe(way);
    });
    way.on('error', () => socket.destroy());
    socket.on('close', () => way.destroy());
  });
  return { ...(await listen(server)), asked };
}

function clientThrough(proxy: Pick<Receiver, 'port'>, { noProxy = '', allow = '', credentials = '' } = {}) {
  return testClient({
    rules: parseEgressAllow(allow),
    proxy: parseProxy(`http://${credentials}127.0.0.1:${proxy.port}`, noProxy),
    // Names are the proxy's to resolve.
    resolve: (name) => Promise.reject(new Error(`${name} must not be resolved here`)),
  });
}

const NAME = 'hooks.example.com';

describe('through a proxy', () => {
  test('plain http reaches a name that nobody here can resolve, and the proxy is the address reached', async () => {
    const [proxy, hosts] = [await startProxy(), [] as (string | undefined)[]];
    const receiver = await httpReceiver((request, response) => {
      hosts.push(request.headers.host);
      expect(request.headers).not.toHaveProperty('proxy-authorization');
      request.resume().on('end', () => response.writeHead(204).end());
    });
    const client = clientThrough(proxy, { credentials: 'us%20er:p%40ss@' });
    const request = requestTo(`http://${NAME}:${receiver.port}/a`, { allowInsecureHttp: true });
    for (const fresh of [true, false, false]) expect((await client.send({ ...request, fresh })).failure).toBeNull();
    const exchange = await client.send({ ...request, fresh: true });
    expect(exchange).toMatchObject({ remoteAddress: '127.0.0.1', proxy: `127.0.0.1:${proxy.port}` });
    expect(exchange.timings).toMatchObject({ dnsMs: null, connectMs: expect.any(Number), tlsMs: null });
    expect(hosts).toEqual(Array(4).fill(`${NAME}:${receiver.port}`));
    expect(proxy.asked).toHaveLength(3);
    expect(proxy.asked[0]).toEqual({
      authority: `${NAME}:${receiver.port}`,
      headers: expect.objectContaining({
        'proxy-authorization': `Basic ${Buffer.from('us er:p@ss').toString('base64')}`,
      }),
    });
  });

  test.skipIf(!hasOpenssl)('TLS is spoken with the receiver, whose certificate counts', async () => {
    const [proxy, pair] = [await startProxy(), makeCertificate()];
    const server = createHttpsServer(pair, (request, response) => {
      request.resume().on('end', () => response.writeHead(204).end());
    });
    const receiver = await listen(server);
    const client = clientThrough(proxy);
    const request = requestTo(`https://${NAME}:${receiver.port}/`, { fresh: true });
    expect(await client.send(request)).toMatchObject({ failure: { code: 'tls_error' }, tlsTrouble: 'self_signed' });
    const none = {
      caPem: null,
      pinnedSha256: null,
      clientCertPem: null,
      clientKeyPem: null,
      insecureSkipVerify: false,
    };
    const trusted = await client.send({ ...request, tls: tlsSettings({ ...none, caPem: pair.cert }) });
    expect(trusted).toMatchObject({ failure: null, certificate: { sha256: pinOf(pair) } });
  });

  test.each([
    ['http://169.254.169.254/', 'egress_refused', /link-local/],
    ['https://10.0.0.1/', 'egress_refused', /private/],
    ['https://[::ffff:10.0.0.1]/', 'egress_refused', /private/],
    ['https://localhost/', 'egress_refused', /machine itself/],
    ['https://a.LOCALHOST./', 'egress_refused', /machine itself/],
    [`http://${NAME}/`, 'egress_refused', /allowInsecureHttp/],
  ])('%s is refused before the proxy is asked', async (url, code, words) => {
    const proxy = await startProxy();
    const { failure } = await clientThrough(proxy).send(requestTo(url));
    expect(failure?.code).toBe(code);
    expect(failure?.message).toMatch(words);
    expect(proxy.connections).toEqual([]);
  });

  test('a name on the allow list may be sent to over plain http, and localhost by its name', async () => {
    const proxy = await startProxy();
    const receiver = await httpReceiver((request, response) => {
      request.resume().on('end', () => response.writeHead(204).end());
    });
    const allow = `${NAME}:${receiver.port},localhost:${receiver.port}`;
    for (const host of [NAME, 'localhost']) {
      const { failure } = await clientThrough(proxy, { allow }).send(requestTo(`http://${host}:${receiver.port}/`));
      expect(failure).toBeNull();
    }
  });

  test('what is excepted is dialled directly, and judged', async () => {
    const proxy = await startProxy();
    const receiver = await httpReceiver((request, response) => {
      request.resume().on('end', () => response.writeHead(204).end());
    });
    const allowed = clientThrough(proxy, { noProxy: '127.0.0.0/8', allow: '127.0.0.1' });
    expect(await allowed.send(requestTo(receiver.url, { fresh: true }))).toMatchObject({ failure: null, proxy: null });
    const refusing = clientThrough(proxy, { noProxy: '*' });
    expect((await refusing.send(requestTo(receiver.url))).failure?.code).toBe('egress_refused');
    expect(proxy.connections).toEqual([]);
  });

  test.each([
    ['HTTP/1.1 407 Proxy Authentication Required\r\n\r\n', 'connection_refused', /credentials \(407\)/],
    ['HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n', 'connection_refused', /no way to .*: it answers 403/],
    ['HTTP/1.1 502 Bad Gateway\r\n\r\n', 'connection_refused', /502/],
    ['SSH-2.0-OpenSSH\r\n\r\n', 'response_invalid', /not answer in HTTP/],
    ['HTTP/1.1 200 OK', 'connection_reset', /closed the connection/],
    [`HTTP/1.1 200 OK\r\na: ${'b'.repeat(20_000)}`, 'response_invalid', /16 KiB/],
    ['HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n', 'response_invalid', /more than it was asked/],
  ])('a proxy that answers %j is a failure that names it, and never a success', async (answer, code, words) => {
    const proxy = await listen(createTcpServer((socket) => socket.once('data', () => socket.end(answer))));
    const { failure } = await clientThrough(proxy).send(requestTo(`https://${NAME}/`));
    expect(failure?.code).toBe(code);
    expect(failure?.message).toMatch(words);
    expect(failure?.message).toContain(`127.0.0.1:${proxy.port}`);
  });

  test('a proxy that never answers is a timeout, and the connection is closed', async () => {
    const proxy = await scriptedReceiver(() => {});
    const { failure } = await clientThrough(proxy).send(requestTo(`https://${NAME}/`, { timeoutMs: 200 }));
    expect(failure).toMatchObject({ code: 'timeout', message: expect.stringContaining('the proxy had not opened') });
    await closed(proxy.connections[0]);
  });

  test('a proxy that is not there is told as such', async () => {
    const { failure } = await clientThrough({ port: 9 }).send(requestTo(`https://${NAME}/`));
    expect(failure).toMatchObject({ code: 'connection_refused', message: expect.stringContaining('The proxy cannot') });
  });
});

test.each([
  ['', 'a.example.com', 443, true],
  ['*', 'a.example.com', 443, false],
  ['example.com', 'example.com', 443, false],
  ['example.com', 'A.Example.com.', 443, false],
  ['.example.com, other.example', 'a.b.example.com', 443, false],
  ['*.example.com', 'a.example.com', 443, false],
  ['example.com', 'notexample.com', 443, true],
  ['example.com:8443', 'example.com', 8443, false],
  ['example.com:8443', 'example.com', 443, true],
  ['10.0.0.0/8', '10.1.2.3', 80, false],
  ['10.0.0.0/8', '11.1.2.3', 80, true],
  ['10.0.0.5', '10.0.0.5', 80, false],
  ['fd00::/8', 'fd00::1', 80, false],
  ['::1', '::1', 80, false],
  ['10.0.0.5:8080', '10.0.0.5', 80, true],
])('with WAYBILL_NO_PROXY=%s, %s:%i goes through the proxy: %s', (noProxy, hostname, port, expected) => {
  const proxy = parseProxy('http://proxy.internal:3128', noProxy);
  expect(proxy && isProxied(proxy, hostname, port)).toBe(expected);
});

test.each([
  ['proxy.internal:3128', 'proxy.internal:3128', null],
  ['http://proxy.internal', 'proxy.internal:80', null],
  ['http://[fd00::5]:3128/', '[fd00::5]:3128', null],
  ['http://user:p%3Ass@proxy.internal:3128', 'proxy.internal:3128', 'Basic dXNlcjpwOnNz'],
])('the proxy %s is understood', (url, name, authorization) => {
  expect(parseProxy(url, '')).toMatchObject({ name, authorization });
});

test.each([
  'https://proxy.internal',
  'socks5://proxy.internal:1080',
  'http://',
  'http://u:hidden@p:3128/x',
  'http://u:%zz@p',
])('the proxy %s is refused without a word of it in the error', (url) => {
  expect(() => parseProxy(url, '')).toThrow(/^WAYBILL_HTTP_PROXY: /);
  expect(() => parseProxy(url, '')).not.toThrow(/hidden|internal/);
});

test.each(['a b', 'http://example.com', '10.0.0.0/33', 'example.com:99999'])('the exception %s is refused', (entry) => {
  expect(() => parseProxy(null, entry)).toThrow(/^WAYBILL_NO_PROXY: .*not understood/);
});

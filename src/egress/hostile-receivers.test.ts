import { describe, expect, test } from 'vitest';
import {
  closed,
  drip,
  flood,
  httpReceiver,
  rawReceiver,
  requestTo,
  scriptedReceiver,
  testClient,
} from './receivers.fixture.ts';

/** Far below the test's own limit, far above what a loaded machine needs to notice a deadline. */
const DEADLINE_MS = 300;
const LATE_MS = 3000;
const MAX_BODY = 65_536;

function hurried(url: string) {
  return requestTo(url, { timeoutMs: DEADLINE_MS });
}

describe('the deadline holds against a receiver that', () => {
  test.each([
    ['takes the connection and says nothing', 'it did not answer', () => {}],
    [
      'sends its status line byte by byte, without end',
      'the head of its answer had not ended',
      (socket) => {
        socket.write('HTTP/1.1 200 ');
        drip(socket, 'O');
      },
    ],
    [
      'sends its headers piece by piece, without end',
      'the head of its answer had not ended',
      (socket) => {
        socket.write('HTTP/1.1 200 OK\r\n');
        drip(socket, 'a: b\r\n');
      },
    ],
    [
      'sends its body piece by piece, without end',
      'the body of its answer had not ended',
      (socket) => {
        socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n');
        drip(socket, '1\r\na\r\n');
      },
    ],
    [
      'keeps announcing its answer',
      'the head of its answer had not ended',
      (socket) => drip(socket, 'HTTP/1.1 102 Processing\r\n\r\n'),
    ],
    [
      'never sends the rest of its body',
      'the body of its answer had not ended',
      (socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello'),
    ],
  ] as [string, string, Parameters<typeof scriptedReceiver>[0]][])('%s', async (_what, stage, script) => {
    const receiver = await scriptedReceiver(script);
    const exchange = await testClient().send(hurried(receiver.url));
    expect(exchange.failure?.code).toBe('timeout');
    expect(exchange.failure?.message).toContain(stage);
    expect(exchange.durationMs).toBeLessThan(LATE_MS);
    await closed(receiver.connections[0]);
  });
});

describe('an answer is invalid when it', () => {
  test.each([
    ['is not HTTP', 'SSH-2.0-OpenSSH_9.6\r\n', true],
    ['ends before its Content-Length', 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello', true],
    ['has two different lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello', false],
    ['has a length that is none', 'HTTP/1.1 200 OK\r\ncontent-length: ten\r\n\r\nhello', false],
    ['has a chunk size that is none', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\nhello\r\n', false],
    ['ends within a chunk', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\na\r\nhello', true],
    ['ends before the last chunk', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n', true],
    ['ends within its headers', 'HTTP/1.1 200 OK\r\ncontent-le', true],
    ['announces itself and then ends', 'HTTP/1.1 103 Early Hints\r\n\r\n', true],
    ['switches protocols', 'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n', false],
    ['has headers of more than 16 KiB', `HTTP/1.1 200 OK\r\nx: ${'a'.repeat(17_000)}\r\n\r\n`, false],
    ['has two thousand headers', `HTTP/1.1 200 OK\r\n${'name: value-value\r\n'.repeat(2000)}\r\n`, false],
  ])('%s', async (_what, text, thenClose) => {
    const receiver = await rawReceiver(text, { thenClose });
    const exchange = await testClient().send(requestTo(receiver.url));
    expect(exchange.failure?.code).toBe('response_invalid');
    expect(exchange.failure?.message).toContain(`127.0.0.1:${receiver.port}`);
    expect(exchange.durationMs).toBeLessThan(LATE_MS);
  });

  test('is announced a million times', async () => {
    const receiver = await scriptedReceiver((socket) => flood(socket, 'HTTP/1.1 102 Processing\r\n\r\n'.repeat(100)));
    const exchange = await testClient().send(requestTo(receiver.url));
    expect(exchange.failure?.code).toBe('response_invalid');
    expect(exchange.durationMs).toBeLessThan(LATE_MS);
  });
});

describe('a connection is reset', () => {
  test('when the receiver closes it without an answer', async () => {
    const receiver = await scriptedReceiver((socket) => socket.end());
    const exchange = await testClient().send(requestTo(receiver.url));
    expect(exchange.failure?.code).toBe('connection_reset');
    expect(exchange.failure?.message).toContain(`127.0.0.1:${receiver.port}`);
    expect(exchange.response).toBeNull();
  });

  test('when the receiver resets it without an answer', async () => {
    const receiver = await scriptedReceiver((socket) => socket.resetAndDestroy());
    const exchange = await testClient().send(requestTo(receiver.url));
    expect(exchange.failure?.code).toBe('connection_reset');
  });

  test('when the receiver resets it in the middle of its body, and what had come is shown', async () => {
    const receiver = await scriptedReceiver((socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello', () => socket.resetAndDestroy());
    });
    const exchange = await testClient().send(requestTo(receiver.url));
    expect(['connection_reset', 'response_invalid']).toContain(exchange.failure?.code);
    if (exchange.response !== null) expect(exchange.response).toMatchObject({ status: 200, truncated: true });
  });
});

describe('a body', () => {
  test('without end is a success once 64 KiB have come, and costs no more than that', async () => {
    let writtenBytes = 0;
    const receiver = await scriptedReceiver((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      flood(socket, 'x'.repeat(16_384), (bytes) => {
        writtenBytes += bytes;
      });
    });
    const exchange = await testClient().send(requestTo(receiver.url));
    expect(exchange.failure).toBeNull();
    expect(exchange.response?.truncated).toBe(true);
    expect(exchange.response?.body).toBe('x'.repeat(MAX_BODY));
    await closed(receiver.connections[0]);
    // What both sides' socket buffers hold, and no stream without end.
    expect(writtenBytes).toBeLessThan(32 * 1024 * 1024);
  });

  test('without end does not turn a 500 into a success', async () => {
    const receiver = await scriptedReceiver((socket) => {
      socket.write('HTTP/1.1 500 Oops\r\n\r\n');
      flood(socket, 'x'.repeat(16_384));
    });
    const exchange = await testClient().send(requestTo(receiver.url));
    expect(exchange.failure?.code).toBe('http_status');
    expect(exchange.response).toMatchObject({ status: 500, truncated: true });
  });

  test('of single bytes is collected like any other', async () => {
    const receiver = await rawReceiver(
      `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${'1\r\na\r\n'.repeat(20_000)}0\r\n\r\n`,
      { thenClose: false },
    );
    const exchange = await testClient().send(requestTo(receiver.url));
    expect(exchange.failure).toBeNull();
    expect(exchange.response).toMatchObject({ body: 'a'.repeat(20_000), truncated: false });
  });

  test.each([
    [MAX_BODY, false],
    [MAX_BODY + 1, true],
  ])('of %i bytes is truncated: %j', async (size, truncated) => {
    const receiver = await httpReceiver((_, response) => response.end(Buffer.alloc(size, 'x')));
    const exchange = await testClient().send(requestTo(receiver.url));
    expect(exchange.failure).toBeNull();
    expect(exchange.response?.truncated).toBe(truncated);
    expect(exchange.response?.body).toHaveLength(MAX_BODY);
  });

  test('that stops at its first 64 KiB and never ends is a success at the deadline', async () => {
    const receiver = await rawReceiver(`HTTP/1.1 200 OK\r\n\r\n${'x'.repeat(MAX_BODY)}`, { thenClose: false });
    const exchange = await testClient().send(hurried(receiver.url));
    expect(exchange.failure).toBeNull();
    expect(exchange.response).toMatchObject({ status: 200, truncated: true });
  });

  test('that is cut within a character leaves the character out', async () => {
    const receiver = await httpReceiver((_, response) => response.end(`x${'é'.repeat(MAX_BODY)}`));
    const exchange = await testClient().send(requestTo(receiver.url));
    expect(exchange.response?.body).toBe(`x${'é'.repeat(MAX_BODY / 2 - 1)}`);
  });

  test('that never ends does not hide a redirect, a 410 or a Retry-After', async () => {
    const never = (head: string) => rawReceiver(`HTTP/1.1 ${head}\r\ncontent-length: 9\r\n\r\n`, { thenClose: false });
    const client = testClient();
    const redirect = await client.send(hurried((await never('302 Found\r\nlocation: /')).url));
    expect(redirect.failure?.code).toBe('redirect');
    const gone = await client.send(hurried((await never('410 Gone')).url));
    expect(gone.failure?.code).toBe('gone');
    const busy = await client.send(hurried((await never('503 Busy\r\nretry-after: 7')).url));
    expect(busy).toMatchObject({ failure: { code: 'http_status' }, retryAfterMs: 7000 });
  });

  test('behind a 304 does not become the answer to the next request', async () => {
    const receiver = await rawReceiver(
      'HTTP/1.1 304 Not Modified\r\ncontent-length: 38\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n',
      { thenClose: false },
    );
    const client = testClient();
    expect((await client.send(requestTo(receiver.url))).failure?.code).toBe('redirect');
    expect((await client.send(requestTo(receiver.url))).failure?.code).toBe('redirect');
  });

  test('in a content coding is not unpacked', async () => {
    const receiver = await httpReceiver((_, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(Buffer.from([0x1f, 0x8b, 0x08]));
    });
    const exchange = await testClient().send(requestTo(receiver.url));
    expect(exchange.failure).toBeNull();
    expect(exchange.response?.body).toHaveLength(3);
  });
});

test('an answer sent beside the one that was asked for is not taken for the next one', async () => {
  const receiver = await rawReceiver(
    'HTTP/1.1 500 Oops\r\ncontent-length: 0\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n',
    { thenClose: false },
  );
  const client = testClient();
  for (let i = 0; i < 3; i += 1) {
    expect((await client.send(requestTo(receiver.url))).failure?.code).toBe('http_status');
  }
});

test('a hung receiver holds up no other lane, not even one to the same origin', async () => {
  const receiver = await scriptedReceiver((socket) => {
    if (receiver.connections.indexOf(socket) >= 4) socket.write('HTTP/1.1 204 No Content\r\n\r\n');
  });
  const client = testClient();
  const abort = new AbortController();
  const hung = requestTo(receiver.url, { lane: 'wh_hung', signal: abort.signal });
  const stuck = Promise.allSettled(Array.from({ length: 16 }, () => client.send(hung)));
  const exchange = await client.send(requestTo(receiver.url, { lane: 'wh_healthy' }));
  expect(exchange.failure).toBeNull();
  abort.abort();
  for (const { status } of await stuck) expect(status).toBe('rejected');
  expect(receiver.connections).toHaveLength(5);
});

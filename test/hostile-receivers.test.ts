import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { createWebhook, ownType, readUntil } from './api/stage.ts';
import { hasOpenssl, makeCertificate, pinOf } from './harness/certificates.ts';
import { answering, startReceiver } from './harness/receiver.ts';
import { shareServer } from './harness/server.ts';

/**
 * What a receiver that means harm can cost: time, memory, and the webhook beside it. A name that resolves differently
 * the second time needs a resolver of its own, and is in `src/egress/client.test.ts`.
 */

/** Fewer failures in a row than a breaker needs to open. */
const EVENTS = 8;
const TIMEOUT_MS = 400;
/** The deadline, and what a loaded machine needs to notice it. */
const MAX_ATTEMPT_MS = TIMEOUT_MS + 2_000;
const MAX_GROWTH_MIB = 64;
const MAX_NEIGHBOUR_MS = 2_000;
const DRIP_MS = 5;

const server = shareServer({ env: { WAYBILL_METRICS_PUBLIC: 'true' } });

interface Measured {
  receiver: string;
  ends: string;
  'slowest attempt, ms': number;
  'memory, MiB': number;
  "neighbour's slowest, ms": number;
}

const measured: Measured[] = [];

afterAll(() => {
  const bounds = `each attempt <= ${MAX_ATTEMPT_MS} ms, memory <= +${MAX_GROWTH_MIB} MiB, the webhook beside it <= ${MAX_NEIGHBOUR_MS} ms`;
  console.info(`Hostile receivers: ${EVENTS} events, a deadline of ${TIMEOUT_MS} ms. Bounds: ${bounds}.`);
  console.table(measured);
});

// ── receivers ──────────────────────────────────────────────────────────────────────────────────────────────────────

async function listen(listener: Server): Promise<number> {
  const sockets = new Set<Socket>();
  listener.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => listener.close(resolve));
  });
  return (listener.address() as AddressInfo).port;
}

/** A receiver that does this with a connection once the first bytes of a request are there. */
async function scripted(script: (socket: Socket) => void): Promise<string> {
  const listener = createServer({ allowHalfOpen: true }, (socket) => socket.once('data', () => script(socket)));
  return `http://127.0.0.1:${await listen(listener)}/`;
}

function drip(socket: Socket, piece: string): void {
  const timer = setInterval(() => socket.write(piece), DRIP_MS);
  socket.once('close', () => clearInterval(timer)).once('end', () => socket.end());
}

function flood(socket: Socket, text: string): void {
  const write = (): void => {
    while (socket.writable && socket.write(text));
  };
  socket.on('drain', write);
  write();
}

/** 64 MiB of nothing, in as many KiB. */
const bomb = gzipSync(Buffer.alloc(64 * 2 ** 20));

const scripts: [receiver: string, ends: string, script: (socket: Socket) => void][] = [
  ['takes the request and says nothing', 'timeout', () => {}],
  [
    'drips its headers',
    'timeout',
    (socket) => {
      socket.write('HTTP/1.1 200 OK\r\n');
      drip(socket, 'a: b\r\n');
    },
  ],
  [
    'drips its body',
    'timeout',
    (socket) => {
      socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n');
      drip(socket, '1\r\na\r\n');
    },
  ],
  [
    'has a body without end',
    'delivered',
    (socket) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      flood(socket, 'x'.repeat(65_536));
    },
  ],
  [
    'sends a compressed bomb',
    'delivered',
    (socket) => {
      socket.write(`HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: ${bomb.length}\r\n\r\n`);
      socket.end(bomb);
    },
  ],
  [
    'sends less than its Content-Length',
    'response_invalid',
    (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello'),
  ],
  [
    'resets the connection within its body',
    'connection_reset',
    (socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhello', () => socket.resetAndDestroy());
    },
  ],
  ['closes its half of the connection and keeps the other', 'connection_reset', (socket) => socket.end()],
  [
    'floods with interim answers',
    'response_invalid',
    (socket) => flood(socket, 'HTTP/1.1 102 Processing\r\n\r\n'.repeat(100)),
  ],
  [
    'has headers without end',
    'response_invalid',
    (socket) => {
      socket.write('HTTP/1.1 200 OK\r\n');
      flood(socket, `x: ${'a'.repeat(4096)}\r\n`);
    },
  ],
  [
    'redirects to an address of the cloud it runs in',
    'redirect',
    (socket) =>
      socket.end('HTTP/1.1 302 Found\r\nlocation: http://169.254.169.254/latest/\r\ncontent-length: 0\r\n\r\n'),
  ],
  [
    'says that nothing has changed, and answers the next request beforehand',
    'redirect',
    (socket) => socket.write('HTTP/1.1 304 Not Modified\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'),
  ],
];

// ── what they cost ─────────────────────────────────────────────────────────────────────────────────────────────────

async function residentMib(): Promise<number> {
  const metrics = await (await fetch(`${server().url}/metrics`)).text();
  return Number(/^process_resident_memory_bytes (\d+)$/m.exec(metrics)?.[1]) / 2 ** 20;
}

/** Publishes events to the receiver and to a healthy one beside it, and holds what that costs against the bounds. */
async function expectBounded(receiver: string, ends: string, settings: object): Promise<void> {
  const type = ownType();
  const healthy = await startReceiver(answering(204));
  await createWebhook(server(), { url: healthy.url, eventTypes: [type] });
  const retry = { strategy: 'delays', delaysMs: [] };
  const hostile = await createWebhook(server(), { eventTypes: [type], timeoutMs: TIMEOUT_MS, retry, ...settings });
  const before = await residentMib();
  const publishedAt = Date.now();
  const batch = Array.from({ length: EVENTS }, () => ({ type, data: {} }));
  expect((await server().call('POST', '/events', batch)).status).toBe(202);
  const arrivals = await healthy.arrived(EVENTS);
  const { items } = await readUntil(server(), `/deliveries?webhookId=${hostile.id}&limit=250`, (page) =>
    page.items.every(({ state }: { state: string }) => ['delivered', 'exhausted'].includes(state)),
  );
  const growthMib = (await residentMib()) - before;
  const deliveries = await Promise.all(
    items.map(async ({ id }: { id: string }) => (await server().call('GET', `/deliveries/${id}`)).body),
  );
  const attempts = deliveries.map((delivery) => delivery.attempts[0]);
  expect(attempts).toHaveLength(EVENTS);
  const slowestMs = Math.max(...attempts.map(({ durationMs }) => durationMs));
  const neighbourMs = Math.max(...arrivals.map(({ at }) => at - publishedAt));
  measured.push({
    receiver,
    ends,
    'slowest attempt, ms': Math.round(slowestMs),
    'memory, MiB': Math.round(growthMib),
    "neighbour's slowest, ms": neighbourMs,
  });
  expect([...new Set(attempts.map(({ error }) => error?.code ?? 'delivered'))]).toEqual([ends]);
  expect(slowestMs).toBeLessThan(MAX_ATTEMPT_MS);
  expect(growthMib).toBeLessThan(MAX_GROWTH_MIB);
  expect(neighbourMs).toBeLessThan(MAX_NEIGHBOUR_MS);
}

test.each(scripts)('a receiver that %s ends as %s, and costs no more than that', async (receiver, ends, script) => {
  await expectBounded(receiver, ends, { url: await scripted(script) });
});

test('a receiver that never finishes TLS ends as timeout, and costs no more than that', async () => {
  const url = (await scripted(() => {})).replace('http:', 'https:');
  await expectBounded('never finishes TLS', 'timeout', { url });
});

test.skipIf(!hasOpenssl)(
  'a receiver that changes its certificate ends as tls_error, and costs no more than that',
  async () => {
    const altName = 'IP:127.0.0.1';
    const pinned = makeCertificate({ altName });
    const https = createTlsServer(makeCertificate({ altName }), (_request, response) => response.end());
    const url = `https://127.0.0.1:${await listen(https)}/`;
    const settings = { url, tls: { pinnedSha256: pinOf(pinned) } };
    await expectBounded('changes its certificate', 'tls_error', settings);
  },
);

import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { readDelivered } from './benchmark-event.ts';
import { createGenerator, type Load } from './generator.ts';
import { monotonicUs } from './monotonic.ts';
import { createReceiver } from './receiver.ts';
import { makeFolder, removeFolder, startSubject } from './subject.ts';

interface PublishedEvent {
  data: { transfer: { id: string } };
}

/** A publish API that remembers what it was sent and answers as told. */
async function startApi(answer: (events: PublishedEvent[], response: ServerResponse) => void) {
  const events: PublishedEvent[] = [];
  const server = createServer(async (request: IncomingMessage, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = JSON.parse(Buffer.concat(chunks).toString()) as PublishedEvent | PublishedEvent[];
    const published = Array.isArray(body) ? body : [body];
    events.push(...published);
    answer(published, response);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return { port: (server.address() as AddressInfo).port, events };
}

function accept(_: PublishedEvent[], response: ServerResponse): void {
  response.writeHead(202, { 'content-length': 2 }).end('{}');
}

function load(port: number, over: Partial<Load>): Load {
  return {
    port,
    apiKey: 'k'.repeat(32),
    connections: 4,
    batchSize: 1,
    webhookCount: 8,
    pace: { kind: 'publish', events: 40 },
    ...over,
  };
}

async function startReceiver() {
  const receiver = createReceiver();
  onTestFinished(() => receiver.close());
  return { receiver, port: await receiver.listen({}) };
}

function signedRequest(port: number, path: string, body: string): Promise<Response> {
  return fetch(`http://127.0.0.1:${port}${path}`, {
    method: 'POST',
    headers: { 'webhook-id': 'evt_1', 'webhook-signature': 'v1,x' },
    body,
  });
}

function benchmarkBody(number: number): string {
  const digits = (value: number, width: number): string => String(value).padStart(width, '0');
  return JSON.stringify({ transfer: { benchSentAt: digits(monotonicUs(), 16), benchNumber: digits(number, 8) } });
}

test('a publish load sends each event once, evenly over the webhooks, and numbers go on in the next load', async () => {
  const api = await startApi(accept);
  const generator = createGenerator();
  const first = await generator.run(load(api.port, { pace: { kind: 'publish', events: 40 } }));
  const second = await generator.run(load(api.port, { batchSize: 10, pace: { kind: 'publish', events: 40 } }));
  expect(first).toMatchObject({ firstNumber: 0, sent: 40, acknowledged: 40, unacknowledged: [], firstRefusal: null });
  expect(second).toMatchObject({ firstNumber: 40, sent: 40, acknowledged: 40 });
  const numbers = api.events.map((event) => readDelivered(Buffer.from(JSON.stringify(event)))?.number);
  expect(numbers.toSorted((a = 0, b = 0) => a - b)).toEqual(Array.from({ length: 80 }, (_, index) => index));
  expect(api.events.filter(({ data }) => data.transfer.id === 'bench-08')).toHaveLength(10);
});

test('a steady load keeps its rate, and an event that had to wait counts from when it was due', async () => {
  // With one connection and answers twice as slow as the schedule, all events but the first leave late.
  const api = await startApi((events, response) => void setTimeout(() => accept(events, response), 20));
  const pace = { kind: 'steady', ratePerSecond: 100, seconds: 0.3 } as const;
  const outcome = await createGenerator().run(load(api.port, { connections: 1, pace }));
  expect(outcome).toMatchObject({ sent: 30, acknowledged: 30 });
  expect(outcome.lateness.maxMs).toBeGreaterThan(200);
  const dueAtUs = api.events.map((event) => readDelivered(Buffer.from(JSON.stringify(event)))?.sentAtUs ?? 0);
  expect(dueAtUs.map((atUs) => atUs - (dueAtUs[0] as number))).toEqual(
    Array.from({ length: 30 }, (_, index) => index * 10_000),
  );
});

test('an event that is refused, or whose connection breaks, is not acknowledged, and the answer is told', async () => {
  let requests = 0;
  const api = await startApi((events, response) => {
    requests += 1;
    if (requests === 2) response.writeHead(503, { 'content-length': 4 }).end('full');
    else if (requests === 5) response.destroy();
    else accept(events, response);
  });
  const outcome = await createGenerator().run(
    load(api.port, { connections: 2, pace: { kind: 'publish', events: 20 } }),
  );
  expect(outcome).toMatchObject({ sent: 20, acknowledged: 18, firstRefusal: '503 full' });
  expect(outcome.unacknowledged).toHaveLength(2);
});

test('a load ends when the server has closed every connection', async () => {
  const server = createTcpServer((socket) => socket.on('data', () => socket.destroy()));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const outcome = await createGenerator().run(load(port, { connections: 3, pace: { kind: 'saturate', seconds: 60 } }));
  expect(outcome).toMatchObject({ sent: 3, acknowledged: 0 });
  expect(outcome.unacknowledged).toEqual([0, 1, 2]);
});

test('a load on a port where nothing listens is an error', async () => {
  const server = createTcpServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  await expect(createGenerator().run(load(port, {}))).rejects.toThrow('ECONNREFUSED');
});

test('the receiver counts what was lost and what came twice', async () => {
  const { receiver, port } = await startReceiver();
  for (const number of [3, 4, 4, 6]) await signedRequest(port, '/1', benchmarkBody(number));
  expect(receiver.tally({ firstNumber: 3, count: 5, except: [7] })).toEqual({ lost: 1, duplicates: 1 });
  expect(receiver.counts({})).toMatchObject({ arrivals: 4, events: 3, malformed: 0 });
  receiver.reset({ otherwise: 204, paths: {} });
  expect(receiver.tally({ firstNumber: 3, count: 1, except: [] })).toEqual({ lost: 1, duplicates: 0 });
});

test('the receiver answers by path, and counts as arrived only what it answered with 2xx', async () => {
  const { receiver, port } = await startReceiver();
  receiver.reset({ otherwise: 204, paths: { '/2': 500, '/3': 'hang' } });
  expect((await signedRequest(port, '/1', benchmarkBody(1))).status).toBe(204);
  expect((await signedRequest(port, '/2', benchmarkBody(2))).status).toBe(500);
  const abort = new AbortController();
  const hung = fetch(`http://127.0.0.1:${port}/3`, { method: 'POST', body: benchmarkBody(3), signal: abort.signal });
  await expect.poll(() => receiver.counts({}).unanswered).toBe(1);
  abort.abort();
  await expect(hung).rejects.toThrow();
  expect(receiver.counts({})).toMatchObject({ arrivals: 1, refused: 1, unanswered: 1, malformed: 0 });
  const summary = receiver.latencies({ sentFromUs: 0, sentToUs: Number.MAX_SAFE_INTEGER, paths: ['/1'] });
  expect(summary.count).toBe(1);
  expect(summary.maxMs).toBeLessThan(5_000);
});

test('the receiver counts a request without a signature, or about another event, as malformed', async () => {
  const { receiver, port } = await startReceiver();
  await fetch(`http://127.0.0.1:${port}/1`, { method: 'POST', body: benchmarkBody(1) });
  await signedRequest(port, '/1', '{}');
  expect(receiver.counts({})).toMatchObject({ arrivals: 0, malformed: 2 });
});

test('the ceiling delivers every event that it acknowledged, once and signed', async () => {
  const { receiver, port } = await startReceiver();
  const folder = makeFolder();
  onTestFinished(() => removeFolder(folder));
  const ceiling = await startSubject('ceiling', port, folder);
  onTestFinished(() => ceiling.kill());
  const pace = { kind: 'publish', events: 2_000 } as const;
  const outcome = await createGenerator().run(load(ceiling.port, { connections: 64, pace }));
  expect(outcome.acknowledged).toBe(2_000);
  await expect.poll(() => receiver.counts({}).arrivals, { timeout: 10_000 }).toBe(2_000);
  expect(receiver.counts({})).toMatchObject({ events: 2_000, malformed: 0 });
});

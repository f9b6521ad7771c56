import { expect, test } from 'vitest';
import { type Arrival, answering, type Respond, startReceiver, type TestReceiver } from './harness/receiver.ts';
import { startServer, type TestServer } from './harness/server.ts';

/** Whoever waits for a receiver that hangs waits that long. */
const HANG_MS = 60_000;
/** All tests share the machine, which may be busy: this is about those who wait. The benchmark measures the others. */
const UNHINDERED_MS = HANG_MS / 3;
const CONCURRENCY = 16;

async function createWebhook(server: TestServer, webhook: object): Promise<string> {
  const answer = await server.call('POST', '/webhooks', { name: 'fair', ...webhook });
  expect(answer.status).toBe(201);
  return answer.body.id;
}

/** A receiver whose `/hung…` never answers, whose `/failing` refuses everything, and whose other paths take it all. */
async function startMixedReceiver(): Promise<{ receiver: TestReceiver; mostHungAtOnce(): number }> {
  let hung = 0;
  let mostHung = 0;
  const hang: Respond = (_arrival, response) => {
    hung += 1;
    mostHung = Math.max(mostHung, hung);
    response.once('close', () => {
      hung -= 1;
    });
  };
  const receiver = await startReceiver((arrival, response) => {
    if (arrival.path.startsWith('/hung')) hang(arrival, response);
    else answering(arrival.path === '/failing' ? 500 : 204)(arrival, response);
  });
  return { receiver, mostHungAtOnce: () => mostHung };
}

/** Publishes so many events, some at a time, each with the instant at which it was handed in. */
async function publish(server: TestServer, count: number, padding = ''): Promise<void> {
  for (let order = 0; order < count; order += 10) {
    const handedInAt = Date.now();
    const batch = Array.from({ length: 10 }, () => ({ type: 'order.shipped', data: { handedInAt, padding } }));
    expect((await server.call('POST', '/events', batch)).status).toBe(202);
  }
}

function latencyMs({ at, body }: Arrival): number {
  return at - (JSON.parse(body) as { data: { handedInAt: number } }).data.handedInAt;
}

/** The value that 99 of 100 do not exceed. */
function p99(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.ceil(values.length * 0.99) - 1] ?? Number.NaN;
}

async function residentMib(server: TestServer): Promise<number> {
  const metrics = await (await fetch(`${server.url}/metrics`)).text();
  return Number(/^process_resident_memory_bytes (\d+)$/m.exec(metrics)?.[1]) / 2 ** 20;
}

test('one hung and one failing webhook cost the healthy ones beside them nothing', async () => {
  const { receiver, mostHungAtOnce } = await startMixedReceiver();
  const server = await startServer({ allow: [receiver.address] });
  const healthy = Array.from({ length: 8 }, (_, i) => `/healthy/${i}`);
  await createWebhook(server, { url: `${receiver.url}/hung`, timeoutMs: HANG_MS });
  const retry = { strategy: 'fixed', maxAttempts: 100, delayMs: 100, jitter: 0 };
  await createWebhook(server, { url: `${receiver.url}/failing`, retry });
  for (const path of healthy) await createWebhook(server, { url: receiver.url + path });

  const events = 400;
  await publish(server, events);
  const arrivals = await receiver.arrived(events * healthy.length, ({ path }) => healthy.includes(path));
  for (const path of healthy) expect(arrivals.filter((arrival) => arrival.path === path)).toHaveLength(events);
  expect(p99(arrivals.map(latencyMs))).toBeLessThan(UNHINDERED_MS);
  expect(mostHungAtOnce()).toBe(CONCURRENCY);
  // They had their share meanwhile.
  expect(receiver.arrivals.filter(({ path }) => path === '/failing').length).toBeGreaterThan(CONCURRENCY);
});

test('a receiver that has taken nothing is handed no more than its concurrency, however much it is owed', async () => {
  const { receiver, mostHungAtOnce } = await startMixedReceiver();
  const server = await startServer({ allow: [receiver.address] });
  const webhookId = await createWebhook(server, { url: `${receiver.url}/hung`, timeoutMs: HANG_MS });
  await publish(server, 100);
  await expect.poll(mostHungAtOnce).toBe(CONCURRENCY);
  const inHand = await server.call('GET', `/deliveries?webhookId=${webhookId}&state=delivering&limit=250`);
  expect(inHand.body.items).toHaveLength(CONCURRENCY);
});

test('what a hung webhook is owed waits on disk, not in memory', async () => {
  const { receiver, mostHungAtOnce } = await startMixedReceiver();
  const server = await startServer({ allow: [receiver.address], env: { WAYBILL_METRICS_PUBLIC: 'true' } });
  await createWebhook(server, { url: `${receiver.url}/hung`, timeoutMs: HANG_MS });
  const padding = 'x'.repeat(100_000);
  // Heaps and caches fill up first, to what they are allowed.
  await publish(server, 1_200, padding);
  const before = await residentMib(server);
  await publish(server, 1_800, padding);
  // 180 MB more are waiting by now.
  expect((await residentMib(server)) - before).toBeLessThan(120);
  expect(mostHungAtOnce()).toBe(CONCURRENCY);
});

test('forty hung webhooks, more than there are slots for, do not hold up a healthy one', async () => {
  const { receiver } = await startMixedReceiver();
  const server = await startServer({ allow: [receiver.address] });
  for (let i = 0; i < 40; i += 1) {
    await createWebhook(server, { url: `${receiver.url}/hung/${i}`, timeoutMs: HANG_MS });
  }
  await createWebhook(server, { url: `${receiver.url}/healthy` });
  await publish(server, 100);
  await receiver.arrived(40, ({ path }) => path.startsWith('/hung'));

  const events = 200;
  await publish(server, events);
  const arrivals = await receiver.arrived(100 + events, ({ path }) => path === '/healthy');
  expect(p99(arrivals.map(latencyMs))).toBeLessThan(UNHINDERED_MS);
});

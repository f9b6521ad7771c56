import { describe, expect, onTestFinished, test } from 'vitest';
import { type Arrival, answering, type Respond, startReceiver } from '../harness/receiver.ts';
import { shareServer, startServer, type TestServer } from '../harness/server.ts';
import { createWebhook, deliveryInState, ownType, publish, readUntil } from './stage.ts';

const server = shareServer();

/** A receiver, and a webhook that sends to it at most so many a second. */
async function stage(ratePerSecond: number | null, settings: object = {}) {
  const receiver = await startReceiver();
  const type = ownType();
  const limits = { maxConcurrency: 16, ratePerSecond };
  const webhook = await createWebhook(server(), { url: receiver.url, eventTypes: [type], limits, ...settings });
  return { receiver, webhook, type };
}

async function publishMany(on: TestServer, type: string, count: number): Promise<void> {
  const batch = Array.from({ length: count }, () => ({ type, data: {} }));
  expect((await on.call('POST', '/events', batch)).status).toBe(202);
}

/** When the attempts of a webhook's deliveries were started, in order. */
async function startsOf(webhookId: string): Promise<number[]> {
  const { items } = (await server().call('GET', `/deliveries?webhookId=${webhookId}&limit=250`)).body;
  const starts: number[] = [];
  for (const { id } of items) {
    const { attempts } = (await server().call('GET', `/deliveries/${id}`)).body;
    for (const { startedAt } of attempts) starts.push(Date.parse(startedAt));
  }
  return starts.sort((a, b) => a - b);
}

function mostInOneSecond(starts: readonly number[]): number {
  return Math.max(...starts.map((start) => starts.filter((other) => other >= start && other < start + 1000).length));
}

/** Waits until none of a webhook's deliveries is in the state any more. */
function untilNone(webhookId: string, state: string) {
  return readUntil(server(), `/deliveries?webhookId=${webhookId}&state=${state}`, ({ items }) => items.length === 0);
}

const hanging: Respond = () => undefined;

describe('ratePerSecond', () => {
  test('lets so many attempts start in a second, keeps to it, and uses up no try of what waits', async () => {
    const { receiver, webhook, type } = await stage(10);
    await publishMany(server(), type, 25);
    const { items } = await readUntil(server(), `/deliveries?webhookId=${webhook.id}`, () => true);
    const held = items.filter((delivery: { state: string }) => delivery.state === 'pending');
    expect(held.length).toBeGreaterThan(15);
    for (const delivery of held) expect(delivery).toMatchObject({ reason: 'rate_limited', attemptCount: 0 });

    await receiver.arrived(25);
    await untilNone(webhook.id, 'delivering');
    const starts = await startsOf(webhook.id);
    expect(starts).toHaveLength(25);
    expect(mostInOneSecond(starts)).toBeLessThanOrEqual(10);
    const tookMs = (starts.at(-1) as number) - (starts[0] as number);
    expect(tookMs).toBeGreaterThanOrEqual(2_400);
    expect(tookMs).toBeLessThan(4_000);
  });

  test('sends in the order of the events', async () => {
    const { receiver, type } = await stage(50, { limits: { maxConcurrency: 1, ratePerSecond: 50 } });
    await publishMany(server(), type, 20);
    const arrivals = await receiver.arrived(20);
    const sequences = arrivals.map((arrival: Arrival) => Number(arrival.headers['x-waybill-sequence']));
    expect(sequences).toEqual(sequences.toSorted((a, b) => a - b));
  });

  test('counts retries and attempts by hand too', async () => {
    const retry = { strategy: 'fixed', maxAttempts: 4, delayMs: 0, jitter: 0 };
    const { receiver, webhook, type } = await stage(5, { retry });
    receiver.respond = answering(500);
    const eventId = await publish(server(), type);
    const { id } = await deliveryInState(server(), eventId, webhook.id, 'exhausted');
    receiver.respond = answering(204);
    const again = await server().call('POST', `/deliveries/${id}/retry`);
    await readUntil(server(), `/deliveries/${again.body.id}`, ({ state }) => state === 'delivered');
    const starts = await startsOf(webhook.id);
    expect(starts).toHaveLength(5);
    expect((starts.at(-1) as number) - (starts[0] as number)).toBeGreaterThanOrEqual(800);
  });

  test('lets a try by hand go before what waits', async () => {
    const { receiver, webhook, type } = await stage(1);
    await publishMany(server(), type, 30);
    const [first] = await receiver.arrived(1);
    const { items } = (await server().call('GET', `/deliveries?webhookId=${webhook.id}`)).body;
    const newest = items[0].id;
    expect(first?.headers['x-waybill-delivery']).not.toBe(newest);
    expect((await server().call('POST', `/deliveries/${newest}/retry`)).status).toBe(202);
    const arrivals = await receiver.arrived(3);
    expect(arrivals.map((arrival) => arrival.headers['x-waybill-delivery'])).toContain(newest);
  });

  test('that is lifted, or raised, holds nothing any more', async () => {
    const { receiver, webhook, type } = await stage(0.01);
    await publishMany(server(), type, 40);
    await receiver.arrived(1);
    await server().call('PATCH', `/webhooks/${webhook.id}`, { limits: { ratePerSecond: 10_000 } });
    await receiver.arrived(40);
    await server().call('PATCH', `/webhooks/${webhook.id}`, { limits: { ratePerSecond: 0.01 } });
    await publishMany(server(), type, 40);
    await server().call('PATCH', `/webhooks/${webhook.id}`, { limits: { ratePerSecond: null } });
    await receiver.arrived(80);
  });

  test('that is set takes effect on what is in line already, which is given back', async () => {
    const { receiver, webhook, type } = await stage(null, { limits: { maxConcurrency: 1 }, timeoutMs: 60_000 });
    receiver.respond = hanging;
    await publishMany(server(), type, 10);
    await receiver.arrived(1);
    await server().call('PATCH', `/webhooks/${webhook.id}`, { limits: { ratePerSecond: 1 } });
    const { items } = await readUntil(
      server(),
      `/deliveries?webhookId=${webhook.id}&state=pending`,
      ({ items }) => items.length >= 8,
    );
    for (const { reason } of items) expect(reason).toBe('rate_limited');
  });

  test('is inherited from the defaults, and a change of them applies to what waits', async () => {
    onTestFinished(async () => {
      await server().call('PUT', '/settings/webhooks', {});
    });
    await server().call('PUT', '/settings/webhooks', { limits: { ratePerSecond: 0.01 } });
    const { receiver, webhook, type } = await stage(null, { limits: { maxConcurrency: 4 } });
    expect(webhook.limits).toEqual({ maxConcurrency: 4, ratePerSecond: 0.01 });
    await publishMany(server(), type, 10);
    await receiver.arrived(1);
    await readUntil(server(), `/deliveries?webhookId=${webhook.id}`, ({ items }) =>
      items.slice(0, 8).every((delivery: { reason: string }) => delivery.reason === 'rate_limited'),
    );
    await server().call('PUT', '/settings/webhooks', {});
    await receiver.arrived(10);
  });

  test('of a paused webhook is not why it waits', async () => {
    const { webhook, type } = await stage(0.01);
    await server().call('POST', `/webhooks/${webhook.id}/pause`);
    const eventId = await publish(server(), type);
    expect(await deliveryInState(server(), eventId, webhook.id, 'pending')).toMatchObject({ reason: 'webhook_paused' });
  });

  test('is reached by a receiver that is slower than its pace', async () => {
    const { receiver, type } = await stage(20);
    receiver.respond = (_arrival, response) => {
      setTimeout(() => response.writeHead(204).end(), 400);
    };
    await publishMany(server(), type, 40);
    const arrivals = await receiver.arrived(40);
    const tookMs = (arrivals.at(-1) as Arrival).at - (arrivals[0] as Arrival).at;
    expect(tookMs).toBeGreaterThan(1_800);
    expect(tookMs).toBeLessThan(4_000);
  });
});

test('webhooks that are held by their rates take no slot from one that is not', async () => {
  const receiver = await startReceiver();
  const few = await startServer({ allow: [receiver.address], env: { WAYBILL_MAX_IN_FLIGHT: '8' } });
  const type = 'order.shipped';
  const limits = { ratePerSecond: 0.01 };
  for (let n = 0; n < 20; n += 1) await createWebhook(few, { url: `${receiver.url}/slow/${n}`, limits });
  await createWebhook(few, { url: `${receiver.url}/fast` });
  await publishMany(few, type, 200);
  const startedAt = Date.now();
  await receiver.arrived(200, ({ path }) => path === '/fast');
  // Those that are held have their next turn after 100 s.
  expect(Date.now() - startedAt).toBeLessThan(50_000);
  await receiver.arrived(20, ({ path }) => path.startsWith('/slow'));
  expect(receiver.arrivals.filter(({ path }) => path.startsWith('/slow'))).toHaveLength(20);
  await few.stop();
});

test('what a rate holds goes on after a restart', async () => {
  const receiver = await startReceiver();
  const first = await startServer({ allow: [receiver.address] });
  await createWebhook(first, { url: receiver.url, limits: { ratePerSecond: 4 } });
  await publishMany(first, 'order.shipped', 8);
  await receiver.arrived(2);
  await first.kill();
  const second = await startServer({ dataDir: first.dataDir, allow: [receiver.address] });
  await readUntil(second, '/deliveries?state=delivered', ({ items }) => items.length === 8);
  await second.stop();
});

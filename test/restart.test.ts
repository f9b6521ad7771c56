import { describe, expect, test } from 'vitest';
import { answering, startReceiver } from './harness/receiver.ts';
import { makeDataDir, startServer, type TestServer } from './harness/server.ts';

/** How late a planned attempt may be, on a machine that all tests share. The benchmark measures how late it is. */
const LATE_MS = 20_000;

interface Delivery {
  id: string;
  state: string;
  reason: string | null;
  attemptCount: number;
  nextAttemptAt: string | null;
  attempts: { number: number; trigger: string; outcome: string; error: { code: string } | null }[];
}

async function deliveryOf(server: TestServer, eventId: string): Promise<Delivery> {
  const { body } = await server.call('GET', `/events/${eventId}`);
  return (await server.call('GET', `/deliveries/${body.deliveries[0].id}`)).body;
}

/** Publishes an event of an outside type and returns its id. */
async function publish(server: TestServer, order: number): Promise<string> {
  const answer = await server.call('POST', '/events', { type: 'order.shipped', data: { order } });
  expect(answer.status).toBe(202);
  return answer.body.id;
}

async function createWebhook(server: TestServer, webhook: object): Promise<string> {
  const answer = await server.call('POST', '/webhooks', { name: 'ops', ...webhook });
  expect(answer.status).toBe(201);
  return answer.body.id;
}

/** The instant of the next attempt, once the one before it has been settled. */
async function plannedAfter(server: TestServer, eventId: string): Promise<number> {
  const next = async () => (await deliveryOf(server, eventId)).nextAttemptAt;
  await expect.poll(next, { interval: 20 }).not.toBeNull();
  return Date.parse((await next()) ?? '');
}

const ENDS: ['SIGTERM' | 'SIGKILL', (server: TestServer) => Promise<unknown>][] = [
  ['SIGTERM', (server) => server.stop()],
  ['SIGKILL', (server) => server.kill()],
];

describe.each(ENDS)('after %s and a restart', (_signal, end) => {
  test('a retry that fell due meanwhile goes out at once', async () => {
    const receiver = await startReceiver(answering(500));
    const first = await startServer({ allow: [receiver.address] });
    const retry = { strategy: 'fixed', maxAttempts: 2, delayMs: 4_000, jitter: 0 };
    await createWebhook(first, { url: receiver.url, retry });
    const eventId = await publish(first, 1);
    const plannedAt = await plannedAfter(first, eventId);
    await end(first);
    await expect.poll(() => Date.now(), { interval: 20 }).toBeGreaterThan(plannedAt);

    receiver.respond = answering(204);
    const second = await startServer({ dataDir: first.dataDir, allow: [receiver.address] });
    const listeningAt = Date.now();
    const [, retried] = await receiver.arrived(2);
    expect(retried?.headers['x-waybill-attempt']).toBe('2');
    expect(retried?.at).toBeLessThan(listeningAt + LATE_MS);
    await expect.poll(() => deliveryOf(second, eventId)).toMatchObject({ state: 'delivered', attemptCount: 2 });
  });

  test('a retry planned for later goes out then, and not before', async () => {
    const receiver = await startReceiver(answering(500));
    const first = await startServer({ allow: [receiver.address] });
    const retry = { strategy: 'fixed', maxAttempts: 2, delayMs: 8_000, jitter: 0 };
    await createWebhook(first, { url: receiver.url, retry });
    const plannedAt = await plannedAfter(first, await publish(first, 1));
    await end(first);

    receiver.respond = answering(204);
    await startServer({ dataDir: first.dataDir, allow: [receiver.address] });
    const [, retried] = await receiver.arrived(2);
    expect(retried?.at).toBeGreaterThanOrEqual(plannedAt);
    expect(retried?.at).toBeLessThan(plannedAt + LATE_MS);
  });

  test('what is published while a receiver still wants to be left alone goes out when that is over', async () => {
    const receiver = await startReceiver(answering(503, { 'retry-after': '4' }));
    const first = await startServer({ allow: [receiver.address] });
    await createWebhook(first, { url: receiver.url, retry: { strategy: 'delays', delaysMs: [] } });
    const refused = await publish(first, 1);
    await expect.poll(() => deliveryOf(first, refused), { interval: 20 }).toMatchObject({ state: 'exhausted' });
    const holdUntil = (receiver.arrivals[0]?.at ?? 0) + 4_000;
    await end(first);

    receiver.respond = answering(204);
    const second = await startServer({ dataDir: first.dataDir, allow: [receiver.address] });
    await publish(second, 2);
    const [, held] = await receiver.arrived(2);
    expect(held?.at).toBeGreaterThanOrEqual(holdUntil);
  });

  test('what a paused webhook is owed stays held, and goes out in order when it is resumed', async () => {
    const receiver = await startReceiver();
    const first = await startServer({ allow: [receiver.address] });
    const pausedId = await createWebhook(first, { url: `${receiver.url}/paused` });
    await createWebhook(first, { url: `${receiver.url}/active` });
    await first.call('POST', `/webhooks/${pausedId}/pause`);
    const held = [await publish(first, 1), await publish(first, 2), await publish(first, 3)];
    await end(first);

    const second = await startServer({ dataDir: first.dataDir, allow: [receiver.address] });
    const heldToo = await publish(second, 4);
    await receiver.arrived(1, ({ path, body }) => path === '/active' && body.includes('"order":4'));
    expect(receiver.arrivals.filter(({ path }) => path === '/paused')).toEqual([]);
    const { body } = await second.call('GET', `/deliveries?webhookId=${pausedId}&eventType=order.shipped`);
    expect(body.items).toHaveLength(4);
    for (const item of body.items) expect(item).toMatchObject({ state: 'pending', reason: 'webhook_paused' });

    await second.call('POST', `/webhooks/${pausedId}/resume`);
    const late = await receiver.arrived(4, ({ path, body }) => path === '/paused' && body.includes('order.shipped'));
    expect(late.map(({ headers }) => headers['webhook-id']).sort()).toEqual([...held, heldToo]);
  });

  test('the bytes, method and content type of the first attempt go out again, to the URL of today', async () => {
    const receiver = await startReceiver(answering(500));
    const first = await startServer({ allow: [receiver.address] });
    const retry = { strategy: 'fixed', maxAttempts: 2, delayMs: 4_000, jitter: 0 };
    const webhookId = await createWebhook(first, { url: `${receiver.url}/old`, retry, method: 'POST' });
    const started = { type: 'transfer.started', data: { transfer: { id: 'transfer-1', name: 'Daily' } } };
    const eventId = (await first.call('POST', '/events', started)).body.id;
    await plannedAfter(first, eventId);
    const change = {
      url: `${receiver.url}/new`,
      method: 'PUT',
      contentType: 'application/json; charset=utf-8',
      payload: { format: 'standard' },
    };
    expect((await first.call('PATCH', `/webhooks/${webhookId}`, change)).status).toBe(200);
    await end(first);

    receiver.respond = answering(204);
    const second = await startServer({ dataDir: first.dataDir, allow: [receiver.address] });
    const [before, after] = await receiver.arrived(2);
    expect([before?.path, after?.path]).toEqual(['/old', '/new']);
    expect(after?.body).toBe(before?.body);
    expect(after?.method).toBe('POST');
    expect(after?.headers['content-type']).toBe('application/json');

    await second.call('POST', '/events', started);
    const [, , fresh] = await receiver.arrived(3);
    expect(fresh?.method).toBe('PUT');
    expect(fresh?.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(JSON.parse(fresh?.body ?? '')).toHaveProperty('type', 'transfer.started');
  });
});

describe('an attempt under way', () => {
  test('when the server is stopped is waited for and settled as it ends', async () => {
    const receiver = await startReceiver(() => {});
    const first = await startServer({ allow: [receiver.address] });
    await createWebhook(first, { url: receiver.url });
    const answers: (() => void)[] = [];
    receiver.respond = (_arrival, response) => answers.push(() => response.writeHead(204).end());
    const eventId = await publish(first, 1);
    await receiver.arrived(1);
    const stopped = first.stop();
    await first.logged((line) => String(line.msg).startsWith('stopping'));
    for (const answer of answers) answer();
    expect(await stopped).toBe(0);

    const second = await startServer({ dataDir: first.dataDir, allow: [receiver.address] });
    expect(await deliveryOf(second, eventId)).toMatchObject({ state: 'delivered', attemptCount: 1 });
    expect(receiver.arrivals).toHaveLength(1);
  });

  test.each([
    ['a stop that could not wait for it', (server: TestServer) => server.stop()],
    ['a crash', (server: TestServer) => server.kill()],
  ])('is logged as unknown after %s, and uses up no try', async (_what, end) => {
    const receiver = await startReceiver(() => {});
    const first = await startServer({ allow: [receiver.address] });
    // A single try: were the unknown attempt one, nothing would be left to send.
    const retry = { strategy: 'fixed', maxAttempts: 1, delayMs: 0, jitter: 0 };
    await createWebhook(first, { url: receiver.url, timeoutMs: 60_000, retry });
    const eventId = await publish(first, 1);
    await receiver.arrived(1);
    await end(first);

    receiver.respond = answering(204);
    const second = await startServer({ dataDir: first.dataDir, allow: [receiver.address] });
    const [interrupted, repeated] = await receiver.arrived(2);
    expect(repeated?.headers['webhook-id']).toBe(eventId);
    expect(repeated?.headers['x-waybill-attempt']).toBe('2');
    expect(repeated?.headers['x-waybill-sequence']).toBe(interrupted?.headers['x-waybill-sequence']);
    expect(repeated?.body).toBe(interrupted?.body);
    await expect
      .poll(() => deliveryOf(second, eventId))
      .toMatchObject({
        state: 'delivered',
        attemptCount: 2,
        attempts: [
          { number: 1, trigger: 'initial', outcome: 'unknown' },
          { number: 2, trigger: 'recovery', outcome: 'delivered' },
        ],
      });
  });

  test('when the server is stopped is exhausted by its own tries alone', async () => {
    const receiver = await startReceiver(() => {});
    const first = await startServer({ allow: [receiver.address] });
    const retry = { strategy: 'fixed', maxAttempts: 2, delayMs: 10, jitter: 0 };
    await createWebhook(first, { url: receiver.url, timeoutMs: 60_000, retry });
    const eventId = await publish(first, 1);
    await receiver.arrived(1);
    await first.kill();

    receiver.respond = answering(500);
    const second = await startServer({ dataDir: first.dataDir, allow: [receiver.address] });
    await expect.poll(() => deliveryOf(second, eventId)).toMatchObject({ state: 'exhausted', attemptCount: 3 });
    const { attempts } = await deliveryOf(second, eventId);
    expect(attempts.map(({ outcome }) => outcome)).toEqual(['unknown', 'failed', 'failed']);
    expect(receiver.arrivals.map(({ headers }) => headers['x-waybill-attempt'])).toEqual(['1', '2', '3']);
  });
});

test('a stop under load delivers nothing twice, and the next start delivers the rest', async () => {
  const receiver = await startReceiver();
  const dataDir = makeDataDir();
  const first = await startServer({ dataDir, allow: [receiver.address] });
  await createWebhook(first, { url: receiver.url });
  const batch = Array.from({ length: 500 }, (_, order) => ({ type: 'order.shipped', data: { order } }));
  const { body } = await first.call('POST', '/events', batch);
  await receiver.arrived(50);
  expect(await first.stop()).toBe(0);
  const deliveredBefore = receiver.arrivals.length;

  await startServer({ dataDir, allow: [receiver.address] });
  const arrivals = await receiver.arrived(500);
  expect(deliveredBefore).toBeLessThan(500);
  expect(arrivals.map(({ headers }) => headers['webhook-id']).sort()).toEqual(body.map(({ id }: { id: string }) => id));
  expect(new Set(arrivals.map(({ headers }) => headers['x-waybill-attempt']))).toEqual(new Set(['1']));
});

import { describe, expect, test } from 'vitest';
import { createWebhook, deliveryInState, ownType, publish, readUntil } from './api/stage.ts';
import { answering, startReceiver } from './harness/receiver.ts';
import { ADMIN_KEY, shareServer, startServer, type TestServer } from './harness/server.ts';

const server = shareServer();

/** A webhook whose receiver has failed so often that its breaker is open, with a delivery that waits. */
async function broken(on: TestServer = server(), settings: object = {}) {
  const receiver = await startReceiver(answering(500));
  const type = ownType();
  const retry = { strategy: 'fixed', maxAttempts: 2, delayMs: 0, jitter: 0 };
  const webhook = await createWebhook(on, { url: receiver.url, eventTypes: [type], retry, ...settings });
  const eventIds: string[] = [];
  for (let i = 0; i < 14; i += 1) eventIds.push(await publish(on, type, { i }));
  const { breaker } = await readUntil(on, `/webhooks/${webhook.id}`, ({ breaker }) => breaker !== null);
  const opened = receiver.arrivals.length;
  eventIds.push(await publish(on, type, { i: 14 }));
  return { receiver, type, webhook, eventIds, breaker, opened };
}

async function deliveriesOf(webhookId: string, on: TestServer = server()) {
  return (await on.call('GET', `/deliveries?webhookId=${webhookId}`)).body.items;
}

describe('a breaker', () => {
  test('opens after ten failed attempts in a row, holds what is owed, and says so', async () => {
    const { webhook, breaker, opened } = await broken();
    expect(opened).toBeGreaterThanOrEqual(10);
    // Some were under way when it opened.
    expect(opened).toBeLessThanOrEqual(10 + webhook.limits.maxConcurrency);
    expect(breaker).toEqual({
      openedAt: expect.stringMatching(/Z$/),
      failedProbes: expect.any(Number),
      nextProbeAt: expect.stringMatching(/Z$/),
    });
    const [newest] = await deliveriesOf(webhook.id);
    expect(newest).toMatchObject({ state: 'pending', reason: 'breaker_open', attemptCount: 0 });
    expect(Date.parse(newest.nextAttemptAt)).toBeGreaterThan(Date.parse(breaker.openedAt));
    const { body } = await server().call('GET', `/webhooks/${webhook.id}`);
    expect(body).toMatchObject({ state: 'active', pauseReason: null });
    const headers = { authorization: `Bearer ${ADMIN_KEY}` };
    const metrics = await (await fetch(`${server().url}/metrics`, { headers })).text();
    expect(metrics).toMatch(/^waybill_breakers_open [1-9]/m);
  });

  test('opens for no fewer than three deliveries', async () => {
    const receiver = await startReceiver(answering(500));
    const type = ownType();
    const retry = { strategy: 'fixed', maxAttempts: 12, delayMs: 0, jitter: 0 };
    const webhook = await createWebhook(server(), { url: receiver.url, eventTypes: [type], retry });
    const eventIds = [await publish(server(), type), await publish(server(), type)];
    for (const id of eventIds) await deliveryInState(server(), id, webhook.id, 'exhausted');
    expect(receiver.arrivals).toHaveLength(24);
  });

  test('makes one attempt at a time while it is open, ever more seldom, and none of them uses up a try', async () => {
    // Each has one try, which the first ten have used up.
    const retry = { strategy: 'fixed', maxAttempts: 1, delayMs: 0 };
    const { receiver, webhook, opened } = await broken(server(), { retry, limits: { maxConcurrency: 1 } });
    let underway = 0;
    let most = 0;
    receiver.respond = (_arrival, response) => {
      underway += 1;
      most = Math.max(most, underway);
      setImmediate(() => {
        underway -= 1;
        response.writeHead(500).end();
      });
    };
    await receiver.arrived(opened + 4);
    expect(most).toBe(1);
    const probes = receiver.arrivals.slice(opened).map(({ at }) => at);
    const waitsMs = probes.slice(1).map((at, i) => at - (probes[i] as number));
    expect(waitsMs).toEqual([...waitsMs].sort((a, b) => a - b));
    for (const { headers } of receiver.arrivals.slice(opened, -1)) {
      const { body: delivery } = await server().call('GET', `/deliveries/${headers['x-waybill-delivery']}`);
      expect(delivery).toMatchObject({ state: 'retrying', reason: 'breaker_open' });
    }
    expect((await server().call('GET', `/webhooks/${webhook.id}`)).body.breaker.failedProbes).toBeGreaterThanOrEqual(3);
  });

  test('closes with the first success, tells of it, and everything arrives in a ramped drain', async () => {
    const { receiver, webhook, eventIds, opened } = await broken();
    const watcher = await startReceiver();
    const recovered = await createWebhook(server(), { url: watcher.url, eventTypes: ['webhook.recovered'] });
    let underway = 0;
    const together: number[] = [];
    receiver.respond = (_arrival, response) => {
      underway += 1;
      together.push(underway);
      setTimeout(() => {
        underway -= 1;
        response.writeHead(204).end();
      }, 20);
    };
    const waiting = (await deliveriesOf(webhook.id)).filter(
      ({ reason }: { reason: string }) => reason === 'breaker_open',
    );
    await readUntil(server(), `/webhooks/${webhook.id}`, ({ breaker }) => breaker === null);
    for (const { eventId } of waiting) await deliveryInState(server(), eventId, webhook.id, 'delivered');
    expect(together.slice(0, 2)).toEqual([1, 1]);
    expect(Math.max(...together)).toBeLessThanOrEqual(webhook.limits.maxConcurrency);
    const told = await watcher.arrived(1, ({ body }) => body.includes(webhook.id));
    expect(JSON.parse(told[0]?.body ?? '').data.webhook).toMatchObject({ id: webhook.id, state: 'active' });
    expect(recovered.id).not.toBe(webhook.id);
    expect(eventIds.length).toBeGreaterThan(opened / 3);
  });

  test('lets a try by hand through, which closes it when it is taken', async () => {
    const { receiver, webhook } = await broken();
    receiver.respond = answering(204);
    const [newest] = await deliveriesOf(webhook.id);
    expect((await server().call('POST', `/deliveries/${newest.id}/retry`)).status).toBe(202);
    await readUntil(server(), `/deliveries/${newest.id}`, ({ state }) => state === 'delivered');
    await readUntil(server(), `/webhooks/${webhook.id}`, ({ breaker }) => breaker === null);
  });

  test('is closed by pausing and resuming, and tries at once when the webhook is changed', async () => {
    const { webhook, receiver, type } = await broken();
    await server().call('POST', `/webhooks/${webhook.id}/pause`);
    const resumed = await server().call('POST', `/webhooks/${webhook.id}/resume`);
    expect(resumed.body).toMatchObject({ state: 'active', breaker: null });
    await receiver.arrived(receiver.arrivals.length + 1);
    const other = await startReceiver();
    // What was owed before may have used up its tries.
    for (let i = 0; i < 14; i += 1) await publish(server(), type, { i });
    await readUntil(server(), `/webhooks/${webhook.id}`, ({ breaker }) => breaker !== null);
    await server().call('PATCH', `/webhooks/${webhook.id}`, { url: other.url });
    await other.arrived(1);
    await readUntil(server(), `/webhooks/${webhook.id}`, ({ breaker }) => breaker === null);
  });

  test('is still open after a crash and a restart, and then does its work', async () => {
    const first = await startServer({ allow: ['127.0.0.0/8'] });
    const { receiver, webhook } = await broken(first);
    const before = (await first.call('GET', `/webhooks/${webhook.id}`)).body.breaker;
    await first.kill();
    receiver.respond = answering(204);
    const second = await startServer({ dataDir: first.dataDir, allow: ['127.0.0.0/8'] });
    const { body } = await second.call('GET', `/webhooks/${webhook.id}`);
    if (body.breaker !== null) expect(body.breaker.openedAt).toBe(before.openedAt);
    await readUntil(second, `/webhooks/${webhook.id}`, ({ breaker }) => breaker === null);
    const isOpen = ({ reason, state }: { reason: string | null; state: string }) =>
      reason === 'breaker_open' || state === 'pending' || state === 'retrying';
    await readUntil(second, `/deliveries?webhookId=${webhook.id}`, ({ items }) => !items.some(isOpen));
  });

  test('goes on when a template has failed for what was to be the probe', async () => {
    const payload = { format: 'template', template: '{ "n": {{ data.n }} }' };
    const retry = { strategy: 'fixed', maxAttempts: 1, delayMs: 0 };
    const { receiver, webhook, type } = await broken(server(), { payload, retry, limits: { maxConcurrency: 1 } });
    const failing = await publish(server(), type, { n: 'text' });
    const fine = await publish(server(), type, { n: 1 });
    for (const { id, eventId } of await deliveriesOf(webhook.id)) {
      if (eventId !== failing && eventId !== fine) await server().call('POST', `/deliveries/${id}/cancel`);
    }
    receiver.respond = answering(204);
    const { reason } = await deliveryInState(server(), failing, webhook.id, 'exhausted');
    expect(reason).toBe('template_error');
    await deliveryInState(server(), fine, webhook.id, 'delivered');
  });

  test('goes on with what is published while it is open and nothing else is owed', async () => {
    const { receiver, webhook, type } = await broken();
    for (const { id } of await deliveriesOf(webhook.id)) await server().call('POST', `/deliveries/${id}/cancel`);
    receiver.respond = answering(204);
    const eventId = await publish(server(), type);
    await deliveryInState(server(), eventId, webhook.id, 'delivered');
  });
});

import { describe, expect, test } from 'vitest';
import { answering, startReceiver } from '../harness/receiver.ts';
import { type Answer, shareServer } from '../harness/server.ts';
import { createWebhook, deliveryInState, expectProblem, ownType, publish, readUntil } from './stage.ts';

const server = shareServer();
const HOUR_MS = 3_600_000;

/** A webhook with events of its own, and how to have one published. */
async function stage(settings: object) {
  const type = ownType();
  const { id } = await createWebhook(server(), { eventTypes: [type], ...settings });
  return { id, publish: () => publish(server(), type) };
}

/** The totals of a webhook, once they are as wanted. */
async function totalsOf(id: string, isAsWanted: (totals: Record<string, Record<string, number>>) => boolean) {
  return (await readUntil(server(), `/statistics?webhookId=${id}`, ({ totals }) => isAsWanted(totals))).totals;
}

async function healthOf(
  id: string,
  isAsWanted: (health: Answer['body']) => boolean = () => true,
): Promise<Answer['body']> {
  const find = (body: Answer['body']) => body.items.find(({ webhookId }: { webhookId: string }) => webhookId === id);
  const body = await readUntil(server(), '/webhooks/health?limit=250', (found) => {
    const health = find(found);
    return health !== undefined && isAsWanted(health);
  });
  return find(body) ?? expect.fail();
}

describe('figures', () => {
  test('count attempts by outcome and code, and deliveries by how they ended, each once', async () => {
    const receiver = await startReceiver((arrival, response) => {
      const isFirst = arrival.headers['x-waybill-attempt'] === '1';
      if (isFirst) response.destroy();
      else response.writeHead(arrival.headers['x-waybill-sequence'] === '1' ? 200 : 500).end();
    });
    const retry = { strategy: 'fixed', maxAttempts: 2, delayMs: 0 };
    const webhook = await stage({ url: receiver.url, retry });
    await deliveryInState(server(), await webhook.publish(), webhook.id, 'delivered');
    await deliveryInState(server(), await webhook.publish(), webhook.id, 'exhausted');
    await server().call('POST', `/webhooks/${webhook.id}/pause`);
    const held = await deliveryInState(server(), await webhook.publish(), webhook.id, 'pending');
    await server().call('POST', `/deliveries/${held.id}/cancel`);
    await server().call('POST', `/webhooks/${webhook.id}/test`);

    const totals = await totalsOf(webhook.id, ({ attempts }) => attempts?.failed === 3);
    expect(totals).toMatchObject({
      attempts: { succeeded: 1, failed: 3, unknown: 0 },
      deliveries: { delivered: 1, exhausted: 1, cancelled: 1 },
      failures: [
        { errorCode: 'connection_reset', count: 2 },
        { errorCode: 'http_status', count: 1 },
      ],
      latencyMs: { p50: expect.any(Number), p95: expect.any(Number) },
      durationMs: { p50: expect.any(Number), p95: expect.any(Number) },
    });
    expect(totals.latencyMs.p50).toBeLessThan(10_000);
    const { items } = await readUntil(server(), '/webhooks/health?trouble=any&limit=250', () => true);
    expect(items.map(({ webhookId }: { webhookId: string }) => webhookId)).not.toContain(webhook.id);
  });

  test('come for each hour or day of UTC, also where nothing happened', async () => {
    const webhook = await stage({ url: (await startReceiver()).url });
    await deliveryInState(server(), await webhook.publish(), webhook.id, 'delivered');
    await totalsOf(webhook.id, ({ deliveries }) => deliveries?.delivered === 1);
    for (const [bucket, count, ms] of [
      ['hour', 24, HOUR_MS],
      ['day', 30, 24 * HOUR_MS],
    ] as const) {
      const { body } = await server().call('GET', `/statistics?webhookId=${webhook.id}&bucket=${bucket}`);
      expect(body.series).toHaveLength(count);
      expect(Date.parse(body.from) % ms).toBe(0);
      expect(body.series.map(({ at }: { at: string }) => Date.parse(at) - Date.parse(body.from))).toEqual(
        Array.from({ length: count }, (_, at) => at * ms),
      );
      const delivered = body.series.map((each: typeof body.totals) => each.deliveries.delivered);
      expect(delivered.reduce((sum: number, each: number) => sum + each, 0)).toBe(1);
      expect(body.series[0].latencyMs).toEqual({ p50: null, p95: null });
    }
  });

  test('of all webhooks are those of each, and of one that there is not are none', async () => {
    const webhook = await stage({ url: (await startReceiver()).url });
    await deliveryInState(server(), await webhook.publish(), webhook.id, 'delivered');
    await totalsOf(webhook.id, ({ deliveries }) => deliveries?.delivered === 1);
    expect((await server().call('GET', '/statistics')).body.totals.deliveries.delivered).toBeGreaterThan(0);
    const none = (await server().call('GET', '/statistics?webhookId=wh_none')).body.totals;
    expect(none.attempts).toEqual({ succeeded: 0, failed: 0, unknown: 0 });
  });

  test.each([
    'from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z',
    'from=2026-01-01T00:00:00Z&to=2026-02-02T00:00:00Z',
    'from=2020-01-01T00:00:00Z&to=2026-02-02T00:00:00Z&bucket=day',
  ])('of the range %s are refused', async (query) => {
    expectProblem(await server().call('GET', `/statistics?${query}`), 400, 'validation_failed', ['?from']);
  });
});

describe('the backlog', () => {
  test('counts what waits, why it is held and since when', async () => {
    const before = (await server().call('GET', '/statistics/backlog')).body;
    const receiver = await startReceiver(answering(500));
    const paused = await stage({ url: receiver.url });
    await server().call('POST', `/webhooks/${paused.id}/pause`);
    const eventId = await paused.publish();
    const oldest = await deliveryInState(server(), eventId, paused.id, 'pending');
    await paused.publish();
    const retrying = await stage({
      url: receiver.url,
      retry: { strategy: 'fixed', maxAttempts: 2, delayMs: HOUR_MS },
    });
    await deliveryInState(server(), await retrying.publish(), retrying.id, 'retrying');
    const now = await readUntil(server(), '/statistics/backlog', ({ delivering }) => delivering === before.delivering);
    expect(now).toMatchObject({
      pending: before.pending + 2,
      retrying: before.retrying + 1,
      held: { ...before.held, paused: before.held.paused + 2 },
    });
    expect(Date.parse(now.oldestAt)).toBeLessThanOrEqual(Date.parse(oldest.createdAt));
    await server().call('PATCH', `/webhooks/${paused.id}`, { enabled: false });
    const disabled = (await server().call('GET', '/statistics/backlog')).body;
    expect(disabled.held).toMatchObject({ paused: before.held.paused, disabled: before.held.disabled + 2 });
  });

  test('tells what the receiver has asked to be held', async () => {
    const before = (await server().call('GET', '/statistics/backlog')).body.held.retryAfter;
    const receiver = await startReceiver((_arrival, response) => {
      response.writeHead(429, { 'retry-after': '3600' }).end();
    });
    const webhook = await stage({ url: receiver.url });
    await deliveryInState(server(), await webhook.publish(), webhook.id, 'retrying');
    expect((await server().call('GET', '/statistics/backlog')).body.held.retryAfter).toBe(before + 1);
  });
});

describe('the health of a webhook', () => {
  test('is nothing known, before the first attempt', async () => {
    const { id } = await stage({ url: 'http://127.0.0.1:9/' });
    expect(await healthOf(id)).toMatchObject({
      state: 'active',
      trouble: null,
      breaker: null,
      lastAttempt: null,
      lastDeliveredAt: null,
      consecutiveFailures: 0,
      successRate: null,
    });
  });

  test('tells its latest attempt, its failures in a row, and its hours', async () => {
    const answers = [200, 500, 503, 404];
    const receiver = await startReceiver((_arrival, response) => {
      response.writeHead(answers.shift() ?? 500).end();
    });
    const retry = { strategy: 'fixed', maxAttempts: 3, delayMs: 0 };
    const webhook = await stage({ url: receiver.url, retry });
    const good = await deliveryInState(server(), await webhook.publish(), webhook.id, 'delivered');
    const bad = await deliveryInState(server(), await webhook.publish(), webhook.id, 'exhausted');
    const health = await healthOf(webhook.id, ({ consecutiveFailures }) => consecutiveFailures === 3);
    expect(health).toMatchObject({
      trouble: 'failing',
      lastAttempt: { outcome: 'failed', status: 404, errorCode: 'http_status' },
      successRate: 0.25,
    });
    expect(Date.parse(health.lastDeliveredAt)).toBe(
      Date.parse(good.attempts[0].startedAt) + good.attempts[0].durationMs,
    );
    expect(bad.attempts).toHaveLength(3);
    const hours: { at: string; delivered: number; failed: number }[] = health.hours;
    expect(hours).toHaveLength(24);
    expect(hours.reduce((sum, { delivered }) => sum + delivered, 0)).toBe(1);
    expect(hours.reduce((sum, { failed }) => sum + failed, 0)).toBe(3);
    const { body } = await server().call('GET', '/webhooks/health?trouble=any&limit=250');
    expect(body.items.map(({ webhookId }: { webhookId: string }) => webhookId)).toContain(webhook.id);
  });

  test('says that the receiver is gone', async () => {
    const receiver = await startReceiver(answering(410));
    const webhook = await stage({ url: receiver.url });
    await deliveryInState(server(), await webhook.publish(), webhook.id, 'retrying');
    expect(await healthOf(webhook.id)).toMatchObject({ state: 'paused', trouble: 'gone' });
  });

  test('is asked of one kind of trouble only', async () => {
    const refused = await server().call('GET', '/webhooks/health?trouble=some');
    expectProblem(refused, 400, 'validation_failed', ['?trouble']);
  });
});

import { describe, expect, test } from 'vitest';
import { type Arrival, answering, startReceiver } from '../harness/receiver.ts';
import { shareServer } from '../harness/server.ts';
import { answeringAfter, createWebhook, deliveryInState, ownType, publish, readUntil } from './stage.ts';

const server = shareServer();

/** A receiver, a webhook that sends to it, and an event type that only this webhook gets. */
async function stage(settings: object = {}) {
  const receiver = await startReceiver();
  const type = ownType();
  const webhook = await createWebhook(server(), { url: `${receiver.url}/`, eventTypes: [type], ...settings });
  return { receiver, webhook, type };
}

const at = (instant: string): number => Date.parse(instant);

describe('retry plans', () => {
  test.each([
    ['delays', { strategy: 'delays', delaysMs: [10, 60, 110], jitter: 0 }, [10, 60, 110]],
    ['fixed', { strategy: 'fixed', maxAttempts: 4, delayMs: 60, jitter: 0 }, [60, 60, 60]],
    [
      'exponential',
      { strategy: 'exponential', maxAttempts: 5, initialDelayMs: 20, factor: 3, maxDelayMs: 100, jitter: 0 },
      [20, 60, 100, 100],
    ],
  ])(
    '%s waits as planned between attempts, logs each, and gives up after the last',
    async (_strategy, retry, waitsMs) => {
      const { receiver, webhook, type } = await stage({ retry });
      receiver.respond = (_arrival, response) => response.writeHead(503, { 'x-why': 'busy' }).end('try later');
      const eventId = await publish(server(), type);
      const delivery = await deliveryInState(server(), eventId, webhook.id, 'exhausted');
      expect(delivery).toMatchObject({
        reason: 'attempts_spent',
        attemptCount: waitsMs.length + 1,
        nextAttemptAt: null,
      });
      expect(receiver.arrivals).toHaveLength(waitsMs.length + 1);
      for (const [index, attempt] of delivery.attempts.entries()) {
        expect(attempt).toMatchObject({
          number: index + 1,
          trigger: index === 0 ? 'initial' : 'retry',
          outcome: 'failed',
          request: { headers: { 'x-waybill-attempt': String(index + 1) } },
          response: { status: 503, headers: { 'x-why': 'busy' }, body: 'try later', truncated: false },
          error: { code: 'http_status', message: expect.stringContaining('503') },
        });
      }
      const startedAt = delivery.attempts.map((attempt: { startedAt: string }) => at(attempt.startedAt));
      for (const [index, waitMs] of waitsMs.entries()) {
        expect(startedAt[index + 1] - startedAt[index]).toBeGreaterThanOrEqual(waitMs);
        // Far more than the machine needs, far less than any other plan here would take.
        expect(startedAt[index + 1] - startedAt[index]).toBeLessThan(waitMs + 2_000);
      }
    },
  );

  test('no delays means one attempt', async () => {
    const { receiver, webhook, type } = await stage({ retry: { strategy: 'delays', delaysMs: [] } });
    receiver.respond = answering(500);
    const eventId = await publish(server(), type);
    const delivery = await deliveryInState(server(), eventId, webhook.id, 'exhausted');
    expect(delivery).toMatchObject({ reason: 'attempts_spent', attemptCount: 1 });
  });

  test('a retrying delivery tells when it is tried next, jitter included', async () => {
    const { receiver, webhook, type } = await stage({
      retry: { strategy: 'fixed', maxAttempts: 2, delayMs: 100_000, jitter: 0.5 },
    });
    receiver.respond = answering(500);
    const eventId = await publish(server(), type);
    const { nextAttemptAt, attempts, reason } = await deliveryInState(server(), eventId, webhook.id, 'retrying');
    expect(reason).toBeNull();
    const waitMs = at(nextAttemptAt) - at(attempts[0].startedAt);
    expect(waitMs).toBeGreaterThanOrEqual(100_000);
    expect(waitMs).toBeLessThan(150_000 + 5_000);
  });

  test('a changed plan applies from the next attempt on', async () => {
    const { receiver, webhook, type } = await stage({ retry: { strategy: 'fixed', maxAttempts: 2, delayMs: 0 } });
    const raise = () => server().call('PATCH', `/webhooks/${webhook.id}`, { retry: { maxAttempts: 3 } });
    receiver.respond = answeringAfter(raise, 500);
    const eventId = await publish(server(), type);
    expect(await deliveryInState(server(), eventId, webhook.id, 'exhausted')).toMatchObject({ attemptCount: 3 });
  });

  test('the second attempt that succeeds ends it', async () => {
    const { receiver, webhook, type } = await stage({ retry: { strategy: 'fixed', maxAttempts: 9, delayMs: 0 } });
    receiver.respond = (arrival, response) => response.writeHead(isFirst(arrival) ? 500 : 201).end('thanks');
    const eventId = await publish(server(), type);
    const delivery = await deliveryInState(server(), eventId, webhook.id, 'delivered');
    expect(delivery).toMatchObject({ reason: null, attemptCount: 2, nextAttemptAt: null });
    expect(delivery.attempts).toMatchObject([
      { outcome: 'failed', response: { status: 500 } },
      { outcome: 'delivered', response: { status: 201, body: 'thanks' }, error: null },
    ]);
  });
});

describe('what counts as a failure', () => {
  test.each([200, 201, 202, 204, 299])('status %i is a success', async (status) => {
    const { receiver, webhook, type } = await stage();
    receiver.respond = answering(status);
    await deliveryInState(server(), await publish(server(), type), webhook.id, 'delivered');
  });

  test.each([
    [300, 'redirect'],
    [301, 'redirect'],
    [302, 'redirect'],
    [304, 'redirect'],
    [307, 'redirect'],
    [308, 'redirect'],
    [400, 'http_status'],
    [401, 'http_status'],
    [404, 'http_status'],
    [429, 'http_status'],
    [500, 'http_status'],
    [599, 'http_status'],
  ])('status %i is the failure %s, and a redirect is not followed', async (status, code) => {
    const { receiver, webhook, type } = await stage({ retry: { strategy: 'delays', delaysMs: [] } });
    receiver.respond = answering(status, { location: `${receiver.url}/elsewhere` });
    const delivery = await deliveryInState(server(), await publish(server(), type), webhook.id, 'exhausted');
    expect(delivery.attempts).toMatchObject([{ outcome: 'failed', response: { status }, error: { code } }]);
    expect(receiver.arrivals.map((arrival) => arrival.path)).toEqual(['/']);
  });

  test('a receiver that is not there refuses the connection', async () => {
    const { receiver, webhook, type } = await stage({ retry: { strategy: 'delays', delaysMs: [] } });
    await receiver.close();
    const delivery = await deliveryInState(server(), await publish(server(), type), webhook.id, 'exhausted');
    expect(delivery.attempts).toMatchObject([
      { request: { url: webhook.url }, response: null, error: { code: 'connection_refused' } },
    ]);
  });

  test('a receiver that does not answer in time is given up', async () => {
    const { receiver, webhook, type } = await stage({ timeoutMs: 100, retry: { strategy: 'delays', delaysMs: [] } });
    receiver.respond = () => undefined;
    const delivery = await deliveryInState(server(), await publish(server(), type), webhook.id, 'exhausted');
    expect(delivery.attempts).toMatchObject([{ response: null, error: { code: 'timeout' } }]);
    expect(delivery.attempts[0].durationMs).toBeGreaterThanOrEqual(99);
    expect(receiver.arrivals).toHaveLength(1);
  });

  test('a receiver that breaks off resets the connection', async () => {
    const { receiver, webhook, type } = await stage({ retry: { strategy: 'delays', delaysMs: [] } });
    receiver.respond = (_arrival, response) => response.destroy();
    const delivery = await deliveryInState(server(), await publish(server(), type), webhook.id, 'exhausted');
    expect(delivery.attempts).toMatchObject([{ response: null, error: { code: 'connection_reset' } }]);
  });

  test('of a long answer the log keeps the beginning', async () => {
    const { receiver, webhook, type } = await stage();
    receiver.respond = (_arrival, response) => response.writeHead(200).end('x'.repeat(100_000));
    const { attempts } = await deliveryInState(server(), await publish(server(), type), webhook.id, 'delivered');
    expect(attempts[0].response.truncated).toBe(true);
    expect(attempts[0].response.body).toMatch(/^x+$/);
    expect(attempts[0].response.body.length).toBeLessThanOrEqual(65_536);
  });
});

describe('an answer that does not come whole', () => {
  test.each([
    ['ends early', 'content-length: 9\r\n\r\nshort', 'end', 'response_invalid'],
    ['is reset', 'content-length: 9\r\n\r\nshort', 'resetAndDestroy', 'connection_reset'],
    ['breaks its framing', 'transfer-encoding: chunked\r\n\r\nno chunk\r\n', 'end', 'response_invalid'],
  ] as const)('because it %s is a failure, and retried', async (_what, rest, end, code) => {
    const { receiver, webhook, type } = await stage({ retry: { strategy: 'fixed', maxAttempts: 2, delayMs: 0 } });
    receiver.respond = (_arrival, { socket }) => {
      receiver.respond = answering(204);
      socket?.write(`HTTP/1.1 200 OK\r\n${rest}`, () => socket[end]());
    };
    const eventId = await publish(server(), type);
    const { attempts } = await deliveryInState(server(), eventId, webhook.id, 'delivered');
    expect(attempts).toMatchObject([{ outcome: 'failed', error: { code } }, { outcome: 'delivered' }]);
  });
});

describe('giving up', () => {
  test('is told by a delivery.exhausted event, to other webhooks and not to the one it is about', async () => {
    const other = await stage({ eventTypes: ['delivery.exhausted'] });
    const { receiver, webhook, type } = await stage({ retry: { strategy: 'fixed', maxAttempts: 2, delayMs: 0 } });
    await server().call('PATCH', `/webhooks/${webhook.id}`, { eventTypes: [type, 'delivery.*'] });
    receiver.respond = answering(418);
    const eventId = await publish(server(), type);
    const isOfThis = ({ body }: Arrival) => JSON.parse(body).data.webhook.id === webhook.id;
    const [arrival] = (await other.receiver.arrived(1, isOfThis)) as [Arrival];
    const { id } = await deliveryInState(server(), eventId, webhook.id, 'exhausted');
    expect(JSON.parse(arrival.body)).toEqual({
      type: 'delivery.exhausted',
      timestamp: expect.any(String),
      data: {
        webhook: { id: webhook.id, name: webhook.name, url: webhook.url, state: 'active', pauseReason: null },
        delivery: {
          id,
          eventId,
          eventType: type,
          attemptCount: 2,
          error: { code: 'http_status', message: expect.stringContaining('418') },
        },
      },
    });
    const { body } = await server().call('GET', `/deliveries?webhookId=${webhook.id}`);
    expect(body.items).toHaveLength(1);
  });

  test('on an event about Waybill itself makes no further event', async () => {
    const { webhook: watched } = await stage();
    const { receiver, webhook } = await stage({
      eventTypes: ['webhook.paused', 'delivery.exhausted'],
      retry: { strategy: 'delays', delaysMs: [] },
    });
    const witness = await stage({ eventTypes: ['delivery.exhausted', 'webhook.recovered'] });
    receiver.respond = answering(500);
    await server().call('POST', `/webhooks/${watched.id}/pause`);
    await readUntil(server(), `/deliveries?webhookId=${webhook.id}`, ({ items }) => items[0]?.state === 'exhausted');
    await server().call('POST', `/webhooks/${watched.id}/resume`);
    await witness.receiver.arrived(1, ({ body }) => JSON.parse(body).type === 'webhook.recovered');
    const types = witness.receiver.arrivals.map(({ body }) => JSON.parse(body).type);
    expect(types).not.toContain('delivery.exhausted');
  });
});

describe('giving up on a delivery.exhausted', () => {
  test('makes no further event', async () => {
    const retry = { strategy: 'delays', delaysMs: [] };
    const told = await stage({ eventTypes: ['delivery.exhausted'], retry });
    told.receiver.respond = answering(500);
    const { receiver, webhook, type } = await stage({ retry });
    receiver.respond = answering(500);
    const before = (await server().call('GET', '/events?limit=1')).body.items[0]?.sequence ?? 0;
    await publish(server(), type);
    const ofThis = ({ body }: Arrival) => JSON.parse(body).data.webhook.id === webhook.id;
    const [{ headers }] = (await told.receiver.arrived(1, ofThis)) as [Arrival];
    await deliveryInState(server(), String(headers['webhook-id']), told.webhook.id, 'exhausted');
    // An event of its own would be in the log when the delivery is seen to have ended: it comes with that.
    const { items } = (await server().call('GET', `/events?after=${before}&limit=250`)).body;
    const about = items.filter(({ data }: { data: { webhook?: { id: string } } }) =>
      [webhook.id, told.webhook.id].includes(data.webhook?.id ?? ''),
    );
    expect(about.map(({ id }: { id: string }) => id)).toEqual([headers['webhook-id']]);
  });
});

describe('a receiver that is gone', () => {
  test('pauses its webhook, holds the delivery without using up a try, and resuming sends it', async () => {
    const news = await stage({ eventTypes: ['webhook.paused'] });
    const { receiver, webhook, type } = await stage({ retry: { strategy: 'delays', delaysMs: [] } });
    receiver.respond = answering(410);
    const eventId = await publish(server(), type);
    const held = await deliveryInState(server(), eventId, webhook.id, 'retrying');
    expect(held).toMatchObject({
      reason: 'webhook_paused',
      attemptCount: 1,
      attempts: [{ outcome: 'failed', response: { status: 410 }, error: { code: 'gone' } }],
    });
    const { body } = await server().call('GET', `/webhooks/${webhook.id}`);
    expect(body).toMatchObject({ state: 'paused', pauseReason: 'gone' });
    const isOfThis = ({ body }: Arrival) => JSON.parse(body).data.webhook.id === webhook.id;
    const [told] = (await news.receiver.arrived(1, isOfThis)) as [Arrival];
    expect(JSON.parse(told.body).data.webhook).toMatchObject({ state: 'paused', pauseReason: 'gone' });

    const meanwhile = await publish(server(), type);
    expect(receiver.arrivals).toHaveLength(1);
    receiver.respond = (arrival, response) => response.writeHead(isFirst(arrival) ? 200 : 500).end();
    await server().call('POST', `/webhooks/${webhook.id}/resume`);
    await deliveryInState(server(), meanwhile, webhook.id, 'delivered');
    // The one try of the plan is left to it: it is made, fails, and is the last.
    const ended = await deliveryInState(server(), eventId, webhook.id, 'exhausted');
    expect(ended).toMatchObject({ attemptCount: 2, attempts: [{ number: 1 }, { number: 2, trigger: 'retry' }] });
  });
});

describe('Retry-After', () => {
  test.each([
    ['429 in seconds', 429, () => '1'],
    ['503 as a date', 503, () => new Date(Date.now() + 2_000).toUTCString()],
  ])('on %s is waited for, and the other deliveries of the webhook wait too', async (_what, status, retryAfter) => {
    const { receiver, webhook, type } = await stage({
      retry: { strategy: 'fixed', maxAttempts: 3, delayMs: 0, jitter: 0 },
      limits: { maxConcurrency: 1 },
    });
    const bystander = await stage();
    let notBefore = 0;
    receiver.respond = (_arrival, response) => {
      const value = retryAfter();
      notBefore = /^\d+$/.test(value) ? Date.now() + Number(value) * 1_000 : Date.parse(value);
      receiver.respond = answering(200);
      response.writeHead(status, { 'retry-after': value }).end();
    };
    const first = await publish(server(), type);
    const { nextAttemptAt } = await deliveryInState(server(), first, webhook.id, 'retrying');
    expect(at(nextAttemptAt)).toBeGreaterThanOrEqual(notBefore - 5);
    const second = await publish(server(), type);
    expect(Date.now()).toBeLessThan(notBefore);

    await publish(server(), bystander.type);
    await bystander.receiver.arrived(1);
    expect(Date.now()).toBeLessThan(notBefore);

    await deliveryInState(server(), first, webhook.id, 'delivered');
    await deliveryInState(server(), second, webhook.id, 'delivered');
    const later = receiver.arrivals.slice(1);
    expect(later).toHaveLength(2);
    for (const arrival of later) expect(arrival.at).toBeGreaterThanOrEqual(notBefore - 5);
  });

  test.each([
    ['shorter than the plan', 429, '1', 100_000],
    ['on another status', 500, '100', 50_000],
    ['that is no time', 429, 'soon', 50_000],
  ])('%s changes nothing of the plan', async (_what, status, retryAfter, delayMs) => {
    const { receiver, webhook, type } = await stage({
      retry: { strategy: 'fixed', maxAttempts: 3, delayMs, jitter: 0 },
    });
    receiver.respond = answering(status, { 'retry-after': retryAfter });
    const eventId = await publish(server(), type);
    const { nextAttemptAt, attempts } = await deliveryInState(server(), eventId, webhook.id, 'retrying');
    const waitMs = at(nextAttemptAt) - at(attempts[0].startedAt);
    expect(waitMs).toBeGreaterThanOrEqual(delayMs);
    expect(waitMs).toBeLessThan(delayMs + 5_000);
  });

  test('is the next attempt of every delivery of the webhook that waits for it, until a person tries one', async () => {
    const { receiver, webhook, type } = await stage({ retry: { strategy: 'fixed', maxAttempts: 2, delayMs: 0 } });
    receiver.respond = answering(429, { 'retry-after': '3600' });
    const asked = await deliveryInState(server(), await publish(server(), type), webhook.id, 'retrying');
    const behind = await deliveryInState(server(), await publish(server(), type), webhook.id, 'pending');
    expect(behind).toMatchObject({ reason: null, attemptCount: 0 });
    expect(at(behind.nextAttemptAt)).toBeGreaterThan(Date.now() + 3_590_000);
    expect(at(behind.nextAttemptAt)).toBeLessThanOrEqual(at(asked.nextAttemptAt));
    const { items } = (await server().call('GET', `/deliveries?webhookId=${webhook.id}&state=pending`)).body;
    expect(items.map(({ nextAttemptAt }: { nextAttemptAt: string }) => nextAttemptAt)).toEqual([behind.nextAttemptAt]);
    const event = (await server().call('GET', `/events/${behind.eventId}`)).body;
    expect(event.deliveries[0].nextAttemptAt).toBe(behind.nextAttemptAt);
    receiver.respond = answering(200);
    await server().call('POST', `/deliveries/${behind.id}/retry`);
    await deliveryInState(server(), behind.eventId, webhook.id, 'delivered');
  });

  test('holds nothing for longer than it asks, not even news of a test that began before that was over', async () => {
    const type = ownType();
    const { receiver, webhook } = await stage({
      eventTypes: [type, 'webhook.test'],
      retry: { strategy: 'delays', delaysMs: [] },
    });
    receiver.respond = answering(429, { 'retry-after': '1' });
    await deliveryInState(server(), await publish(server(), type), webhook.id, 'exhausted');
    receiver.respond = answering(200);
    await publish(server(), type);

    const tested = await stage();
    const holdIsOver = () => receiver.arrived(2, ({ headers }) => headers['x-waybill-event'] === type);
    tested.receiver.respond = answeringAfter(holdIsOver, 200);
    await server().call('POST', `/webhooks/${tested.webhook.id}/test`);
    await receiver.arrived(1, ({ body }) => body.includes(tested.webhook.id));
  });

  test('is obeyed for 24 hours at most', async () => {
    const { receiver, webhook, type } = await stage({ retry: { strategy: 'fixed', maxAttempts: 2, delayMs: 0 } });
    receiver.respond = answering(429, { 'retry-after': '99999999' });
    const { nextAttemptAt } = await deliveryInState(server(), await publish(server(), type), webhook.id, 'retrying');
    const waitMs = at(nextAttemptAt) - Date.now();
    expect(waitMs).toBeGreaterThan(86_400_000 - 10_000);
    expect(waitMs).toBeLessThanOrEqual(86_400_000);
  });
});

function isFirst(arrival: Arrival): boolean {
  return arrival.headers['x-waybill-attempt'] === '1';
}

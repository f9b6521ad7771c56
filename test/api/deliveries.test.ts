import { describe, expect, test } from 'vitest';
import { type Arrival, answering, startReceiver } from '../harness/receiver.ts';
import { shareServer } from '../harness/server.ts';
import { createWebhook, deliveryInState, expectProblem, ownType, publish, readUntil } from './stage.ts';

const server = shareServer();

const ONE_RETRY_LATE = { strategy: 'fixed', maxAttempts: 2, delayMs: 3_600_000, jitter: 0 };

/** A receiver, a webhook that sends to it, and an event type that only this webhook gets. */
async function stage(settings: object = {}) {
  const receiver = await startReceiver();
  const type = ownType();
  const webhook = await createWebhook(server(), { url: `${receiver.url}/`, eventTypes: [type], ...settings });
  return { receiver, webhook, type };
}

function act(id: string, verb: 'retry' | 'cancel') {
  return server().call('POST', `/deliveries/${id}/${verb}`);
}

describe('retrying by hand', () => {
  test('tries an open delivery at once, and uses up no try of the plan', async () => {
    const { receiver, webhook, type } = await stage({ retry: ONE_RETRY_LATE });
    receiver.respond = answering(500);
    const eventId = await publish(server(), type);
    const planned = await deliveryInState(server(), eventId, webhook.id, 'retrying');

    const retried = await act(planned.id, 'retry');
    expect(retried).toMatchObject({ status: 202, body: { id: planned.id, replayOf: null } });
    const after = await readUntil(
      server(),
      `/deliveries/${planned.id}`,
      ({ attempts, state }) => attempts.length === 2 && state === 'retrying',
    );
    expect(after).toMatchObject({
      state: 'retrying',
      attemptCount: 2,
      nextAttemptAt: planned.nextAttemptAt,
      attempts: [
        { number: 1, trigger: 'initial' },
        { number: 2, trigger: 'manual', outcome: 'failed' },
      ],
    });

    receiver.respond = answering(200);
    expect((await act(planned.id, 'retry')).status).toBe(202);
    expect(await deliveryInState(server(), eventId, webhook.id, 'delivered')).toMatchObject({ attemptCount: 3 });
    expect(receiver.arrivals.map((arrival) => arrival.headers['x-waybill-attempt'])).toEqual(['1', '2', '3']);
  });

  test('does not wait for an instant that the receiver asked for', async () => {
    const { receiver, webhook, type } = await stage({ retry: ONE_RETRY_LATE });
    receiver.respond = answering(429, { 'retry-after': '3600' });
    const eventId = await publish(server(), type);
    const { id } = await deliveryInState(server(), eventId, webhook.id, 'retrying');
    receiver.respond = answering(200);
    await act(id, 'retry');
    await deliveryInState(server(), eventId, webhook.id, 'delivered');
  });

  test.each([
    ['delivered', 200],
    ['exhausted', 500],
    ['cancelled', 500],
  ])('of one that is %s makes a new delivery of the same event under the same number', async (state, status) => {
    const retry = state === 'cancelled' ? ONE_RETRY_LATE : { strategy: 'delays', delaysMs: [] };
    const { receiver, webhook, type } = await stage({ retry });
    receiver.respond = answering(status);
    await publish(server(), type);
    const eventId = await publish(server(), type, { n: 2 });
    const open = await deliveryInState(server(), eventId, webhook.id, state === 'cancelled' ? 'retrying' : state);
    if (state === 'cancelled') await act(open.id, 'cancel');
    const ended = (await server().call('GET', `/deliveries/${open.id}`)).body;
    expect(ended.state).toBe(state);

    receiver.respond = answering(200);
    const retried = await act(ended.id, 'retry');
    expect(retried).toMatchObject({
      status: 202,
      body: { eventId, webhookId: webhook.id, replayOf: ended.id, sequence: ended.sequence },
    });
    expect(retried.body.id).not.toBe(ended.id);
    const replay = await readUntil(
      server(),
      `/deliveries/${retried.body.id}`,
      (delivery) => delivery.state === 'delivered',
    );
    expect(replay).toMatchObject({ attemptCount: 1, attempts: [{ number: 1, trigger: 'replay' }] });
    expect((await server().call('GET', `/deliveries/${ended.id}`)).body).toEqual(ended);

    const [first, again] = receiver.arrivals.filter(({ headers }) => headers['webhook-id'] === eventId) as [
      Arrival,
      Arrival,
    ];
    expect(first.headers['x-waybill-sequence']).toBe(String(ended.sequence));
    expect(again.headers).toMatchObject({
      'x-waybill-sequence': first.headers['x-waybill-sequence'],
      'x-waybill-attempt': '1',
      'x-waybill-delivery': retried.body.id,
    });
    expect(again.body).toBe(first.body);
    const { deliveries } = (await server().call('GET', `/events/${eventId}`)).body;
    expect(deliveries.map(({ id }: { id: string }) => id)).toEqual([ended.id, retried.body.id]);
  });

  test('is refused while the webhook is paused, disabled or deleted', async () => {
    const { receiver, webhook, type } = await stage({ retry: ONE_RETRY_LATE });
    receiver.respond = answering(500);
    const { id } = await deliveryInState(server(), await publish(server(), type), webhook.id, 'retrying');
    await server().call('POST', `/webhooks/${webhook.id}/pause`);
    expectProblem(await act(id, 'retry'), 409, 'conflict');
    await server().call('POST', `/webhooks/${webhook.id}/resume`);
    await server().call('PATCH', `/webhooks/${webhook.id}`, { enabled: false });
    expectProblem(await act(id, 'retry'), 409, 'conflict');
    await server().call('DELETE', `/webhooks/${webhook.id}`);
    expectProblem(await act(id, 'retry'), 409, 'conflict');
    expect(receiver.arrivals).toHaveLength(1);
  });
});

describe('cancelling', () => {
  test('ends an open delivery, once', async () => {
    const { receiver, webhook, type } = await stage({ retry: ONE_RETRY_LATE });
    receiver.respond = answering(500);
    const { id } = await deliveryInState(server(), await publish(server(), type), webhook.id, 'retrying');
    const cancelled = await act(id, 'cancel');
    expect(cancelled).toMatchObject({
      status: 200,
      body: {
        id,
        state: 'cancelled',
        reason: 'cancelled',
        nextAttemptAt: null,
        attemptCount: 1,
        attempts: [{ number: 1 }],
      },
    });
    expect((await server().call('GET', `/deliveries/${id}`)).body).toEqual(cancelled.body);
    expectProblem(await act(id, 'cancel'), 409, 'conflict');
  });

  test('a delivery that is held is never sent', async () => {
    const { receiver, webhook, type } = await stage();
    await server().call('POST', `/webhooks/${webhook.id}/pause`);
    const { id } = await deliveryInState(server(), await publish(server(), type), webhook.id, 'pending');
    expect((await act(id, 'cancel')).body).toMatchObject({ state: 'cancelled', attemptCount: 0, attempts: [] });
    await server().call('POST', `/webhooks/${webhook.id}/resume`);
    const next = await publish(server(), type);
    await receiver.arrived(1);
    expect(receiver.arrivals.map(({ headers }) => headers['webhook-id'])).toEqual([next]);
  });

  test('while a request is under way makes it the last', async () => {
    const { receiver, webhook, type } = await stage({ retry: { strategy: 'fixed', maxAttempts: 9, delayMs: 0 } });
    let answer = (): void => undefined;
    receiver.respond = (_arrival, response) => {
      answer = () => response.writeHead(500).end();
    };
    const eventId = await publish(server(), type);
    await receiver.arrived(1);
    const { id } = await deliveryInState(server(), eventId, webhook.id, 'delivering');
    expect((await act(id, 'cancel')).body).toMatchObject({ state: 'cancelled', reason: 'cancelled' });
    answer();
    const after = await readUntil(server(), `/deliveries/${id}`, ({ attempts }) => attempts.length === 1);
    expect(after).toMatchObject({ state: 'cancelled', attemptCount: 1, attempts: [{ response: { status: 500 } }] });
  });

  test.each([
    ['delivered', 200],
    ['exhausted', 500],
  ])('one that is %s is refused', async (state, status) => {
    const { receiver, webhook, type } = await stage({ retry: { strategy: 'delays', delaysMs: [] } });
    receiver.respond = answering(status);
    const { id } = await deliveryInState(server(), await publish(server(), type), webhook.id, state);
    const answer = await act(id, 'cancel');
    expectProblem(answer, 409, 'conflict');
    expect(answer.body.detail).toContain(state);
  });

  test('a delivery that waits in line behind a slow one is never sent', async () => {
    const { receiver, webhook, type } = await stage({ limits: { maxConcurrency: 1 } });
    const underway = Promise.withResolvers<() => void>();
    receiver.respond = (_arrival, response) => underway.resolve(() => response.writeHead(204).end());
    const slow = await publish(server(), type);
    const answerSlow = await underway.promise;
    const waiting = await deliveryInState(server(), await publish(server(), type), webhook.id, 'delivering');
    expect(await act(waiting.id, 'cancel')).toMatchObject({ status: 200, body: { state: 'cancelled', attempts: [] } });

    receiver.respond = answering(204);
    answerSlow();
    const last = await publish(server(), type);
    await deliveryInState(server(), last, webhook.id, 'delivered');
    expect(receiver.arrivals.map(({ headers }) => headers['webhook-id'])).toEqual([slow, last]);
  });
});

describe('the list of deliveries', () => {
  test('is filtered by webhook, event, type, state, error, status and time, one with another', async () => {
    const good = await stage();
    const bad = await stage({ retry: { strategy: 'delays', delaysMs: [] } });
    const gone = await stage({ retry: { strategy: 'delays', delaysMs: [] } });
    bad.receiver.respond = answering(503);
    await gone.receiver.close();
    await server().call('PATCH', `/webhooks/${bad.webhook.id}`, { eventTypes: [bad.type, good.type] });
    const goodEvent = await publish(server(), good.type);
    const badEvent = await publish(server(), bad.type);
    const goneEvent = await publish(server(), gone.type);
    const delivered = await deliveryInState(server(), goodEvent, good.webhook.id, 'delivered');
    const both = await deliveryInState(server(), goodEvent, bad.webhook.id, 'exhausted');
    const failed = await deliveryInState(server(), badEvent, bad.webhook.id, 'exhausted');
    const refused = await deliveryInState(server(), goneEvent, gone.webhook.id, 'exhausted');

    const list = async (filter: string) => {
      const { status, body } = await server().call('GET', `/deliveries?limit=250&${filter}`);
      expect(status).toBe(200);
      return body.items.map(({ id }: { id: string }) => id);
    };
    expect(await list(`webhookId=${bad.webhook.id}`)).toEqual([failed.id, both.id]);
    expect((await list(`eventId=${goodEvent}`)).sort()).toEqual([delivered.id, both.id].sort());
    expect(await list(`eventType=${bad.type}`)).toEqual([failed.id]);
    expect(await list(`eventId=${goodEvent}&state=exhausted`)).toEqual([both.id]);
    expect(await list(`webhookId=${bad.webhook.id}&status=503`)).toEqual([failed.id, both.id]);
    expect(await list(`webhookId=${bad.webhook.id}&status=500`)).toEqual([]);
    expect(await list(`eventType=${gone.type}&errorCode=connection_refused`)).toEqual([refused.id]);
    expect(await list(`eventType=${gone.type}&errorCode=http_status`)).toEqual([]);
    expect(await list('webhookId=wh_none')).toEqual([]);
    const later = new Date(Date.parse(refused.createdAt) + 1).toISOString();
    expect(await list(`eventType=${gone.type}&from=${refused.createdAt}&to=${later}`)).toEqual([refused.id]);
    expect(await list(`eventType=${gone.type}&to=${refused.createdAt}`)).toEqual([]);
    expect(await list(`eventType=${gone.type}&from=${later}`)).toEqual([]);
  });

  test('shows deliveries without their attempts', async () => {
    const { webhook, type } = await stage();
    const { attempts: _, ...delivery } = await deliveryInState(
      server(),
      await publish(server(), type),
      webhook.id,
      'delivered',
    );
    expect((await server().call('GET', `/deliveries?webhookId=${webhook.id}`)).body).toEqual({
      items: [delivery],
      next: null,
    });
  });

  test.each(['state=open', 'status=ok', 'from=today', 'to=1', 'webhookid=wh_1'])(
    'the filter %s is refused',
    async (filter) => {
      const name = `?${filter.split('=')[0]}`;
      expectProblem(await server().call('GET', `/deliveries?${filter}`), 400, 'validation_failed', [name]);
    },
  );
});

describe('testing a webhook', () => {
  test('sends the real thing and shows the whole exchange', async () => {
    const { receiver, webhook } = await stage({ eventTypes: ['transfer.failed'], headers: { 'X-Token': 'hidden' } });
    receiver.respond = (_arrival, response) => response.writeHead(202, { 'x-seen': 'yes' }).end('thank you');
    const { status, body } = await server().call('POST', `/webhooks/${webhook.id}/test`);
    const [arrival] = (await receiver.arrived(1)) as [Arrival];
    expect(status).toBe(200);
    const { 'content-length': _, connection: __, host: ___, ...headers } = arrival.headers;
    expect(body).toEqual({
      ok: true,
      request: { method: 'POST', url: webhook.url, headers: { ...headers, 'x-token': '***' }, body: arrival.body },
      response: {
        status: 202,
        headers: expect.objectContaining({ 'x-seen': 'yes' }),
        body: 'thank you',
        truncated: false,
      },
      remoteAddress: expect.stringContaining('127.0.0.1'),
      certificate: null,
      timings: {
        dnsMs: null,
        connectMs: expect.any(Number),
        tlsMs: null,
        sentMs: expect.any(Number),
        firstByteMs: expect.any(Number),
        totalMs: expect.any(Number),
      },
      error: null,
      curl: expect.stringMatching(/^curl .*'/),
    });
    expect(headers).toMatchObject({ 'x-waybill-event': 'webhook.test', 'x-waybill-attempt': '1', 'x-token': 'hidden' });
    expect(headers).not.toHaveProperty('x-waybill-sequence');
    expect(JSON.parse(arrival.body)).toMatchObject({ event_type: 'transfer_failed', transfer: { error: {} } });
    expect(body.curl).toContain(webhook.url);
    expect(body.curl).toContain('X POST');
    expect(body.curl).not.toContain('hidden');
  });

  test('takes no number of the sequence, and is kept in the log as a delivery of webhook.test', async () => {
    const { receiver, webhook, type } = await stage();
    await publish(server(), type);
    await server().call('POST', `/webhooks/${webhook.id}/test`);
    await publish(server(), type);
    const arrivals = await receiver.arrived(3);
    expect(arrivals.map(({ headers }) => headers['x-waybill-sequence']).sort()).toEqual(['1', '2', undefined]);
    const { items } = (await server().call('GET', `/deliveries?webhookId=${webhook.id}&eventType=webhook.test`)).body;
    expect(items).toMatchObject([{ state: 'delivered', sequence: null, attemptCount: 1 }]);
    const event = (await server().call('GET', `/events/${items[0].eventId}`)).body;
    expect(event).toMatchObject({ type: 'webhook.test', data: { webhook: { id: webhook.id, name: webhook.name } } });
  });

  test.each([
    [{ eventTypes: ['transfer.*'] }, '', 'event_type', 'transfer_started'],
    [{ eventTypes: [] }, '', 'event_type', expect.stringMatching(/^transfer_/)],
    [{ eventTypes: ['order.shipped', 'transfer.*'] }, '', 'data', {}],
    [{ eventTypes: ['transfer.*'] }, '?eventType=message.received', 'eventType', 'MESSAGE.RECEIVED.SUCCESS'],
    [{ eventTypes: ['transfer.*'] }, '?eventType=order.shipped', 'type', 'order.shipped'],
    [{ payload: { format: 'standard' } }, '?eventType=schedule.created', 'type', 'schedule.created'],
  ])('of a webhook with %j%s sends the sample of that type', async (settings, query, member, value) => {
    const { receiver, webhook } = await stage(settings);
    expect((await server().call('POST', `/webhooks/${webhook.id}/test${query}`)).body.ok).toBe(true);
    const [arrival] = (await receiver.arrived(1)) as [Arrival];
    expect(JSON.parse(arrival.body)[member]).toEqual(value);
    expect(arrival.headers['x-waybill-event']).toBe('webhook.test');
  });

  test.each(['transfer.unknown', 'Nothing', 'transfer.*', ''])('with eventType=%s is refused', async (eventType) => {
    const { receiver, webhook } = await stage();
    const answer = await server().call('POST', `/webhooks/${webhook.id}/test?eventType=${eventType}`);
    expectProblem(answer, 422, 'unknown_event_type', ['?eventType']);
    expect(receiver.arrivals).toEqual([]);
  });

  test.each([
    [401, 'http_status'],
    [404, 'http_status'],
    [500, 'http_status'],
    [302, 'redirect'],
    [410, 'gone'],
  ])('of a receiver that answers %i says what to do about it, and neither retries nor pauses', async (status, code) => {
    const { receiver, webhook } = await stage();
    receiver.respond = answering(status);
    const answer = await server().call('POST', `/webhooks/${webhook.id}/test`);
    expect(answer).toMatchObject({
      status: 200,
      body: {
        ok: false,
        response: { status },
        error: { code, message: expect.stringMatching(/./), remedy: expect.stringMatching(/\.$/) },
      },
    });
    const { items } = (await server().call('GET', `/deliveries?webhookId=${webhook.id}`)).body;
    expect(items).toMatchObject([{ state: 'exhausted', nextAttemptAt: null }]);
    expect((await server().call('GET', `/webhooks/${webhook.id}`)).body.state).toBe('active');
  });

  test('of a receiver that is not there answers without a response', async () => {
    const { receiver, webhook } = await stage();
    await receiver.close();
    const { status, body } = await server().call('POST', `/webhooks/${webhook.id}/test`);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      ok: false,
      request: { method: 'POST', url: webhook.url },
      response: null,
      certificate: null,
      timings: { firstByteMs: null, totalMs: expect.any(Number) },
      error: { code: 'connection_refused', remedy: expect.stringMatching(/\.$/) },
    });
  });

  test('publishes no delivery.exhausted when it fails', async () => {
    const witness = await stage({ eventTypes: ['delivery.exhausted', 'webhook.paused'] });
    const { receiver, webhook } = await stage();
    receiver.respond = answering(500);
    await server().call('POST', `/webhooks/${webhook.id}/test`);
    await server().call('POST', `/webhooks/${webhook.id}/pause`);
    const [arrival] = await witness.receiver.arrived(1, ({ body }) => JSON.parse(body).data.webhook.id === webhook.id);
    expect(arrival?.headers['x-waybill-event']).toBe('webhook.paused');
  });

  test('works on a webhook that is paused or disabled', async () => {
    const { webhook } = await stage({ enabled: false });
    expect((await server().call('POST', `/webhooks/${webhook.id}/test`)).body.ok).toBe(true);
    await server().call('PATCH', `/webhooks/${webhook.id}`, { enabled: true });
    await server().call('POST', `/webhooks/${webhook.id}/pause`);
    expect((await server().call('POST', `/webhooks/${webhook.id}/test`)).body.ok).toBe(true);
  });

  test('an unknown parameter is refused', async () => {
    const { webhook } = await stage();
    const answer = await server().call('POST', `/webhooks/${webhook.id}/test?eventtype=transfer.failed`);
    expectProblem(answer, 400, 'validation_failed', ['?eventtype']);
  });
});

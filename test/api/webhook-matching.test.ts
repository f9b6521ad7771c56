import { describe, expect, test } from 'vitest';
import { type Arrival, answering, startReceiver, type TestReceiver } from '../harness/receiver.ts';
import { shareServer } from '../harness/server.ts';
import {
  answeringAfter,
  createWebhook,
  deliveryInState,
  expectProblem,
  ownId,
  ownType,
  publish,
  readUntil,
} from './stage.ts';

const server = shareServer();

/** A webhook whose receiver is not there and not missed: what matters is which deliveries it gets. */
function webhookToNowhere(settings: object) {
  return createWebhook(server(), {
    url: 'http://127.0.0.1:9/',
    retry: { strategy: 'delays', delaysMs: [] },
    ...settings,
  });
}

/** The webhooks, of those given, that got a delivery of an event. */
async function matched(eventId: string, among: { id: string }[]): Promise<number[]> {
  const { deliveries } = (await server().call('GET', `/events/${eventId}`)).body;
  const ids = new Set(deliveries.map((delivery: { webhookId: string }) => delivery.webhookId));
  return among.flatMap(({ id }, index) => (ids.has(id) ? [index] : []));
}

describe('which events a webhook gets', () => {
  test('those of the types it names, of the families it names, or all', async () => {
    const family = `f${ownId().replaceAll('-', '')}`;
    const webhooks = [
      await webhookToNowhere({ eventTypes: [`${family}.a.b`] }),
      await webhookToNowhere({ eventTypes: [`${family}.*`] }),
      await webhookToNowhere({ eventTypes: [`${family}.a.*`, 'none.such'] }),
      await webhookToNowhere({ eventTypes: ['*'] }),
      await webhookToNowhere({ eventTypes: [] }),
      await webhookToNowhere({ eventTypes: ['none.such'] }),
    ];
    const get = async (type: string) => matched(await publish(server(), type), webhooks);
    expect(await get(`${family}.a.b`)).toEqual([0, 1, 2, 3, 4]);
    expect(await get(`${family}.a`)).toEqual([1, 3, 4]);
    expect(await get(`${family}.a.b.c`)).toEqual([1, 2, 3, 4]);
    expect(await get(`${family}x.a.b`)).toEqual([3, 4]);
  });

  test('a webhook.test goes to other webhooks that name it, and not to those that take everything', async () => {
    const tested = await webhookToNowhere({ eventTypes: ['webhook.*'] });
    const webhooks = [
      tested,
      await webhookToNowhere({ eventTypes: ['webhook.test'] }),
      await webhookToNowhere({ eventTypes: ['webhook.*'] }),
      await webhookToNowhere({ eventTypes: ['*'] }),
      await webhookToNowhere({ eventTypes: [] }),
    ];
    await server().call('POST', `/webhooks/${tested.id}/test`);
    const { items } = (await server().call('GET', `/deliveries?webhookId=${tested.id}`)).body;
    // Its own delivery is the test itself.
    expect(items).toMatchObject([{ eventType: 'webhook.test', sequence: null }]);
    expect(await matched(items[0].eventId, webhooks)).toEqual([0, 1, 2]);
  });

  test('a scope keeps to the ids it lists; all of its lists must hold', async () => {
    const [transfer, schedule, station, partner] = [ownId(), ownId(), ownId(), ownId()];
    const webhooks = [
      await webhookToNowhere({ scope: { transferIds: [transfer] } }),
      await webhookToNowhere({ scope: { scheduleIds: [ownId(), schedule] } }),
      await webhookToNowhere({ scope: { transferIds: [transfer], scheduleIds: [schedule] } }),
      await webhookToNowhere({ scope: { stationIds: [station] } }),
      await webhookToNowhere({ scope: { partnerIds: [partner], stationIds: [station] } }),
      await webhookToNowhere({ scope: { transferIds: [transfer] }, eventTypes: ['transfer.failed'] }),
    ];
    const get = async (data: object, type = 'transfer.started') =>
      matched(await publish(server(), type, data), webhooks);
    const named = (id: unknown) => ({ id, name: 'n' });
    expect(await get({ transfer: named(transfer) })).toEqual([0]);
    expect(await get({ transfer: named(transfer), schedule: named(schedule) })).toEqual([0, 1, 2]);
    expect(await get({ transfer: named(ownId()), schedule: named(schedule) })).toEqual([1]);
    expect(await get({ transfer: { ...named(transfer), error: {} } }, 'transfer.failed')).toEqual([0, 5]);
    expect(await get({ station: { id: station }, partner: { id: partner } }, ownType())).toEqual([3, 4]);
    expect(await get({ station: { id: station } }, ownType())).toEqual([3]);
    expect(await get({ station: station, partner: [partner] }, ownType())).toEqual([]);
    expect(await get({}, ownType())).toEqual([]);
  });

  test('ids are compared as text, so that numbers match too', async () => {
    const id = Math.floor(Math.random() * Number.MAX_SAFE_INTEGER);
    const webhooks = [await webhookToNowhere({ scope: { transferIds: [String(id)] } })];
    expect(
      await matched(await publish(server(), 'transfer.started', { transfer: { id, name: 'n' } }), webhooks),
    ).toEqual([0]);
  });

  test('with routing unmatched, only station or partner events that nobody who names stations or partners got', async () => {
    const [known, unknown, partner] = [ownId(), ownId(), ownId()];
    const type = ownType();
    const webhooks = [
      await webhookToNowhere({ eventTypes: [type], routing: 'unmatched' }),
      await webhookToNowhere({ eventTypes: [type], scope: { stationIds: [known] } }),
      await webhookToNowhere({ eventTypes: [type], scope: { partnerIds: [partner] }, enabled: false }),
      await webhookToNowhere({ eventTypes: [type] }),
    ];
    const get = async (data: object) => matched(await publish(server(), type, data), webhooks);
    expect(await get({ station: { id: known } })).toEqual([1, 3]);
    expect(await get({ station: { id: unknown } })).toEqual([0, 3]);
    expect(await get({ partner: { id: partner } })).toEqual([0, 3]);
    expect(await get({ transfer: { id: known } })).toEqual([3]);
    await server().call('PATCH', `/webhooks/${webhooks[2]?.id}`, { enabled: true });
    expect(await get({ partner: { id: partner } })).toEqual([2, 3]);
  });

  test('a webhook gets every event that is published after it was created or changed, and none from before', async () => {
    const [before, after] = [ownType(), ownType()];
    const early = await publish(server(), before);
    const webhook = await webhookToNowhere({ eventTypes: [before] });
    const hit = await publish(server(), before);
    await server().call('PATCH', `/webhooks/${webhook.id}`, { eventTypes: [after] });
    const miss = await publish(server(), before);
    const later = await publish(server(), after);
    expect(await Promise.all([early, hit, miss, later].map((id) => matched(id, [webhook])))).toEqual([
      [],
      [0],
      [],
      [0],
    ]);
  });
});

describe('pausing', () => {
  test('holds what is owed, and resuming sends it, oldest first', async () => {
    const { receiver, webhook, type } = await stage({ limits: { maxConcurrency: 1 } });
    const paused = await server().call('POST', `/webhooks/${webhook.id}/pause`);
    expect(paused).toMatchObject({ status: 200, body: { id: webhook.id, state: 'paused', pauseReason: 'manual' } });
    expect((await server().call('GET', `/webhooks/${webhook.id}`)).body).toEqual(paused.body);

    const ids: string[] = [];
    for (let n = 0; n < 3; n += 1) ids.push(await publish(server(), type));
    const held = (await server().call('GET', `/deliveries?webhookId=${webhook.id}`)).body.items;
    expect(held).toHaveLength(3);
    for (const delivery of held) {
      expect(delivery).toMatchObject({ state: 'pending', reason: 'webhook_paused', attemptCount: 0 });
    }
    expect(receiver.arrivals).toEqual([]);

    const resumed = await server().call('POST', `/webhooks/${webhook.id}/resume`);
    expect(resumed).toMatchObject({ status: 200, body: { state: 'active', pauseReason: null } });
    expect((await receiver.arrived(3)).map((arrival) => arrival.headers['webhook-id'])).toEqual(ids);
    expect(await deliveryInState(server(), ids[2]!, webhook.id, 'delivered')).toMatchObject({ reason: null });
  });

  test('holds a retry that is planned, and resuming sends it when it is due', async () => {
    const { receiver, webhook, type } = await stage({ retry: { strategy: 'fixed', maxAttempts: 2, delayMs: 0 } });
    // The answer waits until the webhook is paused, so that the retry falls due while it is.
    receiver.respond = answeringAfter(() => server().call('POST', `/webhooks/${webhook.id}/pause`), 500);
    const eventId = await publish(server(), type);
    const held = await deliveryInState(server(), eventId, webhook.id, 'retrying');
    expect(held).toMatchObject({ reason: 'webhook_paused', attemptCount: 1 });
    receiver.respond = answering(200);
    await server().call('POST', `/webhooks/${webhook.id}/resume`);
    expect(await deliveryInState(server(), eventId, webhook.id, 'delivered')).toMatchObject({ attemptCount: 2 });
  });

  test('once more changes nothing, and neither does resuming what is active', async () => {
    const { webhook } = await stage();
    const act = async (verb: string) => (await server().call('POST', `/webhooks/${webhook.id}/${verb}`)).body.state;
    expect(await act('resume')).toBe('active');
    expect(await act('pause')).toBe('paused');
    expect(await act('pause')).toBe('paused');
    expect(await act('resume')).toBe('active');
  });

  test('publishes webhook.paused and webhook.recovered once each, to other webhooks and never to the one it is about', async () => {
    const { receiver, webhook } = await stage({ eventTypes: ['webhook.*'] });
    const other = await stage({ eventTypes: ['webhook.paused', 'webhook.recovered'] });
    for (const verb of ['pause', 'pause', 'resume', 'resume']) {
      await server().call('POST', `/webhooks/${webhook.id}/${verb}`);
    }
    const about = (arrival: Arrival) => JSON.parse(arrival.body).data.webhook?.id === webhook.id;
    const news = await other.receiver.arrived(2, about);
    const { id, name, url } = webhook;
    expect(news.map((arrival) => JSON.parse(arrival.body))).toEqual(
      expect.arrayContaining([
        {
          type: 'webhook.paused',
          timestamp: expect.any(String),
          data: { webhook: { id, name, url, state: 'paused', pauseReason: 'manual' } },
        },
        {
          type: 'webhook.recovered',
          timestamp: expect.any(String),
          data: { webhook: { id, name, url, state: 'active', pauseReason: null } },
        },
      ]),
    );
    expect(news.map((arrival) => arrival.headers['x-waybill-event'])).toEqual(
      expect.arrayContaining(['webhook.paused', 'webhook.recovered']),
    );
    await publishAndArrive(other.receiver, other.webhook.id);
    expect(other.receiver.arrivals.filter(about)).toHaveLength(2);
    expect(receiver.arrivals.filter(about)).toEqual([]);
  });

  /** Sees one more event through, so that anything sent before it has arrived too. */
  async function publishAndArrive(receiver: TestReceiver, webhookId: string): Promise<void> {
    const type = ownType();
    await server().call('PATCH', `/webhooks/${webhookId}`, { eventTypes: [type] });
    const id = await publish(server(), type);
    await receiver.arrived(1, (arrival) => arrival.headers['webhook-id'] === id);
  }
});

describe('disabling', () => {
  test('matches nothing from then on, holds what is open, and enabling sends it', async () => {
    const { receiver, webhook, type } = await stage({ retry: { strategy: 'fixed', maxAttempts: 2, delayMs: 0 } });
    const patch = (body: object) => server().call('PATCH', `/webhooks/${webhook.id}`, body);
    receiver.respond = answeringAfter(() => patch({ enabled: false }), 500);
    const open = await publish(server(), type);
    const held = await deliveryInState(server(), open, webhook.id, 'retrying');
    expect(held).toMatchObject({ reason: 'webhook_disabled', attemptCount: 1 });
    expect((await server().call('GET', `/webhooks/${webhook.id}`)).body).toMatchObject({
      enabled: false,
      state: 'disabled',
    });

    const missed = await publish(server(), type);
    expect(await matched(missed, [webhook])).toEqual([]);

    receiver.respond = answering(200);
    expect((await patch({ enabled: null })).body.state).toBe('active');
    await deliveryInState(server(), open, webhook.id, 'delivered');
    const next = await publish(server(), type);
    await receiver.arrived(1, (arrival) => arrival.headers['webhook-id'] === next);
    expect(receiver.arrivals.map((arrival) => arrival.headers['webhook-id'])).not.toContain(missed);
  });

  test('a webhook that is paused too stays paused when it is enabled', async () => {
    const { webhook } = await stage();
    await server().call('POST', `/webhooks/${webhook.id}/pause`);
    const patch = async (body: object) => (await server().call('PATCH', `/webhooks/${webhook.id}`, body)).body;
    expect(await patch({ enabled: false })).toMatchObject({ state: 'disabled', pauseReason: 'manual' });
    expect(await patch({ enabled: true })).toMatchObject({ state: 'paused', pauseReason: 'manual' });
  });
});

describe('deleting', () => {
  test('cancels what is open, and leaves what has ended', async () => {
    const { receiver, webhook, type } = await stage({ retry: { strategy: 'fixed', maxAttempts: 2, delayMs: 60_000 } });
    const done = await publish(server(), type);
    await deliveryInState(server(), done, webhook.id, 'delivered');
    receiver.respond = answering(500);
    const retrying = await publish(server(), type);
    await deliveryInState(server(), retrying, webhook.id, 'retrying');
    await server().call('POST', `/webhooks/${webhook.id}/pause`);
    const pending = await publish(server(), type);

    expect((await server().call('DELETE', `/webhooks/${webhook.id}`)).status).toBe(204);
    const states = await Promise.all(
      [done, retrying, pending].map(async (id) => {
        const { deliveries } = (await server().call('GET', `/events/${id}`)).body;
        return deliveries.map(({ state, reason, nextAttemptAt }: Record<string, string>) => [
          state,
          reason,
          nextAttemptAt,
        ]);
      }),
    );
    expect(states).toEqual([
      [['delivered', null, null]],
      [['cancelled', 'webhook_deleted', null]],
      [['cancelled', 'webhook_deleted', null]],
    ]);
    expect(await matched(await publish(server(), type), [webhook])).toEqual([]);
  });

  test('while a request is under way cancels its delivery, and the log still shows what came back', async () => {
    const { receiver, webhook, type } = await stage();
    let answer = (): void => undefined;
    receiver.respond = (_arrival, response) => {
      answer = () => response.writeHead(200).end('late');
    };
    const eventId = await publish(server(), type);
    await receiver.arrived(1);
    await server().call('DELETE', `/webhooks/${webhook.id}`);
    answer();
    const { items } = (await server().call('GET', `/deliveries?eventId=${eventId}`)).body;
    const delivery = await readUntil(server(), `/deliveries/${items[0].id}`, ({ attempts }) => attempts.length === 1);
    expect(delivery).toMatchObject({ state: 'cancelled', reason: 'webhook_deleted', attemptCount: 1 });
    expect(delivery.attempts[0]).toMatchObject({ outcome: 'delivered', response: { status: 200, body: 'late' } });
    expectProblem(await server().call('POST', `/deliveries/${delivery.id}/retry`), 409, 'conflict');
  });

  test('1,500 deliveries are cancelled to the last', async () => {
    const { webhook, type } = await stage();
    await server().call('POST', `/webhooks/${webhook.id}/pause`);
    await server().call(
      'POST',
      '/events',
      Array.from({ length: 1000 }, () => ({ type, data: {} })),
    );
    await server().call(
      'POST',
      '/events',
      Array.from({ length: 500 }, () => ({ type, data: {} })),
    );
    await server().call('DELETE', `/webhooks/${webhook.id}`);
    const open = await server().call('GET', `/deliveries?webhookId=${webhook.id}&state=pending`);
    expect(open.body.items).toEqual([]);
    const cancelled = await server().call('GET', `/deliveries?webhookId=${webhook.id}&state=cancelled&limit=250`);
    expect(cancelled.body.items).toHaveLength(250);
  });
});

/** A receiver, a webhook that sends to it, and an event type that only this webhook gets. */
async function stage(settings: object = {}) {
  const receiver = await startReceiver();
  const type = ownType();
  const webhook = await createWebhook(server(), { url: `${receiver.url}/`, eventTypes: [type], ...settings });
  return { receiver, webhook, type };
}

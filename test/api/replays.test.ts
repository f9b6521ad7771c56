import { describe, expect, onTestFinished, test } from 'vitest';
import { runWaybill } from '../harness/command.ts';
import { answering, startReceiver } from '../harness/receiver.ts';
import { ADMIN_KEY, shareServer } from '../harness/server.ts';
import { createWebhook, deliveryInState, expectProblem, ownId, ownType, publish, readUntil } from './stage.ts';

const server = shareServer();

const NO_RETRY = { strategy: 'delays', delaysMs: [] };
const ONE_RETRY_LATE = { strategy: 'fixed', maxAttempts: 2, delayMs: 3_600_000, jitter: 0 };
const DAY_MS = 24 * 60 * 60 * 1000;

/** A range around now that holds whatever the test publishes. */
function today() {
  return { from: new Date(Date.now() - DAY_MS).toISOString(), to: new Date(Date.now() + DAY_MS).toISOString() };
}

/** A receiver, a webhook that sends to it, and an event type that only this webhook gets. */
async function stage(settings: object = {}) {
  const receiver = await startReceiver();
  const type = ownType();
  const webhook = await createWebhook(server(), { url: `${receiver.url}/`, eventTypes: [type], ...settings });
  return { receiver, webhook, type };
}

/** Publishes so many events and waits until each of them has been delivered to the webhook. */
async function publishDelivered(type: string, webhookId: string, count: number): Promise<string[]> {
  const eventIds: string[] = [];
  for (let n = 1; n <= count; n += 1) eventIds.push(await publish(server(), type, { n }));
  for (const eventId of eventIds) await deliveryInState(server(), eventId, webhookId, 'delivered');
  return eventIds;
}

function ask(body: object, headers: Record<string, string> = {}) {
  return server().call('POST', '/replays', body, { headers });
}

/** Creates a replay and returns the answer's body. It is cancelled when the test has finished. */
async function replay(body: object): Promise<{ id: string; count: number }> {
  const created = await ask(body);
  expect(created.body).not.toHaveProperty('code');
  expect(created.status).toBe(202);
  onTestFinished(async () => {
    await server().call('POST', `/replays/${created.body.id}/cancel`);
  });
  return created.body;
}

function ended(id: string) {
  return readUntil(server(), `/replays/${id}`, ({ state }) => state !== 'running');
}

async function deliveriesTo(webhookId: string) {
  return (await server().call('GET', `/deliveries?webhookId=${webhookId}&limit=250`)).body.items;
}

/** The ids of the events that a webhook was sent again by replays, in order. */
async function replayedTo(webhookId: string): Promise<string[]> {
  const { items } = (await server().call('GET', `/deliveries?webhookId=${webhookId}&limit=250`)).body;
  const found: string[] = [];
  for (const { id } of items) {
    const { eventId, attempts } = (await server().call('GET', `/deliveries/${id}`)).body;
    if (attempts[0]?.trigger === 'replay') found.push(eventId);
  }
  return found.reverse();
}

describe('a replay of a range', () => {
  test('sends every event of it that the filter matches again, as new deliveries of the same events', async () => {
    const { receiver, webhook, type } = await stage();
    const eventIds = await publishDelivered(type, webhook.id, 3);
    const before = await deliveriesTo(webhook.id);

    const created = await ask({ webhookId: webhook.id, ...today() });
    expect(created).toMatchObject({ status: 202, body: { id: expect.stringMatching(/^rpl_/), count: 3 } });
    expect(Object.keys(created.body).sort()).toEqual(['count', 'id']);
    expect(created.headers.get('location')).toBe(`/api/v1/replays/${created.body.id}`);
    expect(await ended(created.body.id)).toMatchObject({ id: created.body.id, state: 'completed', count: 3, done: 3 });

    const all = await deliveriesTo(webhook.id);
    const made = all.filter(({ replayOf }: { replayOf: string | null }) => replayOf !== null).reverse();
    expect(made.map(({ eventId }: { eventId: string }) => eventId)).toEqual(eventIds);
    for (const delivery of made) {
      const original = before.find(({ eventId }: { eventId: string }) => eventId === delivery.eventId);
      expect(delivery).toMatchObject({
        state: 'delivered',
        replayOf: original.id,
        sequence: original.sequence,
        attemptCount: 1,
      });
      expect(delivery.id).not.toBe(original.id);
      const { attempts } = (await server().call('GET', `/deliveries/${delivery.id}`)).body;
      expect(attempts).toMatchObject([{ number: 1, trigger: 'replay', outcome: 'delivered' }]);
      const [first, again] = receiver.arrivals.filter(({ headers }) => headers['webhook-id'] === delivery.eventId);
      expect(again?.headers).toMatchObject({
        'x-waybill-sequence': first?.headers['x-waybill-sequence'],
        'x-waybill-attempt': '1',
        'x-waybill-delivery': delivery.id,
      });
    }
    // What has ended stays as it was.
    expect(all.filter(({ replayOf }: { replayOf: string | null }) => replayOf === null)).toEqual(before);
  });

  test("takes the event's createdAt, from inclusive and to exclusive", async () => {
    const { webhook, type } = await stage();
    const eventIds = await publishDelivered(type, webhook.id, 3);
    const [first, second, third] = await Promise.all(
      eventIds.map(async (id) => (await server().call('GET', `/events/${id}`)).body.createdAt),
    );
    expect(new Set([first, second, third]).size).toBe(3);
    const { id, count } = await replay({ webhookId: webhook.id, from: first, to: third });
    expect(count).toBe(2);
    await ended(id);
    expect(await replayedTo(webhook.id)).toEqual(eventIds.slice(0, 2));
  });

  test('does not send what is published after it was created', async () => {
    const { webhook, type } = await stage();
    await publishDelivered(type, webhook.id, 2);
    const { id, count } = await replay({ webhookId: webhook.id, ...today(), ratePerSecond: 4 });
    const later = await publish(server(), type, { n: 3 });
    expect(count).toBe(2);
    expect(await ended(id)).toMatchObject({ count: 2, done: 2 });
    expect(await replayedTo(webhook.id)).not.toContain(later);
  });

  test('asks the filter that the webhook has now, its scope included, and numbers what is owed for the first time', async () => {
    const type = ownType();
    const receiver = await startReceiver();
    const transferId = ownId();
    const elsewhere = await publish(server(), type, { transfer: { id: ownId() } });
    const wanted = await publish(server(), type, { transfer: { id: transferId } });
    const scope = { transferIds: [transferId] };
    const webhook = await createWebhook(server(), { url: receiver.url, eventTypes: [type], scope });
    const [owed] = [await publish(server(), type, { transfer: { id: transferId } })];
    expect(await deliveryInState(server(), owed, webhook.id, 'delivered')).toMatchObject({ sequence: 1 });

    const { id, count } = await replay({ webhookId: webhook.id, ...today() });
    expect(count).toBe(2);
    await ended(id);
    expect(await replayedTo(webhook.id)).toEqual([wanted, owed]);
    expect(await deliveryInState(server(), wanted, webhook.id, 'delivered')).toMatchObject({
      sequence: 2,
      replayOf: null,
    });
    expect(receiver.arrivals.map(({ headers }) => headers['x-waybill-sequence'])).toEqual(['1', '2', '1']);
    expect(receiver.arrivals.map(({ headers }) => headers['webhook-id'])).not.toContain(elsewhere);

    // Sent once more it keeps its number, and the next event gets the next one.
    await ended((await replay({ webhookId: webhook.id, ...today() })).id);
    const next = await publish(server(), type, { transfer: { id: transferId } });
    expect(await deliveryInState(server(), next, webhook.id, 'delivered')).toMatchObject({ sequence: 3 });
    const again = (await deliveriesTo(webhook.id)).filter(({ eventId }: { eventId: string }) => eventId === wanted);
    expect(again.map(({ sequence }: { sequence: number }) => sequence)).toEqual([2, 2]);
    expect(again[0].replayOf).toBe(again[1].id);
  });

  test('asks the routing too: a fallback gets what no other webhook with stations or partners is there for', async () => {
    const [type, stationId] = [ownType(), ownId()];
    const receiver = await startReceiver();
    const fallback = await createWebhook(server(), { url: receiver.url, eventTypes: [type], routing: 'unmatched' });
    const covered = await publish(server(), type, { station: { id: stationId } });
    const uncovered = await publish(server(), type, { station: { id: ownId() } });
    await createWebhook(server(), { url: receiver.url, eventTypes: [type], scope: { stationIds: [stationId] } });
    const { id } = await replay({ webhookId: fallback.id, ...today() });
    await ended(id);
    expect(await replayedTo(fallback.id)).toEqual([uncovered]);
    expect(covered).not.toBe(uncovered);
  });

  test('of some event types sends these only', async () => {
    const [type, other] = [ownType(), ownType()];
    const { webhook } = await stage({ eventTypes: [type, other] });
    const [eventId] = await publishDelivered(type, webhook.id, 1);
    await publishDelivered(other, webhook.id, 1);
    const family = `${type.split('.', 1)[0]}.*`;
    const { id, count } = await replay({ webhookId: webhook.id, ...today(), eventTypes: [family] });
    expect(count).toBe(1);
    await ended(id);
    expect(await replayedTo(webhook.id)).toEqual([eventId]);
  });

  test('never sends a webhook what is about itself, nor a connection test', async () => {
    const receiver = await startReceiver();
    const own = { url: receiver.url, eventTypes: ['webhook.*', 'webhook.test'] };
    const [webhook, other] = [await createWebhook(server(), own), await createWebhook(server(), own)];
    await server().call('POST', `/webhooks/${webhook.id}/test`);
    await server().call('POST', `/webhooks/${webhook.id}/pause`);
    await server().call('POST', `/webhooks/${webhook.id}/resume`);
    const from = webhook.createdAt;
    const to = today().to;
    // The pause and the resumption of the other webhook's neighbour, seen from both sides.
    await ended((await replay({ webhookId: webhook.id, from, to })).id);
    await ended((await replay({ webhookId: other.id, from, to })).id);
    for (const { id } of [webhook, other]) {
      for (const eventId of await replayedTo(id)) {
        const { type, data } = (await server().call('GET', `/events/${eventId}`)).body;
        expect(type).not.toBe('webhook.test');
        expect(data.webhook.id).not.toBe(id);
      }
    }
    const aboutFirst = await Promise.all(
      (await replayedTo(other.id)).map(async (id) => (await server().call('GET', `/events/${id}`)).body),
    );
    expect(aboutFirst.filter(({ data }) => data.webhook.id === webhook.id).map(({ type }) => type)).toEqual([
      'webhook.paused',
      'webhook.recovered',
    ]);
  });

  test('without a webhook goes to every webhook that the events match', async () => {
    const type = ownType();
    const receiver = await startReceiver();
    const webhooks: { id: string }[] = [];
    for (const path of ['/a', '/b']) {
      webhooks.push(await createWebhook(server(), { url: receiver.url + path, eventTypes: [type] }));
    }
    const disabled = await createWebhook(server(), { url: receiver.url, eventTypes: [type], enabled: false });
    const eventId = await publish(server(), type);
    for (const { id } of webhooks) await deliveryInState(server(), eventId, id, 'delivered');
    const { id, count } = await replay({ ...today(), eventTypes: [type] });
    expect(count).toBe(2);
    expect(await ended(id)).toMatchObject({ state: 'completed', done: 2, webhookId: null });
    for (const webhook of webhooks) expect(await replayedTo(webhook.id)).toEqual([eventId]);
    expect(await deliveriesTo(disabled.id)).toEqual([]);
  });

  test('of nothing is completed at once', async () => {
    const { webhook } = await stage();
    const { id, count } = await replay({ webhookId: webhook.id, ...today() });
    expect(count).toBe(0);
    const { body } = await server().call('GET', `/replays/${id}`);
    expect(body).toMatchObject({ state: 'completed', count: 0, done: 0, endedAt: expect.any(String) });
    expectProblem(await server().call('POST', `/replays/${id}/cancel`), 409, 'conflict');
  });
});

describe('a replay by state', () => {
  test('takes the events whose latest delivery to the webhook is in one of the states, whatever its filter says now', async () => {
    const { receiver, webhook, type } = await stage({ retry: NO_RETRY });
    const [delivered] = await publishDelivered(type, webhook.id, 1);
    receiver.respond = answering(500);
    const failed = await publish(server(), type, { n: 2 });
    const recovered = await publish(server(), type, { n: 3 });
    for (const id of [failed, recovered]) await deliveryInState(server(), id, webhook.id, 'exhausted');
    receiver.respond = answering(204);
    // Its latest delivery is a replay, and that one has been delivered.
    await ended((await replay({ webhookId: webhook.id, eventIds: [recovered] })).id);
    await server().call('PATCH', `/webhooks/${webhook.id}`, { eventTypes: [ownType()] });

    const { id, count } = await replay({ webhookId: webhook.id, ...today(), states: ['exhausted', 'cancelled'] });
    expect(count).toBe(1);
    expect(await ended(id)).toMatchObject({ state: 'completed', states: ['exhausted', 'cancelled'] });
    expect(await replayedTo(webhook.id)).toEqual([recovered, failed]);
    const again = await ask({ webhookId: webhook.id, ...today(), states: ['exhausted'], dryRun: true });
    expect(again.body.count).toBe(0);
    const done = await ask({ webhookId: webhook.id, ...today(), states: ['delivered'], dryRun: true });
    expect(done.body.count).toBe(3);
    expect(delivered).toBeDefined();
  });

  test('an event whose replay has failed again is in the state of that replay', async () => {
    const { receiver, webhook, type } = await stage({ retry: NO_RETRY });
    const [eventId] = await publishDelivered(type, webhook.id, 1);
    receiver.respond = answering(500);
    const first = await replay({ webhookId: webhook.id, eventIds: [eventId] });
    expect(await ended(first.id)).toMatchObject({ state: 'completed', done: 1 });
    const { count } = await replay({ webhookId: webhook.id, ...today(), states: ['exhausted'] });
    expect(count).toBe(1);
  });

  test('without a webhook looks at the latest delivery to each webhook by itself', async () => {
    const type = ownType();
    const [good, bad] = [await startReceiver(), await startReceiver(answering(500))];
    const webhooks: { id: string }[] = [];
    for (const { url } of [good, bad]) {
      webhooks.push(await createWebhook(server(), { url, eventTypes: [type], retry: NO_RETRY }));
    }
    const eventId = await publish(server(), type);
    await deliveryInState(server(), eventId, webhooks[0]?.id ?? '', 'delivered');
    await deliveryInState(server(), eventId, webhooks[1]?.id ?? '', 'exhausted');
    const { id, count } = await replay({ ...today(), eventTypes: [type], states: ['exhausted'] });
    expect(count).toBe(1);
    await ended(id);
    expect(await replayedTo(webhooks[0]?.id ?? '')).toEqual([]);
    expect(await replayedTo(webhooks[1]?.id ?? '')).toEqual([eventId]);
  });
});

describe('a replay of named events', () => {
  test('sends them whatever the filter says, each once', async () => {
    const { webhook } = await stage();
    const foreign = ownType();
    const eventIds = [await publish(server(), foreign, { n: 1 }), await publish(server(), foreign, { n: 2 })];
    const { id, count } = await replay({ webhookId: webhook.id, eventIds: [...eventIds, eventIds[0]] });
    expect(count).toBe(2);
    expect(await ended(id)).toMatchObject({ state: 'completed', count: 2, done: 2, from: null, to: null });
    expect(await replayedTo(webhook.id)).toEqual(eventIds);
  });

  test('is refused for an event that there is not, that is about the webhook, or that is a test', async () => {
    const { webhook, type } = await stage();
    const known = await publish(server(), type);
    await server().call('POST', `/webhooks/${webhook.id}/test`);
    await server().call('POST', `/webhooks/${webhook.id}/pause`);
    const [about] = (await server().call('GET', '/events?type=webhook.paused&limit=1')).body.items;
    const [tested] = (await server().call('GET', '/events?type=webhook.test&limit=1')).body.items;
    const refused = await ask({ webhookId: webhook.id, eventIds: [known, 'evt_none', about.id, tested.id] });
    expectProblem(refused, 422, 'validation_failed', ['/eventIds/1', '/eventIds/2', '/eventIds/3']);
  });
});

describe('the body of a replay', () => {
  async function changedStage() {
    const set = await stage({ payload: { format: 'standard' }, method: 'PUT' });
    const [eventId] = await publishDelivered(set.type, set.webhook.id, 1);
    await server().call('PATCH', `/webhooks/${set.webhook.id}`, {
      payload: { format: 'default' },
      method: 'POST',
      contentType: 'application/json; charset=utf-8',
      eventTypes: ['transfer.*'],
    });
    return { ...set, eventId };
  }

  test('exact: bytes, method and content type of the first delivery go out again, signed anew', async () => {
    const { receiver, webhook, eventId } = await changedStage();
    await ended((await replay({ webhookId: webhook.id, eventIds: [eventId], body: 'rendered' })).id);
    await ended((await replay({ webhookId: webhook.id, eventIds: [eventId], body: 'exact' })).id);
    const [first, rendered, exact] = receiver.arrivals;
    expect(rendered).toMatchObject({ method: 'POST' });
    expect(rendered?.headers['content-type']).toBe('application/json; charset=utf-8');
    expect([exact?.method, exact?.body]).toEqual(['PUT', first?.body]);
    expect(exact?.headers['content-type']).toBe('application/json');
    expect(exact?.headers['webhook-id']).toBe(eventId);
  });

  test('exact: the event goes out in headers again, where it did at first', async () => {
    const receiver = await startReceiver();
    const type = ownType();
    const payload = { format: 'cloudevents', mode: 'binary' };
    const webhook = await createWebhook(server(), { url: receiver.url, eventTypes: [type], payload });
    const eventId = await publish(server(), type, { n: 7 });
    await deliveryInState(server(), eventId, webhook.id, 'delivered');
    await server().call('PATCH', `/webhooks/${webhook.id}`, { payload: { format: 'default' } });
    await ended((await replay({ webhookId: webhook.id, eventIds: [eventId], body: 'rendered' })).id);
    await ended((await replay({ webhookId: webhook.id, eventIds: [eventId], body: 'exact' })).id);
    const arrivals = await receiver.arrived(3);
    expect(arrivals.map(({ headers }) => headers['ce-id'])).toEqual([eventId, undefined, eventId]);
  });

  test('exact: is rendered as the webhook is today where no bytes were kept', async () => {
    const receiver = await startReceiver();
    const type = ownType();
    const eventId = await publish(server(), type, { n: 7 });
    const webhook = await createWebhook(server(), {
      url: receiver.url,
      method: 'PATCH',
      payload: { format: 'standard' },
    });
    await ended((await replay({ webhookId: webhook.id, eventIds: [eventId], body: 'exact' })).id);
    const [arrival] = await receiver.arrived(1, ({ headers }) => headers['webhook-id'] === eventId);
    expect(arrival?.method).toBe('PATCH');
    expect(JSON.parse(arrival?.body ?? '')).toMatchObject({ type, data: { n: 7 } });
  });
});

describe('a dry run', () => {
  test('counts and keeps nothing', async () => {
    const { receiver, webhook, type } = await stage();
    await publishDelivered(type, webhook.id, 2);
    const newest = await replay({ webhookId: webhook.id, ...today(), eventTypes: [ownType()] });
    const dry = await ask({ webhookId: webhook.id, ...today(), dryRun: true });
    expect([dry.status, dry.body]).toEqual([202, { id: null, count: 2 }]);
    const { items } = (await server().call('GET', '/replays?limit=1')).body;
    expect(items[0].id).toBe(newest.id);
    expect(await deliveriesTo(webhook.id)).toHaveLength(2);
    expect(receiver.arrivals).toHaveLength(2);
  });
});

describe('a webhook that is not sent to', () => {
  test('paused: what a replay makes is held, and goes out when it is resumed', async () => {
    const { webhook, type } = await stage();
    await publishDelivered(type, webhook.id, 40);
    await server().call('POST', `/webhooks/${webhook.id}/pause`);
    const { id } = await replay({ webhookId: webhook.id, ...today() });
    const held = await readUntil(
      server(),
      `/deliveries?webhookId=${webhook.id}&state=pending&limit=250`,
      ({ items }) => items.length === 40,
    );
    for (const item of held.items) expect(item).toMatchObject({ reason: 'webhook_paused', attemptCount: 0 });
    expect((await server().call('GET', `/replays/${id}`)).body).toMatchObject({ state: 'running', count: 40, done: 0 });
    await server().call('POST', `/webhooks/${webhook.id}/resume`);
    expect(await ended(id)).toMatchObject({ state: 'completed', done: 40 });
  });

  test('disabled: is refused, and one that is disabled meanwhile holds what was made', async () => {
    const { webhook, type } = await stage();
    await publishDelivered(type, webhook.id, 3);
    const { id } = await replay({ webhookId: webhook.id, ...today(), ratePerSecond: 2 });
    await server().call('PATCH', `/webhooks/${webhook.id}`, { enabled: false });
    expectProblem(await ask({ webhookId: webhook.id, ...today() }), 409, 'conflict');
    await readUntil(server(), `/deliveries?webhookId=${webhook.id}`, ({ items }) => items.length === 6);
    expect((await server().call('GET', `/replays/${id}`)).body).toMatchObject({ state: 'running' });
    await server().call('PATCH', `/webhooks/${webhook.id}`, { enabled: true });
    expect(await ended(id)).toMatchObject({ state: 'completed', done: 3 });
  });

  test('deleted meanwhile: the replay is completed all the same, and says what it skipped', async () => {
    const { webhook, type } = await stage();
    await publishDelivered(type, webhook.id, 5);
    await server().call('POST', `/webhooks/${webhook.id}/pause`);
    const { id } = await replay({ webhookId: webhook.id, ...today(), ratePerSecond: 1 });
    await readUntil(server(), `/deliveries?webhookId=${webhook.id}&state=pending`, ({ items }) => items.length === 1);
    await server().call('DELETE', `/webhooks/${webhook.id}`);
    const body = await ended(id);
    expect(body).toMatchObject({ state: 'completed', count: 5, done: 5 });
    expect(body.skipped).toBeGreaterThanOrEqual(3);
    const made = (await deliveriesTo(webhook.id)).slice(0, 5 - body.skipped);
    for (const delivery of made) expect(delivery).toMatchObject({ state: 'cancelled', reason: 'webhook_deleted' });
  });
});

describe('a rate', () => {
  test('spreads the deliveries over time', async () => {
    const { receiver, webhook, type } = await stage();
    await publishDelivered(type, webhook.id, 6);
    const { id } = await replay({ webhookId: webhook.id, ...today(), ratePerSecond: 10 });
    await ended(id);
    const [first, ...others] = receiver.arrivals.slice(6).map(({ at }) => at) as [number, ...number[]];
    expect(others).toHaveLength(5);
    // Five more at ten a second; a late first arrival may make up for a tenth.
    expect((others.at(-1) ?? 0) - first).toBeGreaterThanOrEqual(350);
  });
});

describe('a fresh event', () => {
  test('does not stand in line behind a replay to the same webhook', async () => {
    const { receiver, webhook, type } = await stage({ limits: { maxConcurrency: 4 } });
    const batch = Array.from({ length: 300 }, (_, n) => ({ type, data: { n } }));
    await server().call('POST', '/events', batch);
    await receiver.arrived(300);
    const { id } = await replay({ webhookId: webhook.id, ...today() });
    await receiver.arrived(300 + 30);
    const fresh = await publish(server(), type, { n: 'fresh' });
    const published = receiver.arrivals.length;
    await receiver.arrived(1, ({ headers }) => headers['webhook-id'] === fresh);
    const place = receiver.arrivals.findIndex(({ headers }) => headers['webhook-id'] === fresh);
    expect(place - published).toBeLessThan(40);
    expect(await ended(id)).toMatchObject({ done: 300 });
  });

  test('does not either where the webhook has a rate of its own, which the replay keeps to', async () => {
    const { receiver, webhook, type } = await stage();
    await publishDelivered(type, webhook.id, 30);
    await server().call('PATCH', `/webhooks/${webhook.id}`, { limits: { ratePerSecond: 20 } });
    const { id } = await replay({ webhookId: webhook.id, ...today() });
    await receiver.arrived(30 + 3);
    const fresh = await publish(server(), type, { n: 'fresh' });
    const published = receiver.arrivals.length;
    await receiver.arrived(1, ({ headers }) => headers['webhook-id'] === fresh);
    const place = receiver.arrivals.findIndex(({ headers }) => headers['webhook-id'] === fresh);
    expect(place - published).toBeLessThan(10);
    expect(await ended(id)).toMatchObject({ done: 30 });
    const [first, ...others] = receiver.arrivals.slice(30).map(({ at }) => at) as [number, ...number[]];
    expect((others.at(-1) ?? 0) - first).toBeGreaterThan(1_200);
  });
});

describe('cancelling a replay', () => {
  test('makes nothing more, and cancels its open deliveries and no others', async () => {
    const { receiver, webhook, type } = await stage({ retry: ONE_RETRY_LATE });
    await publishDelivered(type, webhook.id, 4);
    receiver.respond = answering(500);
    const own = await publish(server(), type, { n: 5 });
    const open = await deliveryInState(server(), own, webhook.id, 'retrying');
    const { id, count } = await replay({ webhookId: webhook.id, ...today(), ratePerSecond: 5 });
    expect(count).toBe(5);
    await readUntil(server(), `/deliveries?webhookId=${webhook.id}&state=retrying`, ({ items }) => items.length === 3);

    const cancelled = await server().call('POST', `/replays/${id}/cancel`);
    expect(cancelled).toMatchObject({ status: 200, body: { id, state: 'cancelled', count: 5 } });
    const { items } = (await server().call('GET', `/deliveries?webhookId=${webhook.id}&state=cancelled`)).body;
    expect(cancelled.body.done).toBe(items.length);
    expect(items.length).toBeLessThan(5);
    for (const item of items) expect(item).toMatchObject({ reason: 'cancelled', nextAttemptAt: null });
    expect((await server().call('GET', `/deliveries/${open.id}`)).body).toMatchObject({ state: 'retrying' });
    expectProblem(await server().call('POST', `/replays/${id}/cancel`), 409, 'conflict');
    expect((await server().call('GET', `/replays/${id}`)).body).toEqual(cancelled.body);
  });

  test('is refused once it is completed', async () => {
    const { webhook, type } = await stage();
    await publishDelivered(type, webhook.id, 1);
    const { id } = await replay({ webhookId: webhook.id, ...today() });
    const done = await ended(id);
    expectProblem(await server().call('POST', `/replays/${id}/cancel`), 409, 'conflict');
    expect((await server().call('GET', `/replays/${id}`)).body).toEqual(done);
    expectProblem(await server().call('POST', '/replays/rpl_none/cancel'), 404, 'not_found');
  });

  test('of one of its deliveries by hand counts that one as done', async () => {
    const { webhook, type } = await stage();
    await publishDelivered(type, webhook.id, 1);
    await server().call('POST', `/webhooks/${webhook.id}/pause`);
    const { id } = await replay({ webhookId: webhook.id, ...today() });
    const { items } = await readUntil(
      server(),
      `/deliveries?webhookId=${webhook.id}&state=pending`,
      ({ items }) => items.length === 1,
    );
    await server().call('POST', `/deliveries/${items[0].id}/cancel`);
    expect((await server().call('GET', `/replays/${id}`)).body).toMatchObject({ state: 'completed', done: 1 });
  });
});

describe('reading replays', () => {
  test('one shows how it stands and what was asked for', async () => {
    const { webhook, type } = await stage();
    const range = today();
    const { id } = await replay({
      webhookId: webhook.id,
      ...range,
      eventTypes: [type],
      ratePerSecond: 0.5,
      body: 'exact',
    });
    expect((await server().call('GET', `/replays/${id}`)).body).toEqual({
      id,
      state: 'completed',
      count: 0,
      done: 0,
      skipped: 0,
      webhookId: webhook.id,
      ...range,
      states: null,
      eventTypes: [type],
      eventIds: null,
      body: 'exact',
      ratePerSecond: 0.5,
      createdAt: expect.stringMatching(/Z$/),
      endedAt: expect.stringMatching(/Z$/),
    });
    expectProblem(await server().call('GET', '/replays/rpl_none'), 404, 'not_found');
  });

  test('the list is newest first, in pages', async () => {
    const { webhook } = await stage();
    const ids: string[] = [];
    for (let n = 0; n < 3; n += 1) ids.push((await replay({ webhookId: webhook.id, ...today() })).id);
    const first = (await server().call('GET', '/replays?limit=2')).body;
    expect(first.items.map(({ id }: { id: string }) => id)).toEqual([ids[2], ids[1]]);
    const second = (await server().call('GET', `/replays?limit=2&cursor=${first.next}`)).body;
    expect(second.items[0].id).toBe(ids[0]);
    expect(first.items[0]).toEqual((await server().call('GET', `/replays/${ids[2]}`)).body);
    expectProblem(await server().call('GET', '/replays?cursor=x'), 400, 'validation_failed', ['?cursor']);
  });
});

describe('a request that is refused', () => {
  test.each([
    ['neither range nor events', {}, 400, ['/from', '/to']],
    ['half a range', { from: today().from }, 400, ['/to']],
    ['events without a webhook', { eventIds: ['evt_1'] }, 400, ['/webhookId']],
    ['events and a range', { webhookId: 'wh_1', eventIds: ['evt_1'], ...today() }, 400, ['/from', '/to']],
    ['events and states', { webhookId: 'wh_1', eventIds: ['evt_1'], states: ['exhausted'] }, 400, ['/states']],
    ['an unknown member', { ...today(), since: 1 }, 400, ['/since']],
    ['a rate that is no number', { ...today(), ratePerSecond: '5' }, 400, ['/ratePerSecond']],
    ['a rate of nothing', { ...today(), ratePerSecond: 0 }, 422, ['/ratePerSecond']],
    ['an unknown state', { ...today(), states: ['lost'] }, 422, ['/states/0']],
    ['no state', { ...today(), states: [] }, 422, ['/states']],
    ['an unknown kind of body', { ...today(), body: 'same' }, 422, ['/body']],
    ['an instant that is none', { ...today(), from: 'yesterday' }, 422, ['/from']],
    [
      'an unknown event type',
      { ...today(), eventTypes: ['transfer.completed', 'transfer.lost'] },
      422,
      ['/eventTypes/1'],
    ],
    ['connection tests', { ...today(), eventTypes: ['webhook.test'] }, 422, ['/eventTypes/0']],
    ['a range that ends before it begins', { from: today().to, to: today().from }, 422, ['/to']],
    ['no events', { webhookId: 'wh_1', eventIds: [] }, 422, ['/eventIds']],
    ['too many events', { webhookId: 'wh_1', eventIds: Array(1001).fill('evt_1') }, 422, ['/eventIds']],
    ['an unknown webhook', { ...today(), webhookId: 'wh_none' }, 422, ['/webhookId']],
    ['an unknown webhook of events', { webhookId: 'wh_none', eventIds: ['evt_1'] }, 422, ['/webhookId']],
  ])('%s', async (_what, body, status, pointers) => {
    expectProblem(await ask(body), status, 'validation_failed', pointers);
  });

  test('a viewer may read replays, and make and cancel none', async () => {
    const made = await server().call('POST', '/api-keys', { name: 'of a test', role: 'viewer' });
    onTestFinished(async () => {
      await server().call('DELETE', `/api-keys/${made.body.id}`);
    });
    const { key } = made.body;
    const { webhook } = await stage();
    const { id } = await replay({ webhookId: webhook.id, ...today() });
    expect((await server().call('GET', '/replays', undefined, { key })).status).toBe(200);
    expectProblem(await server().call('POST', '/replays', today(), { key }), 403, 'forbidden');
    expectProblem(await server().call('POST', `/replays/${id}/cancel`, undefined, { key }), 403, 'forbidden');
  });
});

describe('an Idempotency-Key', () => {
  test('makes one replay of a request that is sent twice', async () => {
    const { receiver, webhook, type } = await stage();
    await publishDelivered(type, webhook.id, 2);
    const [body, headers] = [{ webhookId: webhook.id, ...today() }, { 'idempotency-key': ownId() }];
    const first = await ask(body, headers);
    await ended(first.body.id);
    const second = await ask(body, headers);
    expect([second.status, second.body]).toEqual([202, first.body]);
    expect((await server().call('GET', '/replays?limit=1')).body.items[0].id).toBe(first.body.id);
    expect(receiver.arrivals).toHaveLength(4);
    // Nor does it matter what has become of the webhook.
    await server().call('DELETE', `/webhooks/${webhook.id}`);
    expect((await ask(body, headers)).body).toEqual(first.body);
    expectProblem(await ask({ ...body, body: 'exact' }, headers), 422, 'idempotency_mismatch');
  });

  test('keeps the answer to a dry run too', async () => {
    const { webhook, type } = await stage();
    await publishDelivered(type, webhook.id, 1);
    const [body, headers] = [{ webhookId: webhook.id, ...today(), dryRun: true }, { 'idempotency-key': ownId() }];
    const first = await ask(body, headers);
    await publishDelivered(type, webhook.id, 1);
    expect((await ask(body, headers)).body).toEqual(first.body);
    expect((await ask(body)).body.count).toBe(2);
  });

  test('cancels once', async () => {
    const { webhook, type } = await stage();
    await publishDelivered(type, webhook.id, 2);
    await server().call('POST', `/webhooks/${webhook.id}/pause`);
    const { id } = await replay({ webhookId: webhook.id, ...today() });
    const headers = { 'idempotency-key': ownId() };
    const first = await server().call('POST', `/replays/${id}/cancel`, undefined, { headers });
    const second = await server().call('POST', `/replays/${id}/cancel`, undefined, { headers });
    expect([second.status, second.body]).toEqual([200, first.body]);
  });
});

describe('from the command line', () => {
  test('waybill replays create --wait is there until the last delivery has ended', async () => {
    const { receiver, webhook, type } = await stage();
    await publishDelivered(type, webhook.id, 4);
    const argv = ['replays', 'create', '--webhook-id', webhook.id, '--from', today().from, '--rate-per-second', '4'];
    const outcome = await runWaybill([...argv, '--wait', '--json'], {
      cwd: server().dataDir,
      env: { WAYBILL_BASE_URL: server().url, WAYBILL_API_KEY: ADMIN_KEY },
    });
    expect(outcome).toMatchObject({ exitCode: 0, stderr: '' });
    expect(JSON.parse(outcome.stdout)).toMatchObject({ state: 'completed', count: 4, done: 4, webhookId: webhook.id });
    expect(receiver.arrivals).toHaveLength(8);
  });
});

describe('what a receiver asks for', () => {
  test('a Retry-After holds what a replay makes, like everything else', async () => {
    const { receiver, webhook, type } = await stage({ retry: ONE_RETRY_LATE, limits: { maxConcurrency: 1 } });
    await publishDelivered(type, webhook.id, 6);
    const ofWebhook = (state: string) => `/deliveries?webhookId=${webhook.id}&state=${state}`;
    const askForAnHour = answering(429, { 'retry-after': '3600' });
    receiver.respond = (first, response) => {
      // The second one is answered when what the first was told has been written down.
      receiver.respond = (second, laterResponse) => {
        readUntil(server(), ofWebhook('retrying'), ({ items }) => items.length === 1).then(
          () => askForAnHour(second, laterResponse),
          () => laterResponse.destroy(),
        );
      };
      askForAnHour(first, response);
    };
    const { id } = await replay({ webhookId: webhook.id, ...today() });
    await readUntil(server(), ofWebhook('retrying'), ({ items }) => items.length === 2);
    await readUntil(server(), ofWebhook('pending'), ({ items }) => items.length === 4);
    expect(receiver.arrivals).toHaveLength(6 + 2);
    expect((await server().call('GET', `/replays/${id}`)).body).toMatchObject({ state: 'running', done: 0 });
  });
});

import { expect, test } from 'vitest';
import { startReceiver } from './harness/receiver.ts';
import { startServer, type TestServer } from './harness/server.ts';

const EVENTS = 600;
const BATCH = 200;
const DAY_MS = 24 * 60 * 60 * 1000;
/** Deliveries in hand when a server is killed are sent again. */
const MAX_IN_FLIGHT = 16;

interface Delivery {
  id: string;
  eventId: string;
  replayOf: string | null;
  state: string;
  sequence: number;
}

/** Every delivery of a webhook, newest first. */
async function deliveriesOf(server: TestServer, webhookId: string): Promise<Delivery[]> {
  const all: Delivery[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const path: string = `/deliveries?webhookId=${webhookId}&limit=250${cursor && `&cursor=${cursor}`}`;
    const { body } = await server.call('GET', path);
    all.push(...body.items);
    cursor = body.next;
  }
  return all;
}

test('a replay that is killed again and again makes each of its deliveries once, and is completed', async () => {
  const receiver = await startReceiver();
  const env = { WAYBILL_MAX_IN_FLIGHT: String(MAX_IN_FLIGHT) };
  const start = (dataDir?: string) =>
    startServer({ allow: [receiver.address], env, ...(dataDir === undefined ? {} : { dataDir }) });
  let server = await start();
  const webhook = (await server.call('POST', '/webhooks', { name: 'ops', url: receiver.url })).body;
  for (let n = 0; n < EVENTS; n += BATCH) {
    const batch = Array.from({ length: BATCH }, (_, i) => ({ type: 'order.shipped', data: { order: n + i } }));
    expect((await server.call('POST', '/events', batch)).status).toBe(202);
  }
  await receiver.arrived(EVENTS);
  const inHand = `/deliveries?webhookId=${webhook.id}&state=delivering&limit=1`;
  await expect.poll(async () => (await server.call('GET', inHand)).body.items).toEqual([]);

  const range = { from: new Date(Date.now() - DAY_MS).toISOString(), to: new Date(Date.now() + DAY_MS).toISOString() };
  const created = await server.call('POST', '/replays', { webhookId: webhook.id, ...range });
  expect(created.body.count).toBe(EVENTS);
  const path = `/replays/${created.body.id}`;
  // Somewhere in the middle of it, three times over.
  for (const share of [0.1, 0.35, 0.6]) {
    await receiver.arrived(EVENTS + Math.floor(EVENTS * share));
    await server.kill();
    server = await start(server.dataDir);
    expect((await server.call('GET', path)).body).toMatchObject({ state: 'running', count: EVENTS });
  }
  await expect.poll(async () => (await server.call('GET', path)).body.state).toBe('completed');
  expect((await server.call('GET', path)).body).toMatchObject({ count: EVENTS, done: EVENTS, skipped: 0 });

  const all = await deliveriesOf(server, webhook.id);
  const originals = all.filter(({ replayOf }) => replayOf === null);
  const replays = all.filter(({ replayOf }) => replayOf !== null);
  expect(originals).toHaveLength(EVENTS);
  // Each original once: as a set they are as many as there are.
  expect(replays).toHaveLength(EVENTS);
  expect(new Set(replays.map(({ replayOf }) => replayOf))).toEqual(new Set(originals.map(({ id }) => id)));
  expect(replays.filter(({ state }) => state !== 'delivered')).toEqual([]);
  expect(replays.map(({ sequence }) => sequence).toSorted((a, b) => a - b)).toEqual(
    Array.from({ length: EVENTS }, (_, i) => i + 1),
  );
  const ids = new Set(receiver.arrivals.map(({ headers }) => headers['x-waybill-delivery']));
  expect(ids.size).toBe(2 * EVENTS);
  expect(receiver.arrivals.length - ids.size).toBeLessThanOrEqual(3 * MAX_IN_FLIGHT);
});

test('a rate holds over a kill, and a replay that was cancelled before it stays cancelled', async () => {
  const receiver = await startReceiver();
  const first = await startServer({ allow: [receiver.address] });
  const webhook = (await first.call('POST', '/webhooks', { name: 'ops', url: receiver.url })).body;
  const eventIds: string[] = [];
  for (let n = 0; n < 6; n += 1) {
    eventIds.push((await first.call('POST', '/events', { type: 'order.shipped', data: { n } })).body.id);
  }
  await receiver.arrived(6);
  const ask = { webhookId: webhook.id, eventIds };
  const slow = (await first.call('POST', '/replays', { ...ask, ratePerSecond: 2 })).body;
  const never = (await first.call('POST', '/replays', { ...ask, ratePerSecond: 0.001 })).body;
  await receiver.arrived(6 + 2);
  expect((await first.call('POST', `/replays/${never.id}/cancel`)).status).toBe(200);
  await first.kill();
  const second = await startServer({ dataDir: first.dataDir, allow: [receiver.address] });
  await expect.poll(async () => (await second.call('GET', `/replays/${slow.id}`)).body.state).toBe('completed');
  const ofSlow = (await deliveriesOf(second, webhook.id)).filter(({ replayOf }) => replayOf !== null);
  expect(ofSlow).toHaveLength(6 + 1);
  expect((await second.call('GET', `/replays/${never.id}`)).body).toMatchObject({
    state: 'cancelled',
    count: 6,
    done: 1,
  });
  // At two a second, four more after the first two of both take as long at least, restart or not.
  const at = receiver.arrivals
    .slice(6)
    .map((arrival) => arrival.at)
    .toSorted((a, b) => a - b);
  expect((at.at(-1) ?? 0) - (at[0] ?? 0)).toBeGreaterThanOrEqual(2_000);
});

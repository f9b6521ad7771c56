import { expect, onTestFinished, test } from 'vitest';
import { cancelDelivery } from '../src/deliveries/deliveries.store.ts';
import { type DeliveryRow, listDeliveries } from '../src/deliveries/log.store.ts';
import { createReplayLoop } from '../src/deliveries/replay-loop.ts';
import {
  cancelReplay,
  createReplay,
  findReplay,
  makeReplayed,
  type ReplayRow,
} from '../src/deliveries/replays.store.ts';
import { pruneOld } from '../src/deliveries/retention.store.ts';
import { packRising } from '../src/deliveries/rising.ts';
import { publishEvents } from '../src/events/events.store.ts';
import type { Clock } from '../src/kernel/clock.ts';
import { createIds, idTime } from '../src/kernel/ids.ts';
import { systemRandom } from '../src/kernel/random.ts';
import { openSqliteStore, type Store } from '../src/store/index.ts';
import { createWebhook, pauseWebhook } from '../src/webhooks/webhooks.store.ts';
import { makeDataDir } from './harness/server.ts';

const T0 = Date.parse('2026-01-31T12:00:00Z');
const HOUR_MS = 3_600_000;
const ids = createIds(systemRandom);

/** A clock that only the test turns. */
function createTurnedClock() {
  let now = T0;
  const timers = new Set<{ at: number; run: () => void }>();
  const next = () => [...timers].sort((a, b) => a.at - b.at)[0];
  const clock: Clock = {
    now: () => now,
    monotonicMs: () => now,
    after(delayMs, run) {
      const timer = { at: now + delayMs, run };
      timers.add(timer);
      return { cancel: () => timers.delete(timer) };
    },
  };
  return {
    clock,
    /** When something is next to happen, in ms after T0; null when nothing is. */
    nextMs: () => (next() === undefined ? null : (next()?.at as number) - T0),
    /** Turns the clock on to the next timer and lets it go off. */
    goOff(): void {
      const timer = next();
      if (timer === undefined) throw new Error('No timer is set.');
      timers.delete(timer);
      now = Math.max(now, timer.at);
      timer.run();
    },
    turnOn(ms: number): void {
      now += ms;
    },
  };
}

/** A store of its own, with the commands of the server and nobody who sends. */
async function openStore(): Promise<Store> {
  const store = await openSqliteStore({
    folder: makeDataDir(),
    threadModule: new URL('../bin/worker.js', import.meta.url),
    threadOptions: { bootId: 'boot_test', maxInFlight: 64 },
    onBroken: (message) => expect.fail(message),
  });
  onTestFinished(() => store.close());
  return store;
}

/** Publishes so many events that nobody is told of. Their sequences are 1 to `count`. */
async function publish(store: Store, count: number): Promise<void> {
  const keys = { transferId: null, scheduleId: null, stationId: null, partnerId: null, webhookId: null };
  const events = Array.from({ length: count }, () => {
    const id = ids.make('evt', T0);
    return { id, type: 'order.shipped', occurredAt: T0, createdAt: idTime(id), data: '{}', keys };
  });
  await store.run(publishEvents, events);
}

/** A paused webhook, so that what is made for it stays as it is. Returns its number. */
async function pausedWebhook(store: Store): Promise<number> {
  const id = ids.make('wh', T0);
  const config = { url: 'https://hooks.example.com/' };
  const settings = { id, name: 'ops', config, signingSecret: 'sealed', defaultsVersion: 0, now: T0 };
  const { record } = await store.run(createWebhook, settings);
  await store.run(pauseWebhook, { id, reason: 'manual', now: T0 });
  return record.number;
}

/** Has the events 1 to `count` sent to each webhook again. */
async function replay(
  store: Store,
  webhookNumbers: number[],
  count: number,
  ratePerSecond: number | null = null,
): Promise<string> {
  const eventSequences = packRising(Array.from({ length: count }, (_, i) => i + 1));
  const id = ids.make('rpl', T0);
  await store.run(createReplay, {
    id,
    selection: { webhookId: null, from: T0, to: T0 + 1, states: null, eventTypes: null, eventIds: null },
    body: 'rendered',
    ratePerSecond,
    candidates: webhookNumbers.map((webhookNumber) => ({ webhookNumber, eventCount: count, eventSequences })),
    now: T0,
  });
  return id;
}

async function read(store: Store, id: string): Promise<ReplayRow> {
  const found = await store.read(findReplay, { id });
  return found ?? expect.fail(`There is no replay ${id}.`);
}

/** The deliveries that wait, newest first. */
async function waiting(store: Store): Promise<DeliveryRow[]> {
  const all = { webhookId: null, eventId: null, eventType: null, errorCode: null, status: null, from: null, to: null };
  const filter = { ...all, state: 'pending', q: null };
  return (await store.read(listDeliveries, { ...filter, limit: 2_000, before: null })).rows;
}

test('a rate is kept by the clock, over a restart too, and time that was slept through brings no burst', async () => {
  const store = await openStore();
  const turned = createTurnedClock();
  await publish(store, 20);
  const webhook = await pausedWebhook(store);
  const options = { store, clock: turned.clock, onFault: (error: unknown) => expect.fail(String(error)) };

  /** Lets the next step be made, and tells when that was and how many there are by then. */
  async function step(): Promise<[atMs: number, made: number]> {
    turned.goOff();
    const atMs = turned.clock.now() - T0;
    await expect.poll(() => turned.nextMs()).not.toBeNull();
    return [atMs, (await waiting(store)).length];
  }

  const first = createReplayLoop(options);
  await first.start();
  await replay(store, [webhook], 20, 20);
  await expect.poll(() => turned.nextMs()).toBe(0);
  expect([await step(), await step(), await step()]).toEqual([
    [0, 2],
    [100, 4],
    [200, 6],
  ]);
  await first.stop();

  turned.turnOn(HOUR_MS);
  const second = createReplayLoop(options);
  await second.start();
  expect([await step(), await step(), await step()]).toEqual([
    [HOUR_MS + 200, 8],
    [HOUR_MS + 210, 10],
    [HOUR_MS + 300, 12],
  ]);
  await second.stop();
});

test('a start goes on cancelling what a crash had left open of a cancelled replay', async () => {
  const store = await openStore();
  await publish(store, 450);
  const webhooks = [await pausedWebhook(store), await pausedWebhook(store)];
  const id = await replay(store, webhooks, 450);
  const { number } = await read(store, id);
  for (let isAllMade = false; !isAllMade; ) {
    isAllMade = (await store.run(makeReplayed, { number, limit: 50, now: T0 })).isAllMade;
  }
  expect(await store.run(cancelReplay, { id, now: T0 })).toMatchObject({ isMore: true });
  expect((await read(store, id)).done).toBeLessThan(900);

  const loop = createReplayLoop({
    store,
    clock: createTurnedClock().clock,
    onFault: (error) => expect.fail(String(error)),
  });
  await loop.start();
  await expect.poll(async () => (await read(store, id)).done).toBe(900);
  expect(await read(store, id)).toMatchObject({ state: 'cancelled', count: 900, skipped: 0 });
  await loop.stop();
});

test('events that retention takes before they are sent again are skipped, and the replay is completed', async () => {
  const store = await openStore();
  await publish(store, 120);
  const webhook = await pausedWebhook(store);
  const id = await replay(store, [webhook], 120);
  const { number } = await read(store, id);
  let deleted = 0;
  for (let after: number | null = 0; after !== null; ) {
    const step: { deleted: number; next: number | null } = await store.run(pruneOld, { before: T0 + HOUR_MS, after });
    deleted += step.deleted;
    after = step.next;
  }
  expect(deleted).toBeGreaterThanOrEqual(120);
  for (let isAllMade = false; !isAllMade; ) {
    isAllMade = (await store.run(makeReplayed, { number, limit: 50, now: T0 })).isAllMade;
  }
  expect(await read(store, id)).toMatchObject({ state: 'completed', count: 120, done: 120, skipped: 120 });
});

test('a replay adds nothing to a webhook that has enough waiting, and goes on when that has gone', async () => {
  const store = await openStore();
  await publish(store, 700);
  const webhook = await pausedWebhook(store);
  const id = await replay(store, [webhook], 700);
  const { number } = await read(store, id);
  let taken = 1;
  while (taken > 0) taken = (await store.run(makeReplayed, { number, limit: 50, now: T0 })).taken;
  const full = await waiting(store);
  expect(full).toHaveLength(500);
  expect(await read(store, id)).toMatchObject({ state: 'running', count: 700, done: 0 });

  for (const delivery of full.slice(0, 20)) await store.run(cancelDelivery, { id: delivery.id, now: T0 });
  expect(await store.run(makeReplayed, { number, limit: 50, now: T0 })).toMatchObject({ taken: 20, isAllMade: false });
  expect(await read(store, id)).toMatchObject({ state: 'running', count: 700, done: 20 });
});

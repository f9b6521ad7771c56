import { statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cancelDelivery, settleAttempts } from '../src/deliveries/deliveries.store.ts';
import { HANDED } from '../src/deliveries/handed.ts';
import { listDeliveries } from '../src/deliveries/log.store.ts';
import { type PackedHanded, unpackHanded } from '../src/deliveries/packing.ts';
import { createRetention } from '../src/deliveries/retention.ts';
import { listEvents, publishEvents } from '../src/events/events.store.ts';
import { indexEvents } from '../src/events/search.store.ts';
import { systemClock } from '../src/kernel/clock.ts';
import { createIds, idTime, type WebhookId } from '../src/kernel/ids.ts';
import { systemRandom } from '../src/kernel/random.ts';
import type { Store } from '../src/store/index.ts';
import { createWebhook, pauseWebhook } from '../src/webhooks/webhooks.store.ts';
import { makeDataDir } from './harness/server.ts';
import { ALL_DELIVERIES, openServerStore, rowsOf } from './harness/store.ts';

const DAY_MS = 86_400_000;
const NOW = Date.now();
const LONG_AGO = NOW - 40 * DAY_MS;
const newIds = createIds(systemRandom);
const oldIds = createIds(systemRandom);

/** Publishes events of so many bytes, each with a word of its own, that one webhook is owed where `transferId` is its scope. */
async function publish(
  store: Store,
  at: number,
  count: number,
  { transferId = 'none', bytes = 100 } = {},
): Promise<string[]> {
  const ids = at === LONG_AGO ? oldIds : newIds;
  const keys = { transferId, scheduleId: null, stationId: null, partnerId: null, webhookId: null };
  const events = Array.from({ length: count }, () => {
    const id = ids.make('evt', at);
    const transfer = { id: transferId, name: `word${id.slice(4)}`, filling: 'x'.repeat(bytes) };
    return {
      id,
      type: 'transfer.started',
      occurredAt: at,
      createdAt: idTime(id),
      data: JSON.stringify({ transfer }),
      keys,
    };
  });
  return (await store.run(publishEvents, events)).map(({ id }) => id);
}

async function addWebhook(store: Store, transferId: string): Promise<WebhookId> {
  const id = newIds.make('wh', NOW);
  const scope = { transferIds: [transferId], scheduleIds: [], stationIds: [], partnerIds: [] };
  const config = { url: 'https://hooks.example.com/', scope };
  await store.run(createWebhook, { id, name: 'ops', config, signingSecret: 'sealed', defaultsVersion: 0, now: NOW });
  return id;
}

async function indexAll(store: Store): Promise<void> {
  while ((await store.run(indexEvents, null)).isMore);
}

/** Settles every delivery that is handed out as given up long ago, with a reason of its own. */
function giveUpLongAgo(store: Store): Promise<void>[] {
  const settled: Promise<void>[] = [];
  store.subscribe<PackedHanded>(HANDED, (packed) => {
    const { number, webhookId, event } = unpackHanded(packed);
    const exchange = JSON.stringify({ request: null, response: null, error: null });
    const settlement = {
      number,
      webhookId,
      eventSequence: event.sequence,
      attempt: {
        number: 1,
        trigger: 'initial',
        startedAt: LONG_AGO,
        durationMs: 1,
        outcome: 'failed',
        bodyHash: 'h',
        exchange,
      } as const,
      status: 500,
      errorCode: 'http_status',
      errorMessage: 'The old receiver answered 500.',
      firstSent: { method: 'POST', contentType: 'application/json', eventInHeaders: false, hash: 'h', content: '{}' },
      next: { state: 'exhausted', reason: 'attempts_spent', tries: 1 } as const,
      holdUntil: null,
      breaker: null,
      isGone: false,
      news: null,
    };
    settled.push(store.run(settleAttempts, { settlements: [settlement], now: LONG_AGO }).then(() => undefined));
  });
  return settled;
}

function retentionOf(store: Store) {
  const onFault = (error: unknown): void => expect.fail(String(error));
  return createRetention({ store, clock: systemClock, retentionDays: 30, onFault });
}

const countOf = (folder: string, table: string): number =>
  rowsOf<{ n: number }>(folder, `SELECT COUNT(*) AS n FROM ${table}`)[0]?.n ?? -1;

describe('retention', () => {
  test('deletes what is old with all that belongs to it, and keeps an event that a webhook is still owed', async () => {
    const folder = makeDataDir();
    const store = await openServerStore(folder);
    const settled = giveUpLongAgo(store);
    const webhookId = await addWebhook(store, 'given-up');
    const paused = await addWebhook(store, 'held');
    await store.run(pauseWebhook, { id: paused, reason: 'manual', now: NOW });
    await publish(store, LONG_AGO, 30, { transferId: 'given-up' });
    await expect.poll(() => settled.length).toBe(30);
    await Promise.all(settled);
    const [held, cancelled] = await publish(store, LONG_AGO, 2, { transferId: 'held' });
    const { rows } = await store.read(listDeliveries, {
      ...ALL_DELIVERIES,
      eventId: cancelled as string,
      q: null,
      limit: 1,
      before: null,
    });
    await store.run(cancelDelivery, { id: rows[0]?.id as string, now: LONG_AGO });
    const recent = await publish(store, NOW, 3);
    await indexAll(store);
    expect(countOf(folder, 'error_texts')).toBe(1);

    expect(await retentionOf(store).run()).toBe(31);

    const events = await store.read(listEvents, {
      type: 'transfer.started',
      from: null,
      to: null,
      q: null,
      limit: 250,
      before: null,
    });
    expect(events.rows.map(({ id }) => id)).toEqual([...recent.reverse(), held]);
    const deliveries = await store.read(listDeliveries, { ...ALL_DELIVERIES, q: null, limit: 250, before: null });
    expect(deliveries.rows).toMatchObject([{ eventId: held, state: 'pending' }]);
    for (const table of ['attempts', 'bodies', 'error_texts', 'delivery_errors'])
      expect([table, countOf(folder, table)]).toEqual([table, 0]);
    expect(countOf(folder, 'event_words')).toBe(5);
    const words = rowsOf<{ word: string }>(folder, 'SELECT word FROM search_words').map(({ word }) => word);
    expect(words.sort()).toEqual(
      [
        'held',
        'none',
        'ops',
        'paused',
        'started',
        'transfer',
        'webhook',
        ...[...recent, held].map((id) => `word${id?.slice(4)}`),
      ].sort(),
    );
    for (const id of [held, ...recent] as string[]) {
      const found = await store.read(listEvents, {
        type: null,
        from: null,
        to: null,
        q: `word${id.slice(4)}`,
        limit: 5,
        before: null,
      });
      expect(found.rows.map((event) => event.id)).toEqual([id]);
    }
    expect(webhookId).not.toBe(paused);
    const pruned = rowsOf(folder, "SELECT name, value FROM settings WHERE name LIKE 'ledger.%' ORDER BY name");
    expect(pruned).toEqual([
      { name: 'ledger.pruned_to.1', value: '30' },
      { name: 'ledger.pruned_to.2', value: '2' },
    ]);
  });

  test('gives room back to the file system, in steps between which events are published', async () => {
    const folder = makeDataDir();
    const store = await openServerStore(folder);
    for (let batch = 0; batch < 20; batch += 1) await publish(store, LONG_AGO, 200, { bytes: 4_000 });
    await indexAll(store);
    store.checkpoint();
    const size = () => statSync(join(folder, 'waybill.db')).size;
    await expect.poll(size).toBeGreaterThan(16_000_000);
    const before = size();

    let isOver = false;
    const round = retentionOf(store)
      .run()
      .finally(() => {
        isOver = true;
      });
    const waitedMs: number[] = [];
    const published: string[] = [];
    while (!isOver) {
      const startedAtMs = performance.now();
      published.push(...(await publish(store, NOW, 1)));
      waitedMs.push(performance.now() - startedAtMs);
    }
    expect(await round).toBe(4_000);
    await expect.poll(size).toBeLessThan(before / 2);
    // What is left is what was published meanwhile, and some room for more.
    const [room] = rowsOf<{ freelist_count: number }>(folder, 'PRAGMA freelist_count');
    expect(room?.freelist_count).toBeLessThanOrEqual(256);
    expect(published.length).toBeGreaterThan(20);
    // Far from what a publisher would wait behind one large deletion, however slow the machine.
    expect(waitedMs.sort((a, b) => a - b)[Math.floor(waitedMs.length / 2)]).toBeLessThan(100);
    const { rows } = await store.read(listEvents, {
      type: null,
      from: null,
      to: null,
      q: null,
      limit: 100_000,
      before: null,
    });
    expect(rows.map(({ id }) => id)).toEqual(published.reverse());
  });

  test('leaves some room for what comes next', async () => {
    const folder = makeDataDir();
    const store = await openServerStore(folder);
    await publish(store, LONG_AGO, 100, { bytes: 1_000 });
    expect(await retentionOf(store).run()).toBe(100);
    expect(rowsOf<{ freelist_count: number }>(folder, 'PRAGMA freelist_count')[0]?.freelist_count).toBeGreaterThan(10);
  });
});

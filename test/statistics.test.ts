import { describe, expect, test } from 'vitest';
import { backlogHandlers } from '../src/deliveries/backlog.store.ts';
import { pruneOld } from '../src/deliveries/retention.store.ts';
import { createIds } from '../src/kernel/ids.ts';
import { systemRandom } from '../src/kernel/random.ts';
import { countAttempts, isCountBehind } from '../src/statistics/counting.store.ts';
import { createFiguresPruning } from '../src/statistics/counting.ts';
import { ALL_WEBHOOKS } from '../src/statistics/figures.store.ts';
import { HOUR_MS, noFigures } from '../src/statistics/figures.ts';
import { readFigures, readHealth, statisticsHandlers } from '../src/statistics/statistics.store.ts';
import { migrate, openBeside, type ReadTx, type Store } from '../src/store/index.ts';
import { makeDataDir } from './harness/server.ts';
import { openServerStore, rowsOf } from './harness/store.ts';

const START = Date.parse('2026-03-01T00:00:00Z');
const HOUR = START / HOUR_MS;
const ids = createIds(systemRandom);
const FIRST = 1;
const SECOND = 2;

interface GivenAttempt {
  outcome: 'delivered' | 'failed' | 'unknown';
  status?: number;
  code?: string;
  at?: number;
  durationMs?: number;
}

/** A log that is written by hand, and so has whatever a test needs. */
function createLog(folder: string) {
  const connection = openBeside(folder);
  migrate(connection, { folder, apply: true });
  let number = 0;

  function addWebhook(webhook: number, deletedAt: number | null = null): void {
    connection.run(
      `INSERT INTO webhooks (number, id, name, config, signing_secret, paused, version, created_at, updated_at, deleted_at)
        VALUES (?, ?, 'x', '{}', '', 1, 1, 0, 0, ?)`,
      [webhook, ids.make('wh', START), deletedAt],
    );
  }

  /** A delivery made at `START`, with its attempts. Returns the number of both. */
  function add(webhook: number, state: string, attempts: readonly GivenAttempt[], { isTest = false } = {}): number {
    number += 1;
    const last = attempts.at(-1);
    connection.run('INSERT INTO events (sequence, id, type, occurred_at, created_at, data) VALUES (?, ?, ?, ?, ?, ?)', [
      ...[number, ids.make('evt', START), 'a.b', START, START, '{}'],
    ]);
    connection.run(
      `INSERT INTO deliveries (number, id, event_sequence, event_type, webhook_number, sequence, state, next_trigger,
          attempt_count, tries, last_status, error_code, created_at, due_at, ended_at)
        VALUES (?, ?, ?, 'a.b', ?, ?, ?, 'initial', ?, 0, ?, ?, ?, ?, ?)`,
      [
        ...[number, ids.make('dlv', START), number, webhook, isTest ? null : number, state, attempts.length],
        ...[last?.status ?? null, last?.code ?? null, START],
        ...(state === 'pending' || state === 'retrying' ? [START, null] : [null, START]),
      ],
    );
    for (const [index, attempt] of attempts.entries()) addAttempt(number, index + 1, attempt);
    return number;
  }

  function addAttempt(delivery: number, index: number, attempt: GivenAttempt): void {
    const { outcome, status, code, at = START, durationMs = 10 } = attempt;
    const response = status === undefined ? null : { status, headers: {}, body: '', truncated: false };
    const error = code === undefined ? null : { code, message: 'x' };
    connection.run(
      `INSERT INTO attempts (delivery_number, number, trigger_kind, started_at, duration_ms, outcome, exchange)
        VALUES (?, ?, 'initial', ?, ?, ?, ?)`,
      [delivery, index, at, durationMs, outcome, JSON.stringify({ request: null, response, error })],
    );
  }

  /** In one transaction: a thousand syncs take seconds. */
  function together(write: () => void): void {
    connection.exec('BEGIN');
    write();
    connection.exec('COMMIT');
  }

  return { add, addWebhook, together, close: () => connection.close() };
}

async function countAll(store: Store): Promise<void> {
  for (let isMore = true; isMore; ) ({ isMore } = await store.run(countAttempts, null));
}

/** The figures of the first 24 hours. */
async function figuresOf(store: Store, webhookNumber: number) {
  const day = { webhookNumber, from: HOUR, to: HOUR + 24, bucketHours: 24 };
  return (await store.read(readFigures, day)).buckets[0]?.figures ?? noFigures();
}

const counts = ({ failures, latencies, durations, ...rest }: ReturnType<typeof noFigures>) => Object.values(rest);

describe('counting attempts', () => {
  test('counts each one once, however often it is broken off and begun again', async () => {
    const folder = makeDataDir();
    const log = createLog(folder);
    log.together(() => {
      for (let i = 0; i < 1000; i += 1) {
        log.add(i % 2 === 0 ? FIRST : SECOND, 'delivered', [{ outcome: 'delivered', status: 200 }]);
      }
    });
    log.close();
    const before = await openServerStore(folder);
    expect(await before.run(countAttempts, null)).toEqual({ isMore: true });
    expect(await before.read(isCountBehind, null)).toBe(true);
    await before.close();
    const store = await openServerStore(folder);
    await countAll(store);
    await countAll(store);
    expect((await figuresOf(store, ALL_WEBHOOKS)).delivered).toBe(1000);
    expect((await figuresOf(store, FIRST)).succeeded).toBe(500);
    expect(await store.read(isCountBehind, null)).toBe(false);
  });

  test('reads what each attempt came to, also where others of its delivery came after', async () => {
    const folder = makeDataDir();
    const log = createLog(folder);
    log.add(FIRST, 'exhausted', [
      { outcome: 'failed', code: 'timeout' },
      { outcome: 'unknown' },
      { outcome: 'failed', code: 'http_status', status: 503, durationMs: 3000 },
    ]);
    log.add(FIRST, 'delivered', [
      { outcome: 'failed', code: 'timeout' },
      { outcome: 'delivered', status: 202, at: START + 5000, durationMs: 100 },
    ]);
    // Cancelled while it was under way: it was taken, and yet is not delivered.
    log.add(FIRST, 'cancelled', [{ outcome: 'delivered', status: 201 }]);
    log.add(FIRST, 'retrying', [{ outcome: 'failed', code: 'dns_error' }]);
    log.add(FIRST, 'delivered', [{ outcome: 'delivered', status: 200 }], { isTest: true });
    log.close();
    const store = await openServerStore(folder);
    await countAll(store);
    const figures = await figuresOf(store, FIRST);
    expect(figures).toMatchObject({ succeeded: 2, failed: 4, unknown: 1, delivered: 1, exhausted: 1, cancelled: 0 });
    expect(figures.failures).toEqual({ timeout: 2, http_status: 1, dns_error: 1 });
    const sum = (histogram: object) => Object.values(histogram).reduce((all, each) => all + each, 0);
    expect([sum(figures.latencies), sum(figures.durations)]).toEqual([1, 6]);
    const { health } = await store.read(readHealth, { webhookNumbers: [FIRST], fromHour: HOUR });
    expect(health).toEqual([
      {
        webhookNumber: FIRST,
        attemptedAt: START + 10,
        outcome: 'failed',
        status: null,
        errorCode: 'dns_error',
        deliveredAt: START + 10,
        consecutiveFailures: 1,
      },
    ]);
  });

  test('puts an attempt into the hour in which it ended', async () => {
    const folder = makeDataDir();
    const log = createLog(folder);
    log.add(FIRST, 'delivered', [{ outcome: 'delivered', at: START + HOUR_MS - 5, durationMs: 10 }]);
    log.close();
    const store = await openServerStore(folder);
    await countAll(store);
    const hours = { webhookNumber: FIRST, from: HOUR, to: HOUR + 2, bucketHours: 1 };
    expect((await store.read(readFigures, hours)).buckets.map(({ hour }) => hour)).toEqual([HOUR + 1]);
  });

  test('goes on when retention has deleted the newest attempts, whose places are given out again', async () => {
    const folder = makeDataDir();
    const log = createLog(folder);
    for (let i = 0; i < 20; i += 1) log.add(FIRST, 'delivered', [{ outcome: 'delivered' }]);
    const store = await openServerStore(folder);
    await countAll(store);
    for (let after: number | null = 0; after !== null; ) {
      const step: { next: number | null } = await store.run(pruneOld, { before: START + 1, after });
      after = step.next;
    }
    expect(rowsOf(folder, 'SELECT 1 FROM attempts')).toEqual([]);
    log.add(FIRST, 'delivered', [{ outcome: 'delivered' }]);
    log.close();
    await countAll(store);
    expect((await figuresOf(store, FIRST)).delivered).toBe(21);
  });
});

test('figures go with the retention, and those of a deleted webhook with it', async () => {
  const folder = makeDataDir();
  const log = createLog(folder);
  log.addWebhook(FIRST);
  log.addWebhook(SECOND, START);
  const late = START + 20 * HOUR_MS;
  for (const webhook of [FIRST, SECOND]) {
    for (const at of [START, late]) log.add(webhook, 'delivered', [{ outcome: 'delivered', at }]);
  }
  log.close();
  const store = await openServerStore(folder);
  await countAll(store);
  const step = createFiguresPruning({ store, retentionDays: 1 });
  while ((await step(START + 24 * HOUR_MS + 10 * HOUR_MS)) > 0);
  expect(counts(await figuresOf(store, FIRST))).toEqual([1, 0, 0, 1, 0, 0]);
  expect(counts(await figuresOf(store, ALL_WEBHOOKS))).toEqual([2, 0, 0, 2, 0, 0]);
  expect(counts(await figuresOf(store, SECOND))).toEqual([0, 0, 0, 0, 0, 0]);
  const health = await store.read(readHealth, { webhookNumbers: [FIRST, SECOND], fromHour: HOUR });
  expect(health.health.map(({ webhookNumber }) => webhookNumber)).toEqual([FIRST]);
});

test('no figure is read by looking through the log', async () => {
  const folder = makeDataDir();
  const log = createLog(folder);
  log.addWebhook(FIRST);
  log.add(FIRST, 'pending', []);
  log.add(FIRST, 'retrying', [{ outcome: 'failed', code: 'timeout' }]);
  log.close();
  const connection = openBeside(folder);
  const plans: string[] = [];
  const explained: ReadTx = {
    get(sql, ...params) {
      explain(sql, params);
      return connection.get(sql, params);
    },
    all(sql, ...params) {
      explain(sql, params);
      return connection.all(sql, params);
    },
  };
  function explain(sql: string, params: Parameters<typeof connection.all>[1]): void {
    plans.push(...connection.all<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql}`, params).map(({ detail }) => detail));
  }
  const inputs: Record<string, unknown> = {
    'statistics.figures': { webhookNumber: FIRST, from: HOUR, to: HOUR + 1, bucketHours: 1 },
    'deliveries.backlog': null,
    'statistics.health': { webhookNumbers: [FIRST, SECOND], fromHour: HOUR },
    'statistics.failing_webhooks': { least: 3 },
  };
  for (const { name, run } of [...statisticsHandlers(), ...backlogHandlers()]) {
    expect(Object.keys(inputs)).toContain(name);
    await (run as (tx: ReadTx, input: unknown) => unknown)(explained, inputs[name]);
  }
  connection.close();
  expect(plans.join('\n')).toMatch(/SEARCH d USING COVERING INDEX deliveries_by_facets/);
  // What is in hand has an index that holds nothing else.
  const scans = plans.filter((plan) => plan.startsWith('SCAN ') && !plan.includes('deliveries_in_hand'));
  expect(scans.filter((plan) => !/^SCAN (webhooks|webhook_health)\b/.test(plan))).toEqual([]);
});

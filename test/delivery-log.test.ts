import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DeliveryFilter } from '../src/deliveries/facets.store.ts';
import { listDeliveries } from '../src/deliveries/log.store.ts';
import { eventWords } from '../src/events/event-words.ts';
import { listEvents } from '../src/events/events.store.ts';
import { indexEvents } from '../src/events/search.store.ts';
import { createIds } from '../src/kernel/ids.ts';
import { haveWords, joinWords, searchTerms, wordsOf } from '../src/kernel/words.ts';
import { migrate, openBeside, type Store } from '../src/store/index.ts';
import { makeDataDir } from './harness/server.ts';
import { ALL_DELIVERIES, openServerStore } from './harness/store.ts';

const COUNT = 5_000;
const STARTED_AT = 1_750_000_000_000;
const TYPES = ['transfer.completed', 'transfer.failed', 'message.received', 'order.rare'];
const NAMES = ['Daily Backup', 'Quarterly Zebra', 'Wöchentlich', 'Ünïque'];
const STATES = ['pending', 'retrying', 'delivering', 'delivered', 'exhausted', 'cancelled'];
const ERRORS = ['The receiver answered 500.', 'Nothing listens there (ECONNREFUSED).'];
const WEBHOOKS = ['Ops room', 'Zebra crossing', 'Archive'];

/** A delivery of the log that the tests look at, with all that it can be found by. */
interface Known {
  number: number;
  id: string;
  eventId: string;
  eventType: string;
  webhookId: string;
  webhookName: string;
  eventSequence: number;
  state: string;
  status: number | null;
  errorCode: string | null;
  error: string | null;
  createdAt: number;
  words: string;
}

interface KnownEvent {
  sequence: number;
  id: string;
  type: string;
  createdAt: number;
  words: string;
}

/** Numbers that look drawn and are the same in every run. */
function createDraw(): (below: number) => number {
  let state = 7;
  return (below) => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return Math.floor((state / 2 ** 31) * below);
  };
}

/**
 * Writes a log with all that makes lists hard: filters whose values come together seldom or never, replays and tests
 * among the rest, long stretches without anything, and events with two deliveries or none.
 */
function writeLog(folder: string): { deliveries: Known[]; events: KnownEvent[] } {
  const connection = openBeside(folder);
  migrate(connection, { folder, apply: true });
  const draw = createDraw();
  const ids = createIds({
    next: () => 0,
    fill(bytes) {
      for (const at of bytes.keys()) bytes[at] = draw(256);
      return bytes;
    },
  });
  const deliveries: Known[] = [];
  const events: KnownEvent[] = [];
  const webhookIds = WEBHOOKS.map((name, at) => {
    const id = ids.make('wh', STARTED_AT - 1_000);
    connection.run(
      `INSERT INTO webhooks (number, id, name, config, signing_secret, paused, version, created_at, updated_at)
        VALUES (?, ?, ?, '{}', '', 1, 1, 0, 0)`,
      [at + 1, id, name],
    );
    return id;
  });
  ERRORS.forEach((text, at) => {
    connection.run('INSERT INTO error_texts (id, text, words) VALUES (?, ?, ?)', [
      at + 1,
      text,
      joinWords(wordsOf(text)),
    ]);
  });

  function addEvent(at: number): KnownEvent {
    const sequence = events.length + 1;
    const isMessage = draw(10) === 0;
    const type = isMessage ? 'message.received' : draw(1_000) === 0 ? 'order.rare' : (TYPES[draw(2)] as string);
    // Each name has its time; the last is seen twice.
    const name = draw(2_000) === 0 ? NAMES[3] : NAMES[Math.floor((sequence * 3) / COUNT) % 3];
    const data = isMessage
      ? { message: { as2MessageId: `<2026${sequence}.1@acme.example>` }, partner: { name: 'Acme' } }
      : { transfer: { id: sequence % 50, name } };
    const id = ids.make('evt', at);
    connection.run('INSERT INTO events (sequence, id, type, occurred_at, created_at, data) VALUES (?, ?, ?, ?, ?, ?)', [
      sequence,
      id,
      type,
      at,
      at,
      JSON.stringify(data),
    ]);
    const event = {
      sequence,
      id,
      type,
      createdAt: at,
      words: joinWords(eventWords(type, JSON.parse(JSON.stringify(data)))),
    };
    events.push(event);
    return event;
  }

  function addDelivery(
    event: KnownEvent,
    at: number,
    made: { sequence: number | null; replayOf: string | null; replay?: number; idAt?: number },
  ): void {
    const number = deliveries.length + 1;
    const webhook = event.type === 'message.received' ? 2 : 1 + draw(2) * 2;
    // The first webhook never fails, and only the third has deliveries that wait.
    const state = webhook === 1 ? 'delivered' : (STATES[webhook === 3 ? draw(6) : 3 + draw(3)] as string);
    const hasFailed = state === 'exhausted' || state === 'retrying';
    const at2 = made.idAt ?? at;
    const id = ids.make('dlv', at2);
    const known: Known = {
      number,
      id,
      eventId: event.id,
      eventType: event.type,
      webhookId: webhookIds[webhook - 1] as string,
      webhookName: WEBHOOKS[webhook - 1] as string,
      eventSequence: event.sequence,
      state,
      status: state === 'delivered' ? 200 + draw(2) : hasFailed && draw(2) === 0 ? 500 : null,
      errorCode: hasFailed ? (draw(2) === 0 ? 'http_status' : 'timeout') : null,
      error: hasFailed ? (ERRORS[draw(2)] as string) : null,
      createdAt: at2,
      words: event.words,
    };
    deliveries.push(known);
    const isOpen = state === 'pending' || state === 'retrying';
    connection.run(
      `INSERT INTO deliveries (number, id, event_sequence, event_type, webhook_number, sequence, state, due_at, next_trigger,
          attempt_count, tries, held_by, replay_of, replay_number, last_status, error_code, created_at, ended_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'initial', ?, 0, ?, ?, ?, ?, ?, ?, ?)`,
      [
        number,
        id,
        event.sequence,
        event.type,
        webhook,
        made.sequence,
        state,
        isOpen ? at : null,
        hasFailed ? 3 : 1,
        state === 'delivering' ? 'boot_of_the_test' : null,
        made.replayOf,
        made.replay ?? null,
        known.status,
        known.errorCode,
        at2,
        isOpen || state === 'delivering' ? null : at,
      ],
    );
    if (known.error !== null) {
      connection.run('INSERT INTO delivery_errors (delivery_number, text_id) VALUES (?, ?)', [
        number,
        ERRORS.indexOf(known.error) + 1,
      ]);
    }
  }

  connection.exec('BEGIN');
  for (let n = 1; deliveries.length < COUNT; n += 1) {
    const at = STARTED_AT + n * 1_000;
    const event = addEvent(at);
    if (draw(20) === 0) continue;
    addDelivery(event, at, { sequence: n, replayOf: null });
    // A test has its id when it begins, and its number when it is over.
    if (draw(200) === 0) addDelivery(event, at, { sequence: null, replayOf: null, idAt: at - 30_000 });
    if (draw(100) === 0) addDelivery(event, at, { sequence: 100_000 + n, replayOf: null });
    const isRun = n === 2_000 ? 600 : draw(15) === 0 ? 1 : 0;
    for (let replayed = 0; replayed < isRun; replayed += 1) {
      const original = deliveries[draw(deliveries.length)] as Known;
      addDelivery(
        events[original.eventSequence - 1] as KnownEvent,
        at,
        draw(2) === 0
          ? { sequence: 1, replayOf: original.id }
          : { sequence: 200_000 + deliveries.length, replayOf: null, replay: 1 },
      );
    }
  }
  connection.exec('COMMIT');
  connection.close();
  return { deliveries, events };
}

function matches(q: string, { words, webhookName, error, id, eventId, webhookId }: Known): boolean {
  const terms = searchTerms(q);
  return (
    terms.length > 0 &&
    terms.every(
      (term) =>
        [words, joinWords(wordsOf(webhookName)), joinWords(wordsOf(error ?? ''))].some((text) =>
          haveWords(text, term.words),
        ) ||
        (/^(evt|dlv|wh)_/.test(term.text) && [id, eventId, webhookId].some((one) => one.startsWith(term.text))),
    )
  );
}

/** All pages of a list, one after the other. */
async function allPages<R>(read: (before: number | null) => Promise<{ rows: R[]; next: number | null }>): Promise<R[]> {
  const all: R[] = [];
  for (let before: number | null = null; ; ) {
    const page = await read(before);
    all.push(...page.rows);
    if (page.next === null) return all;
    expect(page.next).toBeLessThan(before ?? Number.MAX_SAFE_INTEGER);
    before = page.next;
  }
}

async function indexAbout(store: Store, steps: number): Promise<void> {
  for (let step = 0; step < steps; step += 1) if (!(await store.run(indexEvents, null)).isMore) return;
}

describe('a list of deliveries and events', () => {
  type Asked = DeliveryFilter & { q: string | null };
  const NONE: Asked = { ...ALL_DELIVERIES, q: null };
  /** Null as many times as `weight` says for each time that there is a value. */
  const maybe = <T>(values: fc.Arbitrary<T>, weight = 2) =>
    fc.oneof({ weight, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: values });
  const instant = fc.integer({ min: -100, max: COUNT + 100 }).map((n) => STARTED_AT + n * 1_000);

  test('holds what its filters and search include, each once and newest first, however far indexing has come', {
    timeout: 600_000,
  }, async () => {
    const folder = makeDataDir();
    const { deliveries, events } = writeLog(folder);
    const store = await openServerStore(folder);
    const some = <T>(values: readonly T[]) => fc.constantFrom(...values);
    const searches = [
      'backup',
      'daily bac',
      'quarterly',
      'zebra',
      'zeb exh',
      'unique',
      'transfer',
      'd',
      'acme 2026',
      '<20263.1@acme.example>',
      '2026',
      'econnrefused',
      'zebra 500',
      'ops',
      'crossing',
      'nowhere',
      'room nowhere',
      'évt_',
      'dlv_',
      'evt_01jxw',
      '" OR * (',
      '--',
    ];
    const words = some(searches);
    const alone = searches.map((word): [Asked, number] => [{ ...NONE, q: word }, 2_000]);
    // Neither the search nor the filters find little, and both together do.
    const together = deliveries
      .slice(0, 10)
      .map(({ webhookId, eventType }): [Asked, number] => [{ ...NONE, webhookId, eventType, q: 'quarterly' }, 2_000]);

    const known = some(deliveries);
    const q = fc.oneof(
      words,
      known.map(({ id }) => id),
      known.map(({ eventId }) => eventId),
      known.map(({ webhookId }) => webhookId),
    );
    const filter = fc.record({
      webhookId: maybe(known.map(({ webhookId }) => webhookId)),
      eventId: maybe(
        known.map(({ eventId }) => eventId),
        20,
      ),
      eventType: maybe(some(TYPES)),
      state: maybe(some(STATES)),
      errorCode: maybe(some(['http_status', 'timeout', 'other']), 4),
      status: maybe(some([200, 201, 500, 404]), 4),
      from: maybe(instant),
      to: maybe(instant),
      q: maybe(q, 1),
    });
    const given = filter.map((all): Asked => ({ ...NONE, ...all }));

    async function check(): Promise<void> {
      await fc.assert(
        fc.asyncProperty(given, fc.integer({ min: 1, max: 250 }), async (asked, limit) => {
          const expected = deliveries.filter(
            (known) =>
              (['webhookId', 'eventId', 'eventType', 'state', 'errorCode', 'status'] as const).every(
                (name) => asked[name] === null || asked[name] === known[name],
              ) &&
              (asked.from === null || known.createdAt >= asked.from) &&
              (asked.to === null || known.createdAt < asked.to) &&
              (asked.q === null || matches(asked.q, known)),
          );
          const found = await allPages((before) => store.read(listDeliveries, { ...asked, limit, before }));
          expect(found.map(({ number }) => number)).toEqual(expected.map(({ number }) => number).reverse());
        }),
        { numRuns: 60, seed: 1, examples: [...alone, ...together] },
      );
      await fc.assert(
        fc.asyncProperty(given, fc.integer({ min: 1, max: 250 }), async ({ eventType: type, from, to, q }, limit) => {
          const terms = searchTerms(q ?? '');
          const expected = events.filter(
            (event) =>
              (type === null || event.type === type) &&
              (from === null || event.createdAt >= from) &&
              (to === null || event.createdAt < to) &&
              (q === null ||
                (terms.length > 0 &&
                  terms.every(
                    (term) =>
                      haveWords(event.words, term.words) ||
                      (term.text.startsWith('evt_') && event.id.startsWith(term.text)),
                  ))),
          );
          const found = await allPages((before) => store.read(listEvents, { type, from, to, q, limit, before }));
          expect(found.map(({ sequence }) => sequence)).toEqual(expected.map(({ sequence }) => sequence).reverse());
        }),
        { numRuns: 20, seed: 2 },
      );
    }

    await check();
    await indexAbout(store, 5);
    await check();
    await indexAbout(store, Number.POSITIVE_INFINITY);
    await check();
  });
});

import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { createIds } from '../src/kernel/ids.ts';
import type { Random } from '../src/kernel/random.ts';
import { joinWords, wordsOf } from '../src/kernel/words.ts';

const DAYS = 30;
const DAY_MS = 24 * 60 * 60 * 1000;
const A_TRANSACTION = 5_000;

/** The webhooks, by number from 1: nearly all goes to the first, the ninth is paused, and the tenth has almost nothing. */
export const LOG_WEBHOOKS = 10;
export const BUSY = 1;
export const PAUSED = 9;
export const QUIET = 10;

/** Ids that exist in a seeded log, to search for. */
export interface SeededLog {
  webhookIds: Map<number, string>;
  /** Of the delivery in the middle. */
  eventId: string;
  deliveryId: string;
  as2MessageId: string;
  startedAtMs: number;
}

interface Kind {
  type: string;
  webhook: number;
  isMessage: boolean;
  outcome: 'delivered' | 'pending' | 'exhausted' | 'cancelled';
}

const ERRORS = [
  { code: 'http_status', status: 500, text: 'The receiver answered 500 Internal Server Error.' },
  { code: 'http_status', status: 503, text: 'The receiver answered 503 Service Unavailable.' },
  { code: 'timeout', status: null, text: 'The receiver did not answer within 15000 ms.' },
  {
    code: 'connection_refused',
    status: null,
    text: 'hooks.example.com refused the connection; nothing listens on that port (ECONNREFUSED).',
  },
] as const;

/**
 * What the nth delivery is. One in a hundred failed, none of them of the busy webhook; the second one alone has AS2
 * messages; a rare type goes to the quiet one only; the paused one waits for all it is owed.
 */
function kindOf(n: number): Kind {
  const part = n % 1_000;
  if (n % 20_000 === 7) return { type: 'order.rare', webhook: QUIET, isMessage: false, outcome: 'delivered' };
  if (part < 50) return { type: 'transfer.completed', webhook: PAUSED, isMessage: false, outcome: 'pending' };
  if (part < 57) return { type: 'transfer.failed', webhook: 3 + (n % 6), isMessage: false, outcome: 'exhausted' };
  if (part < 60) return { type: 'transfer.completed', webhook: 3 + (n % 6), isMessage: false, outcome: 'cancelled' };
  if (part < 160) return { type: 'message.received', webhook: 2, isMessage: true, outcome: 'delivered' };
  const type = part % 3 === 0 ? 'transfer.started' : 'transfer.completed';
  const webhook = part < 250 ? 3 + (n % 6) : BUSY;
  return { type, webhook, isMessage: false, outcome: 'delivered' };
}

function as2MessageId(n: number): string {
  return `<2026${String(n).padStart(10, '0')}.${n % 97}@acme.example>`;
}

function dataOf(n: number, { isMessage, type }: Kind): object {
  if (isMessage) {
    return {
      message: { id: `msg_${n}`, as2MessageId: as2MessageId(n), direction: 'in', subject: `Invoice ${n}` },
      station: { id: `sta_${n % 5}`, name: `Station ${n % 5}`, as2Id: `STATION${n % 5}` },
      partner: { id: `ptn_${n % 30}`, name: `Acme ${n % 30}`, as2Id: 'ACME' },
    };
  }
  const transfer = n % 200;
  return {
    transfer: {
      id: `transfer-${transfer}`,
      name: transfer === 199 ? 'Quarterly Zebra' : `Daily Backup ${transfer}`,
      source: 'local-server',
      destination: 'cloud-storage',
      status: type === 'transfer.failed' ? 'failed' : 'success',
      start_time: '2023-09-15T14:20:01Z',
      files_transferred: n % 300,
      total_size_bytes: n * 1_000,
    },
    schedule: { id: `schedule-${transfer}`, name: 'Every Night' },
  };
}

/**
 * Writes a log of `count` deliveries over the last 30 days into the database of a folder whose server is stopped and
 * has the webhooks. Everything is as the server would have written it but for attempts and bodies, which lists do not
 * look at. The words of the events are left to the server.
 */
export function seedLog(folder: string, count: number, random: Random): SeededLog {
  const database = new DatabaseSync(join(folder, 'data', 'waybill.db'));
  database.exec('PRAGMA synchronous = OFF; PRAGMA cache_size = -262144; PRAGMA wal_autocheckpoint = 20000');
  const webhookIds = new Map(
    database
      .prepare('SELECT number, id FROM webhooks')
      .all()
      .map((row) => [Number(row.number), String(row.id)]),
  );
  const insertEvent = database.prepare(
    'INSERT INTO events (sequence, id, type, occurred_at, created_at, data) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const insertDelivery = database.prepare(`INSERT INTO deliveries (
      number, id, event_sequence, event_type, webhook_number, sequence, state, reason, due_at, next_trigger, attempt_count,
      tries, replay_of, last_status, error_code, created_at, ended_at
    ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'initial', ?, ?, ?, ?, ?, ?, ?)`);
  const insertError = database.prepare('INSERT INTO delivery_errors (delivery_number, text_id) VALUES (?, ?)');
  const insertText = database.prepare('INSERT INTO error_texts (id, text, words) VALUES (?, ?, ?)');
  const setCounter = database.prepare(
    'INSERT INTO counters (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
  );

  ERRORS.forEach(({ text }, at) => {
    insertText.run(at + 1, text, joinWords(wordsOf(text)));
  });
  const ids = createIds(random);
  const startedAtMs = Date.now() - DAYS * DAY_MS + DAY_MS / 24;
  const stepMs = (DAYS * DAY_MS - DAY_MS / 12) / count;
  const ledger = new Map<number, number>();
  const middle = Math.floor(count / 2_000) * 1_000 + 100;
  let seeded: SeededLog | null = null;
  const firstSequence = Number(database.prepare('SELECT COALESCE(MAX(sequence), 0) AS n FROM events').get()?.n ?? 0);

  for (let n = 1; n <= count; n += 1) {
    if (n % A_TRANSACTION === 1) database.exec('BEGIN');
    const kind = kindOf(n);
    const { type, webhook, outcome } = kind;
    const at = Math.floor(startedAtMs + n * stepMs);
    const eventId = ids.make('evt', at);
    const id = ids.make('dlv', at);
    const sequence = (ledger.get(webhook) ?? 0) + 1;
    ledger.set(webhook, sequence);
    insertEvent.run(firstSequence + n, eventId, type, at, at, JSON.stringify(dataOf(n, kind)));
    const isFailed = outcome === 'exhausted';
    const error = isFailed ? ERRORS[n % ERRORS.length] : undefined;
    const reason = { delivered: null, pending: null, exhausted: 'attempts_spent', cancelled: 'cancelled' }[outcome];
    const attempts = outcome === 'delivered' ? 1 : isFailed ? 10 : 0;
    insertDelivery.run(
      n,
      id,
      firstSequence + n,
      type,
      webhook,
      sequence,
      outcome,
      reason,
      outcome === 'pending' ? at : null,
      attempts,
      attempts,
      null,
      outcome === 'delivered' ? (n % 10 === 0 ? 202 : 200) : (error?.status ?? null),
      error?.code ?? null,
      at,
      outcome === 'pending' ? null : at + 40,
    );
    if (error !== undefined) insertError.run(n, ERRORS.indexOf(error) + 1);
    if (n === middle) seeded = { webhookIds, eventId, deliveryId: id, as2MessageId: as2MessageId(n), startedAtMs };
    if (n % A_TRANSACTION === 0 || n === count) database.exec('COMMIT');
  }
  setCounter.run('events', firstSequence + count);
  setCounter.run('deliveries', count);
  setCounter.run('error_texts', ERRORS.length);
  for (const [webhook, sequence] of ledger) setCounter.run(`webhook:${webhookIds.get(webhook)}`, sequence);
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  database.close();
  if (seeded === null) throw new Error(`A log of ${count} deliveries is too small to have a middle.`);
  return seeded;
}

/** How many events of the log the server has made findable by their words. */
export function indexedEvents(folder: string): number {
  const database = new DatabaseSync(join(folder, 'data', 'waybill.db'), { readOnly: true });
  try {
    return Number(database.prepare("SELECT value FROM settings WHERE name = 'search.indexed_to'").get()?.value ?? 0);
  } finally {
    database.close();
  }
}

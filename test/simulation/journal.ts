import type { Connection } from '../../src/store/sqlite/driver.ts';

/** A webhook's row after a write. */
export interface WebhookRow {
  kind: 'webhook';
  number: number;
  id: string;
  config: string;
  paused: 0 | 1;
  holdUntil: number | null;
  breakerOpenedAt: number | null;
  probeAt: number | null;
  deletedAt: number | null;
}

export interface EventRow {
  kind: 'event';
  sequence: number;
  id: string;
  type: string;
  data: string;
}

/** What webhooks inherit, after a write. */
export interface DefaultsRow {
  kind: 'defaults';
  value: string;
}

/** A replay's row after a write. */
export interface ReplayRow {
  kind: 'replay';
  number: number;
  id: string;
  body: string;
  state: string;
  count: number;
  made: number;
  skipped: number;
}

/** A delivery's row after a write. */
export interface DeliveryRow {
  kind: 'delivery';
  number: number;
  id: string;
  eventSequence: number;
  eventType: string;
  webhookNumber: number;
  sequence: number | null;
  state: string;
  reason: string | null;
  dueAt: number | null;
  /** The instant of the plan that a try by hand has overtaken. */
  plannedAt: number | null;
  trigger: string;
  attemptCount: number;
  tries: number;
  heldBy: string | null;
  replayOf: string | null;
  /** The replay that has made it, if one has. */
  replay: number | null;
  /** Says of a new one whether it is to carry the bytes of another. */
  bodyHash: string | null;
  endedAt: number | null;
}

export interface AttemptRow {
  kind: 'attempt';
  delivery: number;
  number: number;
  trigger: string;
  outcome: string;
  bodyHash: string | null;
  exchange: string;
}

/** A delivery that retention has deleted, as it was. */
export interface DeletedRow {
  kind: 'deleted';
  number: number;
  state: string;
  endedAt: number | null;
}

/** An event that retention has deleted. */
export interface PrunedRow {
  kind: 'pruned';
  sequence: number;
}

export type JournalRow =
  | WebhookRow
  | DefaultsRow
  | ReplayRow
  | EventRow
  | DeliveryRow
  | AttemptRow
  | DeletedRow
  | PrunedRow;

const NAMES = {
  webhook: {
    number: 'number',
    id: 'id',
    config: 'config',
    paused: 'paused',
    holdUntil: 'hold_until',
    breakerOpenedAt: 'breaker_opened_at',
    probeAt: 'probe_at',
    deletedAt: 'deleted_at',
  },
  defaults: { value: 'value' },
  replay: {
    number: 'number',
    id: 'id',
    body: 'body',
    state: 'state',
    count: 'delivery_count',
    made: 'made',
    skipped: 'skipped',
  },
  event: { sequence: 'sequence', id: 'id', type: 'type', data: 'data' },
  delivery: {
    number: 'number',
    id: 'id',
    eventSequence: 'event_sequence',
    eventType: 'event_type',
    webhookNumber: 'webhook_number',
    sequence: 'sequence',
    state: 'state',
    reason: 'reason',
    dueAt: 'due_at',
    plannedAt: 'planned_at',
    trigger: 'next_trigger',
    attemptCount: 'attempt_count',
    tries: 'tries',
    heldBy: 'held_by',
    replayOf: 'replay_of',
    replay: 'replay_number',
    bodyHash: 'body_hash',
    endedAt: 'ended_at',
  },
  attempt: {
    delivery: 'delivery_number',
    number: 'number',
    trigger: 'trigger_kind',
    outcome: 'outcome',
    bodyHash: 'body_hash',
    exchange: 'exchange',
  },
  deleted: { number: 'number', state: 'state', endedAt: 'ended_at' },
  pruned: { sequence: 'sequence' },
} as const;

const WATCHED = [
  ['INSERT', 'webhooks', 'webhook', 'NEW'],
  ['UPDATE', 'webhooks', 'webhook', 'NEW'],
  ['INSERT', 'settings', 'defaults', 'NEW', "NEW.name = 'settings/webhooks'"],
  ['UPDATE', 'settings', 'defaults', 'NEW', "NEW.name = 'settings/webhooks'"],
  ['INSERT', 'replays', 'replay', 'NEW'],
  ['UPDATE', 'replays', 'replay', 'NEW'],
  ['INSERT', 'events', 'event', 'NEW'],
  ['INSERT', 'deliveries', 'delivery', 'NEW'],
  ['UPDATE', 'deliveries', 'delivery', 'NEW'],
  ['INSERT', 'attempts', 'attempt', 'NEW'],
  ['DELETE', 'deliveries', 'deleted', 'OLD'],
  ['DELETE', 'events', 'pruned', 'OLD'],
] as const;

/** Every write of a database, in order. What is rolled back vanishes from it too. */
export interface Journal {
  /** What has been written since the last call. */
  read(): JournalRow[];
}

/**
 * Has the database itself keep a journal, by triggers that nobody else knows of: a witness that shares no line with the
 * code that writes.
 */
export function keepJournal(connection: Connection): Journal {
  connection.exec('CREATE TEMP TABLE journal (place INTEGER PRIMARY KEY, content TEXT NOT NULL)');
  for (const [verb, table, kind, side, condition = 'TRUE'] of WATCHED) {
    const members = Object.entries(NAMES[kind]).map(([name, column]) => `'${name}', ${side}.${column}`);
    connection.exec(
      `CREATE TEMP TRIGGER journal_${verb}_${table} AFTER ${verb} ON ${table} WHEN ${condition} BEGIN
        INSERT INTO journal (content) VALUES (json_object('kind', '${kind}', ${members.join(', ')}));
      END`,
    );
  }
  let seen = 0;
  return {
    read() {
      const rows = connection.all<{ place: number; content: string }>(
        'SELECT place, content FROM journal WHERE place > ? ORDER BY place',
        [seen],
      );
      seen = rows.at(-1)?.place ?? seen;
      return rows.map(({ content }) => JSON.parse(content) as JournalRow);
    },
  };
}

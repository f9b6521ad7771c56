import { Refusal } from '../kernel/errors.ts';
import type { EventId } from '../kernel/ids.ts';
import { command, type Handler, handleCommand, handleQuery, type NewestPage, query, type Tx } from '../store/index.ts';
import { type EventFilter, listOfEvents } from './event-list.store.ts';
import type { ScopeKeys } from './scope-keys.ts';
import type { EventSearch } from './search.store.ts';

/** An event about to be appended. `data` is its JSON text; `keys` are the ids in it that webhooks' scopes name. */
export interface NewEvent {
  id: EventId;
  type: string;
  occurredAt: number;
  createdAt: number;
  data: string;
  keys: ScopeKeys;
  /** Whether who publishes it keeps its content at hand until it is answered, so that nobody need send it back. */
  isAtHand?: boolean;
}

/** An event as it is kept. `sequence` counts all events from 1, without a gap, in the order of their commits. */
export interface EventRow {
  sequence: number;
  id: EventId;
  type: string;
  occurredAt: number;
  createdAt: number;
  data: string;
}

/** Writes the deliveries that an event causes, in the event's own transaction, and returns how many they are. */
export type FanOut = (tx: Tx, event: NewEvent, sequence: number) => Promise<number>;

/** Appends an event together with its deliveries, in the transaction of the change that caused it. */
export type Publish = (tx: Tx, event: NewEvent) => Promise<{ sequence: number; deliveryCount: number }>;

export interface Published {
  id: EventId;
  deliveryCount: number;
}

/** Publishes events in order, all or none. */
export const publishEvents = command<NewEvent[], Published[]>('events.publish', {
  weigh: (events) => events.length,
  packing: {
    pack: (events) => events.map(packEvent),
    unpack: (packed: PackedEvent[]) => packed.map(unpackEvent),
  },
});

type PackedEvent = ReturnType<typeof packEvent>;

function packEvent({ id, type, occurredAt, createdAt, data, keys, isAtHand = false }: NewEvent) {
  const { transferId, scheduleId, stationId, partnerId, webhookId } = keys;
  const ids = [transferId, scheduleId, stationId, partnerId, webhookId] as const;
  return [id, type, occurredAt, createdAt, data, isAtHand, ...ids] as const;
}

function unpackEvent(packed: PackedEvent): NewEvent {
  const [id, type, occurredAt, createdAt, data, isAtHand, ...ids] = packed;
  const [transferId, scheduleId, stationId, partnerId, webhookId] = ids;
  const keys = { transferId, scheduleId, stationId, partnerId, webhookId };
  return { id, type, occurredAt, createdAt, data, keys, isAtHand };
}

/** A page of events, newest first, below the sequence `before`. With a search a page may be short, or empty. */
export const listEvents = query<
  EventFilter & { q: string | null; limit: number; before: number | null },
  NewestPage<EventRow>
>('events.list');

/** Events in order after a sequence, `limit + 1` of them. Refuses with `gone` when retention has taken some of them. */
export const eventsAfter = query<{ after: number; limit: number }, EventRow[]>('events.after');

export const findEvent = query<{ id: string }, EventRow | null>('events.find');

const INSERT = 'INSERT INTO events (sequence, id, type, occurred_at, created_at, data) VALUES (?, ?, ?, ?, ?, ?)';
const COLUMNS = 'sequence, id, type, occurred_at AS "occurredAt", created_at AS "createdAt", data';

/** The counter of events, and that of the highest sequence that retention has deleted. */
export const EVENT_COUNTER = 'events';
export const PRUNED_TO = 'events.pruned_to';

export function createPublish(fanOut: FanOut): Publish {
  return async function publish(tx, event) {
    const sequence = await tx.next(EVENT_COUNTER);
    await tx.run(INSERT, sequence, event.id, event.type, event.occurredAt, event.createdAt, event.data);
    return { sequence, deliveryCount: await fanOut(tx, event, sequence) };
  };
}

export function eventHandlers(publish: Publish, search: EventSearch): Handler[] {
  return [
    handleCommand(publishEvents, async (tx, events) => {
      const published: Published[] = [];
      for (const event of events) {
        const { deliveryCount } = await publish(tx, event);
        published.push({ id: event.id, deliveryCount });
      }
      return published;
    }),
    handleQuery(listEvents, async (tx, filter) => {
      const page = await listOfEvents(tx, filter, search);
      const rows: EventRow[] = [];
      for (const { sequence } of page.rows) {
        rows.push((await tx.get<EventRow>(`SELECT ${COLUMNS} FROM events WHERE sequence = ?`, sequence)) as EventRow);
      }
      return { rows, next: page.next };
    }),
    handleQuery(eventsAfter, async (tx, { after, limit }) => {
      const pruned = await tx.get<{ value: number }>('SELECT value FROM settings WHERE name = ?', PRUNED_TO);
      if (pruned !== undefined && after < Number(pruned.value)) {
        throw new Refusal('gone', `Events up to ${pruned.value} are older than the retention and no longer kept.`);
      }
      return tx.all<EventRow>(
        `SELECT ${COLUMNS} FROM events WHERE sequence > ? ORDER BY sequence LIMIT ?`,
        after,
        limit + 1,
      );
    }),
    handleQuery(
      findEvent,
      async (tx, { id }) => (await tx.get<EventRow>(`SELECT ${COLUMNS} FROM events WHERE id = ?`, id)) ?? null,
    ),
  ];
}

/** Deletes events whose deliveries have been deleted, and remembers how far retention has come. */
export async function deleteEvents(tx: Tx, sequences: readonly number[]): Promise<void> {
  if (sequences.length === 0) return;
  await tx.runMany(
    'DELETE FROM events WHERE sequence = ?',
    sequences.map((sequence) => [sequence]),
  );
  const highest = Math.max(...sequences);
  await tx.run(
    'INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE CAST(settings.value AS INTEGER) < ?',
    PRUNED_TO,
    String(highest),
    highest,
  );
}

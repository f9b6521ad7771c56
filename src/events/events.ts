import type { Clock } from '../kernel/clock.ts';
import { type FieldError, Refusal, unacceptable } from '../kernel/errors.ts';
import { type EventId, type Ids, idTime } from '../kernel/ids.ts';
import { parseInstant } from '../kernel/instants.ts';
import type { JsonObject } from '../kernel/json.ts';
import { type OnceRequest, onlyOnce, type Store } from '../store/index.ts';
import { checkData, judgeType } from './catalogue.ts';
import { type NewEvent, type Published, publishEvents } from './events.store.ts';
import { scopeKeys } from './scope-keys.ts';

export const MAX_EVENT_BYTES = 1024 * 1024;

/** An event as somebody outside gives it. Without `occurredAt` it occurred now. */
export interface GivenEvent {
  type: string;
  occurredAt?: string;
  data: JsonObject;
}

export interface Events {
  /**
   * Publishes events in order, all or none, and answers once they and the deliveries they cause are on disk. `at` names
   * the place of each in the request, for pointers: `''` for a single event, `/17` in a batch.
   */
  publish(given: readonly GivenEvent[], at: (index: number) => string, once: OnceRequest | null): Promise<Published[]>;
  /** The content of an event that is being published right now, or null: the store's hands are quicker than its answer. */
  contentAtHand(id: EventId): JsonObject | null;
}

export function createEvents({ store, clock, ids }: { store: Store; clock: Clock; ids: Ids }): Events {
  const atHand = new Map<EventId, JsonObject>();
  return {
    contentAtHand: (id) => atHand.get(id) ?? null,
    async publish(given, at, once) {
      let events: NewEvent[] = [];
      const prepare = (): NewEvent[] => {
        events = toNewEvents(given, at, clock.now(), ids);
        for (const [index, { id }] of events.entries()) atHand.set(id, (given[index] as GivenEvent).data);
        return events;
      };
      try {
        if (once === null) return await store.run(publishEvents, prepare());
        return (await onlyOnce(store, publishEvents, once, () => ({ input: prepare(), aside: null }))).value;
      } finally {
        for (const { id } of events) atHand.delete(id);
      }
    },
  };
}

/** All are measured before any is judged: too large comes before unacceptable. */
function toNewEvents(given: readonly GivenEvent[], at: (index: number) => string, now: number, ids: Ids): NewEvent[] {
  const texts = given.map(({ data }, index) => textOf(data, at(index)));
  return given.map((event, index) => toNewEvent(event, texts[index] as string, at(index), now, ids));
}

function textOf(data: JsonObject, pointer: string): string {
  const text = JSON.stringify(data);
  if (text.length <= MAX_EVENT_BYTES && Buffer.byteLength(text) <= MAX_EVENT_BYTES) return text;
  throw new Refusal('payload_too_large', `The event${pointer && ` at ${pointer}`} is larger than 1 MiB.`);
}

function toNewEvent(given: GivenEvent, data: string, pointer: string, now: number, ids: Ids): NewEvent {
  checkType(given.type, `${pointer}/type`);
  const faults = checkData(given.type, given.data);
  if (faults.length > 0) throw invalidData(faults, pointer);
  const occurredAt = given.occurredAt === undefined ? now : (parseInstant(given.occurredAt) as number);
  const id = ids.make('evt', now);
  // The id's own instant, so that lists by `createdAt` may search by id.
  const { type } = given;
  return { id, type, occurredAt, createdAt: idTime(id), data, keys: scopeKeys(given.data), isAtHand: true };
}

/** Refuses a type that nobody outside may publish. */
function checkType(type: string, pointer: string): void {
  switch (judgeType(type)) {
    case 'built_in':
    case 'outside':
      return;
    case 'malformed':
      throw unacceptable(
        pointer,
        'An event type is lower-case words of letters, digits and "_", joined by dots, such as order.shipped.',
      );
    case 'unknown':
      throw unacceptable(
        pointer,
        `There is no built-in event type ${type}. Your own types need a first word of their own.`,
        'unknown_event_type',
      );
    case 'reserved':
      throw unacceptable(pointer, `Only Waybill itself publishes ${type}.`, 'unknown_event_type');
  }
}

function invalidData(faults: readonly FieldError[], pointer: string): Refusal {
  const errors = faults.map((fault) => ({ ...fault, pointer: `${pointer}/data${fault.pointer}` }));
  const [first] = errors;
  return new Refusal('validation_failed', `${first?.pointer}: ${first?.detail}`, { status: 422, errors });
}

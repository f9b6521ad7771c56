import type { ScopeKeys } from '../events/index.ts';
import { type EventId, firstIdAt } from '../kernel/ids.ts';
import type { JsonObject } from '../kernel/json.ts';
import { type Handler, handleQuery, query, type ReadTx } from '../store/index.ts';
import type { MatchEvent, MatchRules } from '../webhooks/index.ts';
import type { DeliveryState } from './deliveries.state.ts';

/** A webhook by the key that deliveries refer to it by, with what matching asks of it. */
export interface MatchedWebhook extends MatchRules {
  number: number;
}

/** Events by their `createdAt` in epoch milliseconds, from inclusive, to exclusive, up to a sequence. */
export interface EventRange {
  from: number;
  to: number;
  lastSequence: number;
}

interface PageQuery extends EventRange {
  /** `next` of the page before, null for the first. */
  at: EventId | null;
  /** Patterns as webhooks have them; null for all types. */
  eventTypes: readonly string[] | null;
}

/** Of a page of events, those to be sent again, and where the next page begins: null at the end. */
export interface SelectedPage {
  /** The sequences rise. A webhook without any is left out. */
  selected: { webhookNumber: number; eventSequences: number[] }[];
  next: EventId | null;
}

/** The events whose latest delivery to a webhook is in one of the states. */
export const selectByState = query<
  PageQuery & { webhookNumbers: number[]; states: readonly DeliveryState[] },
  SelectedPage
>('replays.select_by_state');

/**
 * The events that each of `targets` would be sent if they were published now. `webhooks` are all that this depends on,
 * the targets themselves among them.
 */
export const selectByFilter = query<PageQuery & { targets: number[]; webhooks: MatchedWebhook[] }, SelectedPage>(
  'replays.select_by_filter',
);

/** The sequence of the newest event, 0 without one. */
export const newestEvent = query<null, number>('replays.newest_event');

export interface FoundEvent {
  id: EventId;
  sequence: number;
  type: string;
  /** The webhook that the event is about, if Waybill published it about one. */
  aboutWebhookId: string | null;
}

/** The events that there are of these ids, in their order. */
export const findEvents = query<{ ids: readonly EventId[] }, FoundEvent[]>('replays.find_events');

/** How many pairs of event and webhook a page looks at, so that nobody waits long for another read: 5 to 10 ms. */
const PAIRS_A_PAGE = 1000;
const LEAST_EVENTS_A_PAGE = 20;

/** A connection test is about its moment: it is never sent again. */
export const TEST_TYPE = 'webhook.test';

const IN_RANGE = 'e.id >= ? AND e.id < ? AND e.sequence <= ?';
// Whose data nobody asks for is not read: it lies on pages of its own where it is long.
const SELECT_EVENTS = `SELECT e.sequence, e.id, e.type,
    CASE WHEN ? = 1 OR e.type LIKE 'webhook.%' OR e.type LIKE 'delivery.%' THEN e.data END AS data
  FROM events e WHERE ${IN_RANGE} ORDER BY e.id LIMIT ?`;
const SELECT_STATES = `SELECT d.event_sequence AS "eventSequence", d.webhook_number AS "webhookNumber", d.state
  FROM events e JOIN deliveries d ON d.event_sequence = e.sequence WHERE ${IN_RANGE} ORDER BY e.id, d.number`;
const SELECT_EVENT = 'SELECT sequence, id, type, data FROM events WHERE id = ?';

interface SelectableEvent {
  sequence: number;
  id: EventId;
  type: string;
  /** Null where it was not asked for. */
  data: string | null;
}

const NO_KEYS: ScopeKeys = { transferId: null, scheduleId: null, stationId: null, partnerId: null, webhookId: null };

interface Dependencies {
  matchWebhooks: (webhooks: Iterable<MatchedWebhook>, event: MatchEvent) => MatchedWebhook[];
  wantsType: (eventTypes: readonly string[], type: string) => boolean;
  scopeKeys: (data: JsonObject) => ScopeKeys;
}

/** Reads of what a replay selects: in pages, because the thread that reads has others to serve. */
export function replaySelectionHandlers({ matchWebhooks, wantsType, scopeKeys }: Dependencies): Handler[] {
  /** The next events of the range and of the types asked for, and where the page after them begins. */
  async function pageOf(tx: ReadTx, { at, from, to, lastSequence, eventTypes }: PageQuery, size: number, data: 0 | 1) {
    const first = at ?? firstIdAt('evt', from);
    const rows = await tx.all<SelectableEvent>(
      SELECT_EVENTS,
      data,
      first,
      firstIdAt('evt', to),
      lastSequence,
      size + 1,
    );
    const next = rows[size]?.id ?? null;
    const isAskedFor = ({ type }: SelectableEvent) =>
      type !== TEST_TYPE && (eventTypes === null || wantsType(eventTypes, type));
    return { events: rows.slice(0, size).filter(isAskedFor), first, next };
  }

  function keysOf({ data }: Pick<SelectableEvent, 'data'>): ScopeKeys {
    return data === null ? NO_KEYS : scopeKeys(JSON.parse(data) as JsonObject);
  }

  return [
    handleQuery(selectByFilter, async (tx, { targets, webhooks, ...page }) => {
      const wanted = new Set(targets);
      const selection = createSelection();
      const needsData = webhooks.some(dependsOnData) ? 1 : 0;
      const { events, next } = await pageOf(tx, page, eventsAPage(webhooks.length), needsData);
      for (const event of events) {
        for (const { number } of matchWebhooks(webhooks, { type: event.type, ...keysOf(event) })) {
          if (wanted.has(number)) selection.add(number, event.sequence);
        }
      }
      return { selected: selection.list(), next };
    }),
    handleQuery(selectByState, async (tx, { webhookNumbers, states, ...page }) => {
      const { events, first, next } = await pageOf(tx, page, eventsAPage(webhookNumbers.length), 0);
      const latest = new Map(webhookNumbers.map((number) => [number, new Map<number, DeliveryState>()]));
      const rows = await tx.all<{ eventSequence: number; webhookNumber: number; state: DeliveryState }>(
        SELECT_STATES,
        first,
        next ?? firstIdAt('evt', page.to),
        page.lastSequence,
      );
      for (const { eventSequence, webhookNumber, state } of rows) latest.get(webhookNumber)?.set(eventSequence, state);
      const selection = createSelection();
      for (const [webhookNumber, stateOf] of latest) {
        for (const { sequence } of events) {
          const state = stateOf.get(sequence);
          if (state !== undefined && states.includes(state)) selection.add(webhookNumber, sequence);
        }
      }
      return { selected: selection.list(), next };
    }),
    handleQuery(newestEvent, async (tx) => {
      const row = await tx.get<{ sequence: number }>('SELECT sequence FROM events ORDER BY sequence DESC LIMIT 1');
      return row?.sequence ?? 0;
    }),
    handleQuery(findEvents, async (tx, { ids }) => {
      const found: FoundEvent[] = [];
      for (const id of ids) {
        const row = await tx.get<SelectableEvent>(SELECT_EVENT, id);
        if (row === undefined) continue;
        const { sequence, type } = row;
        const aboutWebhookId = /^(webhook|delivery)\./.test(type) ? keysOf(row).webhookId : null;
        found.push({ id, sequence, type, aboutWebhookId });
      }
      return found;
    }),
  ];
}

function eventsAPage(webhookCount: number): number {
  return Math.max(LEAST_EVENTS_A_PAGE, Math.floor(PAIRS_A_PAGE / Math.max(1, webhookCount)));
}

/** Whether matching has to look into events' data for it. */
function dependsOnData({ scope, routing }: MatchRules): boolean {
  return routing === 'unmatched' || Object.values(scope).some((ids: readonly string[]) => ids.length > 0);
}

function createSelection() {
  const byWebhook = new Map<number, number[]>();
  return {
    add(webhookNumber: number, eventSequence: number): void {
      const sequences = byWebhook.get(webhookNumber);
      if (sequences === undefined) byWebhook.set(webhookNumber, [eventSequence]);
      else sequences.push(eventSequence);
    },
    /** Ids rise with sequences but for those made at the same moment, so each page puts its own in order. */
    list(): SelectedPage['selected'] {
      return [...byWebhook].map(([webhookNumber, sequences]) => ({
        webhookNumber,
        eventSequences: sequences.sort((a, b) => a - b),
      }));
    },
  };
}

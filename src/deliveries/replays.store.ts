import { notFound, Refusal } from '../kernel/errors.ts';
import { type DeliveryId, type EventId, idTime, type ReplayId, type WebhookId } from '../kernel/ids.ts';
import {
  command,
  conditions,
  type Handler,
  handleCommand,
  handleQuery,
  query,
  type ReadTx,
  type Tx,
} from '../store/index.ts';
import type { WebhookBook, WebhookRules } from '../webhooks/index.ts';
import type { Change } from './changes.store.ts';
import type { DeliveryState } from './deliveries.state.ts';
import type { DeliveryQueue } from './deliveries.store.ts';
import { nextAtAfter, type ReplayPace, type ReplayState } from './replays.state.ts';
import { packRising, unpackRising } from './rising.ts';

/** Which deliveries a replay makes again: those of a range of events, or of the events named. Instants are epoch ms. */
export interface ReplaySelection {
  /** Null: every webhook. */
  webhookId: WebhookId | null;
  from: number | null;
  to: number | null;
  states: readonly DeliveryState[] | null;
  eventTypes: readonly string[] | null;
  eventIds: readonly EventId[] | null;
}

/** Whether the first delivery's bytes go out again, or a body made anew as the webhook is today. */
export type ReplayBody = 'rendered' | 'exact';

/** Events to send to one webhook again: `eventSequences` is a rising list, packed. */
export interface Candidates {
  webhookNumber: number;
  eventCount: number;
  eventSequences: string;
}

/** A replay as lists show it. */
export interface ReplayRow {
  number: number;
  id: ReplayId;
  selection: ReplaySelection;
  body: ReplayBody;
  ratePerSecond: number | null;
  state: ReplayState;
  count: number;
  /** Of `count`: those of which there is, or was, a delivery. */
  made: number;
  /** Of `count`: those that have ended, and those that could not be made any more. */
  done: number;
  /** Of `count`: those whose event or webhook had gone before they were made. */
  skipped: number;
  createdAt: number;
  endedAt: number | null;
}

/** A replay that has something left to make. */
export interface ReplayAtWork extends ReplayPace {
  number: number;
}

/** Keeps a replay and what it is to make. One of nothing is `completed` at once. */
export const createReplay = command<
  {
    id: ReplayId;
    selection: ReplaySelection;
    body: ReplayBody;
    ratePerSecond: number | null;
    candidates: Candidates[];
    now: number;
  },
  { id: ReplayId; count: number }
>('replays.create', { weigh: ({ candidates }) => candidates.length });

/** The answer to a dry run. Writes nothing, but lets it be kept for whoever asks twice. */
export const countReplay = command<{ count: number }, { id: null; count: number }>('replays.count');

/** Signalled with a `ReplayAtWork` once a replay has been created that has something to make. */
export const REPLAY_CREATED = 'replays.created';

/**
 * Makes the next deliveries of a replay, as many as their webhooks have room for and `limit` at most, and takes them
 * off what is left, all in one transaction. `taken`: how many that were, those included whose event or webhook has gone.
 * `isAllMade`: nothing is left to make, or it has been cancelled.
 */
export const makeReplayed = command<
  { number: number; limit: number; now: number },
  { taken: number; nextAt: number; isAllMade: boolean }
>('replays.make', { weigh: ({ limit }) => limit });

/**
 * Cancels a running replay with the first of its open deliveries; `isMore` says that others are left. Answers with the
 * replay as it stands when all of them have been cancelled. Refuses (409) when it has ended.
 */
export const cancelReplay = command<{ id: string; now: number }, { replay: ReplayRow; isMore: boolean }>(
  'replays.cancel',
);

/** Cancels more open deliveries of a cancelled replay. */
export const cancelReplayed = command<{ id: string; now: number }, { isMore: boolean }>('replays.cancel_more');

export const findReplay = query<{ id: string }, ReplayRow | null>('replays.find');

/** Replays newest first, `limit + 1` of them, below the number `before`. */
export const listReplays = query<{ limit: number; before: number | null }, ReplayRow[]>('replays.list');

/** What a start has to go on with: replays with something to make, and cancelled ones with open deliveries. */
export const unfinishedReplays = query<null, { atWork: ReplayAtWork[]; cancelled: ReplayId[] }>('replays.unfinished');

const INSERT_REPLAY = `INSERT INTO replays (
    number, id, selection, body, rate_per_second, state, delivery_count, made, skipped, next_at, created_at, ended_at
  ) VALUES (?, ?, ?, ?, ?, ?, ?, 0, 0, ?, ?, ?)`;
const INSERT_CANDIDATES = `INSERT INTO replay_candidates (replay_number, webhook_number, number, event_count, event_sequences)
  VALUES (?, ?, ?, ?, ?)`;

const SELECT_AT_WORK = `SELECT number, body, rate_per_second AS "ratePerSecond", next_at AS "nextAt",
    delivery_count - made - skipped AS "left"
  FROM replays WHERE number = ? AND state = 'running'`;
const SELECT_NEXT_WEBHOOK = `SELECT webhook_number AS "webhookNumber" FROM replay_candidates
  WHERE replay_number = ? AND webhook_number > ? ORDER BY webhook_number LIMIT 1`;
const SELECT_CANDIDATES = `SELECT number, event_sequences AS "eventSequences" FROM replay_candidates
  WHERE replay_number = ? AND webhook_number = ? ORDER BY number LIMIT 1`;
const SHORTEN_CANDIDATES = `UPDATE replay_candidates SET event_count = ?, event_sequences = ?
  WHERE replay_number = ? AND webhook_number = ? AND number = ?`;
const DELETE_CANDIDATES = 'DELETE FROM replay_candidates WHERE replay_number = ? AND webhook_number = ? AND number = ?';
const COUNT_OF_WEBHOOK = `SELECT COALESCE(SUM(event_count), 0) AS "eventCount" FROM replay_candidates
  WHERE replay_number = ? AND webhook_number = ?`;
const DELETE_OF_WEBHOOK = 'DELETE FROM replay_candidates WHERE replay_number = ? AND webhook_number = ?';
const ADVANCE = `UPDATE replays SET made = made + ?, skipped = skipped + ?, next_at = ? WHERE number = ? AND state = 'running'`;

/** An event with its first delivery to a webhook, which is the only one with a number of its own in the ledger. */
const SELECT_ORIGINAL = `SELECT e.type, d.id, d.sequence, d.method, d.content_type AS "contentType",
    d.event_in_headers AS "eventInHeaders", d.body_hash AS "bodyHash"
  FROM events e LEFT JOIN deliveries d ON d.event_sequence = e.sequence AND d.webhook_number = ?
  WHERE e.sequence = ? ORDER BY d.number LIMIT 1`;
const INSERT_DELIVERY = `INSERT INTO deliveries (
    number, id, event_sequence, event_type, webhook_number, sequence, state, due_at, next_trigger, attempt_count, tries,
    replay_of, replay_number, method, content_type, event_in_headers, body_hash, created_at
  ) VALUES (?, ?, ?, ?, ?, ?, 'pending', ?, 'replay', 0, 0, ?, ?, ?, ?, ?, ?, ?)`;

const SELECT_ALL_MADE = `SELECT number FROM replays WHERE state = 'running' AND delivery_count = made + skipped`;
const COMPLETE = `UPDATE replays SET state = 'completed', ended_at = ?
  WHERE number = ? AND state = 'running' AND delivery_count = made + skipped
    AND NOT EXISTS (SELECT 1 FROM deliveries WHERE replay_number = ? AND ended_at IS NULL)`;
const CANCEL = `UPDATE replays SET state = 'cancelled', ended_at = ? WHERE number = ? AND state = 'running'`;
const SELECT_OPEN = 'SELECT number FROM deliveries WHERE replay_number = ? AND ended_at IS NULL LIMIT ?';

const SELECT_REPLAY = `SELECT
    r.number, r.id, r.selection, r.body, r.rate_per_second AS "ratePerSecond", r.state, r.delivery_count AS "count",
    r.made + r.skipped - (SELECT COUNT(*) FROM deliveries d WHERE d.replay_number = r.number AND d.ended_at IS NULL) AS "done",
    r.made, r.skipped, r.created_at AS "createdAt", r.ended_at AS "endedAt"
  FROM replays r`;

/** How many open deliveries of a cancelled replay one command ends. */
const CANCELLED_A_STEP = 500;

/**
 * Replays as the writing side of the store sees them. One is completed in the transaction that ends the last of its
 * deliveries, so nobody ever sees it done and running.
 */
export interface ReplayBook {
  /** Completes the replays that are through. Costs nothing while none waits for the last of its deliveries. */
  complete(tx: Tx, now: number): Promise<void>;
  /** All deliveries of the replay have been made: it is completed when they have ended. */
  allMade(tx: Tx, number: number): Promise<void>;
  /** The replay has been cancelled. */
  cancelled(tx: Tx, number: number): void;
}

/** Remembers the replays that only wait for their deliveries to end. */
export function createReplayBook(): ReplayBook {
  let waiting: Set<number> | null = null;

  async function load(tx: Tx): Promise<Set<number>> {
    waiting ??= new Set((await tx.all<{ number: number }>(SELECT_ALL_MADE)).map(({ number }) => number));
    return waiting;
  }

  function forgetOnRollback(tx: Tx): void {
    tx.onRollback(() => {
      waiting = null;
    });
  }

  return {
    async complete(tx, now) {
      const known = waiting ?? (await load(tx));
      for (const number of known) {
        if ((await tx.run(COMPLETE, now, number, number)) === 0) continue;
        known.delete(number);
        forgetOnRollback(tx);
      }
    },
    async allMade(tx, number) {
      (await load(tx)).add(number);
      forgetOnRollback(tx);
    },
    cancelled(tx, number) {
      waiting?.delete(number);
      forgetOnRollback(tx);
    },
  };
}

/** A replay as its row holds it: the selection is JSON. */
type KeptReplay = Omit<ReplayRow, 'selection'> & { selection: string };

function toReplay(row: KeptReplay): ReplayRow {
  return { ...row, selection: JSON.parse(row.selection) as ReplaySelection };
}

interface Dependencies {
  book: ReplayBook;
  webhooks: WebhookBook;
  queue: DeliveryQueue;
  change: Change;
}

interface AtWork extends ReplayAtWork {
  body: ReplayBody;
  /** How many are left to make. */
  left: number;
}

/** The commands of replays, and the reads of them. What a replay selects is read by `replay-selection.store.ts`. */
export function replayHandlers({ book, webhooks, queue, change }: Dependencies): Handler[] {
  /** Makes what there is room for, webhook by webhook. */
  async function makeSome(tx: Tx, replay: AtWork, limit: number, now: number) {
    let made = 0;
    let skipped = 0;
    for (let after = 0; made < limit; ) {
      const next = await tx.get<{ webhookNumber: number }>(SELECT_NEXT_WEBHOOK, replay.number, after);
      if (next === undefined) break;
      after = next.webhookNumber;
      const rules = await webhooks.findByNumber(tx, after);
      if (rules === null) {
        skipped += await dropWebhook(tx, replay.number, after);
        continue;
      }
      const room = Math.min(limit - made, await queue.room(tx, rules, now));
      const taken = await take(tx, replay.number, after, room);
      let ofThis = 0;
      for (const sequence of taken) if (await makeOne(tx, replay, rules, sequence, now)) ofThis += 1;
      if (ofThis > 0) await queue.giveTurn(tx, rules, now);
      made += ofThis;
      skipped += taken.length - ofThis;
    }
    return { made, skipped };
  }

  /** Nothing can be made for a webhook that has been deleted. Returns how much that was. */
  async function dropWebhook(tx: Tx, replayNumber: number, webhookNumber: number): Promise<number> {
    const left = await tx.get<{ eventCount: number }>(COUNT_OF_WEBHOOK, replayNumber, webhookNumber);
    await tx.run(DELETE_OF_WEBHOOK, replayNumber, webhookNumber);
    return left?.eventCount ?? 0;
  }

  /** Takes the next events of a webhook off what is left. */
  async function take(tx: Tx, replayNumber: number, webhookNumber: number, wanted: number): Promise<number[]> {
    const taken: number[] = [];
    while (taken.length < wanted) {
      const candidates = await tx.get<{ number: number; eventSequences: string }>(
        SELECT_CANDIDATES,
        replayNumber,
        webhookNumber,
      );
      if (candidates === undefined) break;
      const { number, eventSequences } = candidates;
      const sequences = unpackRising(eventSequences);
      const rest = sequences.splice(wanted - taken.length);
      taken.push(...sequences);
      const key = [replayNumber, webhookNumber, number] as const;
      if (rest.length === 0) await tx.run(DELETE_CANDIDATES, ...key);
      else await tx.run(SHORTEN_CANDIDATES, rest.length, packRising(rest), ...key);
    }
    return taken;
  }

  /**
   * Makes one delivery: a second one under the first one's number, or, where the event was never owed to the webhook,
   * the first, under the next number of its ledger. False when the event has gone.
   */
  async function makeOne(tx: Tx, replay: AtWork, rules: WebhookRules, eventSequence: number, now: number) {
    const original = await tx.get<{
      type: string;
      id: DeliveryId | null;
      sequence: number | null;
      method: string | null;
      contentType: string | null;
      eventInHeaders: number | null;
      bodyHash: string | null;
    }>(SELECT_ORIGINAL, rules.number, eventSequence);
    if (original === undefined) return false;
    const { type, id: replayOf, method, contentType, eventInHeaders, bodyHash } = original;
    const sequence = replayOf === null ? await tx.next(`webhook:${rules.id}`) : original.sequence;
    const kept = [method, contentType, eventInHeaders, bodyHash];
    const sent = replay.body === 'exact' ? kept : kept.map(() => null);
    const number = await tx.next('deliveries');
    const id = tx.ids.make('dlv', now);
    const key = [number, id, eventSequence, type, rules.number, sequence] as const;
    await change(tx, number, INSERT_DELIVERY, [...key, now, replayOf, replay.number, ...sent, idTime(id)]);
    return true;
  }

  async function load(tx: ReadTx, id: string): Promise<ReplayRow | null> {
    const row = await tx.get<KeptReplay>(`${SELECT_REPLAY} WHERE r.id = ?`, id);
    return row === undefined ? null : toReplay(row);
  }

  async function cancelOpen(tx: Tx, number: number, now: number): Promise<{ isMore: boolean }> {
    const open = await tx.all<{ number: number }>(SELECT_OPEN, number, CANCELLED_A_STEP);
    await queue.cancel(
      tx,
      open.map((delivery) => delivery.number),
      'cancelled',
      now,
    );
    return { isMore: open.length === CANCELLED_A_STEP };
  }

  return [
    handleCommand(createReplay, async (tx, { id, selection, body, ratePerSecond, candidates, now }) => {
      const number = await tx.next('replays');
      const count = candidates.reduce((sum, { eventCount }) => sum + eventCount, 0);
      const [state, endedAt] = count === 0 ? ['completed', now] : ['running', null];
      const asked = [JSON.stringify(selection), body, ratePerSecond] as const;
      await tx.run(
        INSERT_REPLAY,
        number,
        id,
        ...asked,
        state as string,
        count,
        now,
        idTime(id),
        endedAt as number | null,
      );
      await tx.runMany(
        INSERT_CANDIDATES,
        candidates.map((one, index) => [number, one.webhookNumber, index, one.eventCount, one.eventSequences]),
      );
      if (count > 0) tx.signal(REPLAY_CREATED, { number, ratePerSecond, nextAt: now } satisfies ReplayAtWork);
      return { id, count };
    }),
    handleCommand(makeReplayed, async (tx, { number, limit, now }) => {
      const replay = await tx.get<AtWork>(SELECT_AT_WORK, number);
      if (replay === undefined) return { taken: 0, nextAt: now, isAllMade: true };
      const { made, skipped } = await makeSome(tx, replay, limit, now);
      const nextAt = nextAtAfter(replay, made, now);
      const taken = made + skipped;
      if (taken > 0) await tx.run(ADVANCE, made, skipped, nextAt, number);
      const isAllMade = taken === replay.left;
      if (isAllMade) {
        await book.allMade(tx, number);
        await book.complete(tx, now);
      }
      return { taken, nextAt, isAllMade };
    }),
    handleCommand(cancelReplay, async (tx, { id, now }) => {
      const replay = await load(tx, id);
      if (replay === null) throw notFound('replay', id);
      const { number, state, made, skipped } = replay;
      const changes = await tx.run(CANCEL, now, number);
      if (changes === 0) throw new Refusal('conflict', `This replay has ended as ${state}.`);
      book.cancelled(tx, number);
      await tx.run('DELETE FROM replay_candidates WHERE replay_number = ?', number);
      const { isMore } = await cancelOpen(tx, number, now);
      const cancelled: ReplayRow = { ...replay, state: 'cancelled', done: made + skipped, endedAt: now };
      return { replay: cancelled, isMore };
    }),
    handleCommand(cancelReplayed, async (tx, { id, now }) => {
      const replay = await load(tx, id);
      return replay?.state === 'cancelled' ? cancelOpen(tx, replay.number, now) : { isMore: false };
    }),
    handleCommand(countReplay, (_tx, { count }) => ({ id: null, count })),
    handleQuery(findReplay, (tx, { id }) => load(tx, id)),
    handleQuery(listReplays, async (tx, { limit, before }) => {
      const { where, params } = conditions([['r.number < ?', before]]);
      const rows = await tx.all<KeptReplay>(
        `${SELECT_REPLAY} ${where} ORDER BY r.number DESC LIMIT ?`,
        ...params,
        limit + 1,
      );
      return rows.map(toReplay);
    }),
    handleQuery(unfinishedReplays, async (tx) => {
      const atWork = await tx.all<ReplayAtWork>(
        `SELECT number, rate_per_second AS "ratePerSecond", next_at AS "nextAt" FROM replays
          WHERE state = 'running' AND delivery_count > made + skipped ORDER BY number`,
      );
      const cancelled = await tx.all<{ id: ReplayId }>(
        `SELECT id FROM replays r WHERE state = 'cancelled'
          AND EXISTS (SELECT 1 FROM deliveries d WHERE d.replay_number = r.number AND d.ended_at IS NULL)`,
      );
      return { atWork, cancelled: cancelled.map(({ id }) => id) };
    }),
  ];
}

import type { NewEvent, Publish } from '../events/index.ts';
import { notFound, Refusal } from '../kernel/errors.ts';
import { type DeliveryId, type EventId, idTime, type WebhookId } from '../kernel/ids.ts';
import {
  command,
  type Handler,
  handleCommand,
  handleQuery,
  type MaybePromise,
  query,
  STORE_PRESSURE,
  type Tx,
} from '../store/index.ts';
import type { Basis, WebhookBook, WebhookRecord, WebhookRules } from '../webhooks/index.ts';
import type { OpenBreaker, Slots } from '../work/index.ts';
import { type AttemptRecord, insertAttempt, keepBody, unknownAttempt } from './attempts.store.ts';
import type { Change } from './changes.store.ts';
import { type DeliveryState, isEnded, type Trigger } from './deliveries.state.ts';
import type { ErrorTexts } from './error-texts.store.ts';
import { CANCELLED, type Cancelled, DUE, type Due, HANDED, type Handed, type SentBody } from './handed.ts';
import { type DeliveryRow, loadDelivery } from './log.store.ts';
import { packHanded, settlementPacking } from './packing.ts';
import { roomOf } from './replays.state.ts';
import type { Settlement } from './settlement.ts';

/** Settles attempts, frees their slots, and hands out what waited for them. */
export const settleAttempts = command<{ settlements: Settlement[]; now: number }, null>('deliveries.settle', {
  isUrgent: true,
  weigh: ({ settlements }) => settlements.length,
  packing: settlementPacking,
});

/**
 * Hands out what is due of a webhook, as far as there are slots, and no more than `most` unless that is null. While its
 * breaker is open that is one delivery, and only as a probe.
 */
export const claimDue = command<{ webhookId: WebhookId; now: number; most: number | null }, null>('deliveries.claim', {
  isUrgent: true,
});

/** Takes back deliveries that were handed out and not sent: they wait again, until the instant given. */
export const releaseHanded = command<
  { deliveries: { number: number; webhookId: WebhookId }[]; dueAt: number; now: number; isStopping: boolean },
  null
>('deliveries.release', { isUrgent: true });

/** Makes open again what a process that is gone had in hand, with an attempt of unknown outcome. Returns how many. */
export const rescueAbandoned = command<{ now: number }, number>('deliveries.rescue');

/**
 * Tries a delivery by hand. An open one is tried now, whatever its plan; of an ended one a new delivery is made. The
 * answer is the delivery that will be tried, as it stands then.
 */
export const retryDelivery = command<{ id: string; now: number }, DeliveryRow>('deliveries.retry');

/** Cancels an open delivery, and answers with it. Refuses (409) when it has ended. */
export const cancelDelivery = command<{ id: string; now: number }, DeliveryRow>('deliveries.cancel');

/**
 * Deletes a webhook and cancels the first of its open deliveries; `isMore` says that others are left. With a basis it
 * refuses (409) to delete what is on another.
 */
export const removeWebhook = command<
  { id: string; basis: Basis | null; now: number },
  { isFound: boolean; isMore: boolean }
>('deliveries.remove_webhook');

/** Cancels more open deliveries of a deleted webhook. */
export const cancelOrphans = command<{ webhookId: string; now: number }, { isMore: boolean }>(
  'deliveries.cancel_orphans',
);

/** Deleted webhooks that still have open deliveries: a stop came between. */
export const orphanedWebhooks = query<null, string[]>('deliveries.orphaned_webhooks');

/** Writes down a connection test: an event, a delivery outside the numbering, and its one attempt. */
export const recordTest = command<
  {
    event: NewEvent;
    delivery: { id: DeliveryId; webhookId: WebhookId; sent: SentBody | null };
    attempt: AttemptRecord;
    status: number | null;
    errorCode: string | null;
    errorMessage: string | null;
  },
  null
>('deliveries.record_test');

/** Writes nothing: only the answer to a test that is not logged is kept with it, for whoever asks again. */
export const answerTest = command<null, null>('deliveries.answer_test');

const INSERT = `INSERT INTO deliveries (
    number, id, event_sequence, event_type, webhook_number, sequence, state, due_at, next_trigger, attempt_count, tries, held_by, replay_of, created_at
  ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, ?, ?, ?)`;

// The two statements of a delivery that goes well. Each parameter costs a third of a microsecond, so constants are written out.
const INSERT_HANDED = `INSERT INTO deliveries (
    number, id, event_sequence, event_type, webhook_number, sequence, state, next_trigger, attempt_count, tries, held_by, created_at
  ) VALUES (?, ?, ?, ?, ?, ?, 'delivering', 'initial', 0, 0, ?, ?)`;
const SETTLE_FIRST_DELIVERED = `UPDATE deliveries SET
    state = 'delivered', tries = 1, attempt_count = 1, held_by = NULL, last_status = ?,
    method = ?, content_type = ?, event_in_headers = ?, body_hash = ?, ended_at = ?
  WHERE number = ? AND state = 'delivering' AND held_by = ? AND attempt_count = 0`;

const SETTLE_ENDED = `UPDATE deliveries SET
    state = ?, reason = ?, planned_at = NULL, tries = ?, attempt_count = ?, held_by = NULL, last_status = ?, error_code = ?,
    method = COALESCE(method, ?), content_type = COALESCE(content_type, ?),
    event_in_headers = COALESCE(event_in_headers, ?), body_hash = COALESCE(body_hash, ?), ended_at = ?
  WHERE number = ? AND state = 'delivering' AND held_by = ?`;

const SETTLE_RETRYING = `UPDATE deliveries SET
    state = 'retrying', due_at = ?, planned_at = NULL, next_trigger = ?, tries = ?, attempt_count = ?, held_by = NULL, last_status = ?, error_code = ?,
    method = COALESCE(method, ?), content_type = COALESCE(content_type, ?),
    event_in_headers = COALESCE(event_in_headers, ?), body_hash = COALESCE(body_hash, ?)
  WHERE number = ? AND state = 'delivering' AND held_by = ?`;

const COUNT_LATE_ATTEMPT = 'UPDATE deliveries SET attempt_count = ? WHERE number = ? AND attempt_count < ?';

const HANDED_COLUMNS = `SELECT
    d.number, d.id, d.webhook_number, d.sequence, d.next_trigger, d.attempt_count, d.tries, d.planned_at, d.due_at, d.state,
    d.method, d.content_type, d.event_in_headers, d.body_hash, d.replay_number, b.content,
    e.sequence AS event_sequence, e.id AS event_id, e.type AS event_type, e.occurred_at, e.data
  FROM deliveries d
  JOIN events e ON e.sequence = d.event_sequence
  LEFT JOIN bodies b ON b.event_sequence = d.event_sequence AND b.hash = d.body_hash`;

const SELECT_DUE = `${HANDED_COLUMNS} WHERE d.webhook_number = ? AND d.due_at <= ? ORDER BY d.due_at, d.number LIMIT ?`;
const SELECT_ONE = `${HANDED_COLUMNS} WHERE d.id = ?`;
const TAKE = `UPDATE deliveries SET state = 'delivering', due_at = NULL, held_by = ? WHERE number = ? AND due_at IS NOT NULL`;
const COUNT_DUE = `SELECT COUNT(*) AS due FROM
  (SELECT 1 FROM deliveries WHERE webhook_number = ? AND due_at <= ? LIMIT ?) AS waiting`;
const NEXT_DUE =
  'SELECT due_at FROM deliveries WHERE webhook_number = ? AND due_at IS NOT NULL ORDER BY due_at LIMIT 1';

const RELEASE = `UPDATE deliveries SET state = CASE attempt_count WHEN 0 THEN 'pending' ELSE 'retrying' END, due_at = ?, held_by = NULL
  WHERE number = ? AND state = 'delivering' AND held_by = ?`;

const RESCUE = `UPDATE deliveries SET
    state = CASE tries WHEN 0 THEN 'pending' ELSE 'retrying' END, due_at = ?, next_trigger = 'recovery', attempt_count = ?, held_by = NULL
  WHERE number = ? AND state = 'delivering'`;

const TRY_BY_HAND = `UPDATE deliveries SET due_at = ?, planned_at = ?, next_trigger = 'manual' WHERE number = ? AND due_at IS NOT NULL`;

const CANCEL = `UPDATE deliveries SET state = 'cancelled', reason = ?, due_at = NULL, planned_at = NULL, held_by = NULL, ended_at = ?
  WHERE number = ? AND state IN ('pending', 'retrying', 'delivering')`;

/**
 * How far above its concurrency a webhook may be handed work: what is next in line while settlements are committed. That
 * has to be earned by deliveries, or ten receivers that hang would hold nine slots of ten (measured: what the others get
 * is then 0.4 of what they get alone).
 */
const LINE_FACTOR = 4;
/** So that a webhook that is sent to one by one need not wait for each settlement. */
const SHORTEST_LINE = 16;
const MOST_EARNED = 1024;
/** How many deliveries one claim hands out at most, so that no command holds up the others. */
const MAX_CLAIM = 128;
/** How many deliveries of a deleted webhook are cancelled in one command. */
const ORPHANS_A_STEP = 1000;

interface Dependencies {
  webhooks: WebhookBook;
  errorTexts: ErrorTexts;
  slots: Slots;
  change: Change;
  /** Names this run of the process: what another one held is nobody's. */
  bootId: string;
  pauseGone: (tx: Tx, webhookId: string, now: number) => Promise<unknown>;
  tellRecovered: (tx: Tx, record: WebhookRecord, now: number) => Promise<void>;
  publish: Publish;
  /** Called, in their transaction, when deliveries may have ended. */
  onEnded: (tx: Tx, now: number) => MaybePromise<void>;
  /** Called, in their transaction, with the numbers of deliveries that were cancelled. */
  onCancelled: (tx: Tx, numbers: readonly number[], now: number) => Promise<void>;
}

/** What replays ask of the queue. All of it writes in the caller's transaction. */
export interface DeliveryQueue {
  /** How many deliveries may be added to a webhook's queue without anybody having to wait behind them for long. */
  room(tx: Tx, rules: WebhookRules, now: number): Promise<number>;
  /** Hands out what is due of a webhook, as far as there are slots and its rate allows. */
  giveTurn(tx: Tx, rules: WebhookRules, now: number): Promise<void>;
  /** Ends open deliveries as cancelled, and returns how many; one that has ended stays as it is. */
  cancel(tx: Tx, numbers: readonly number[], reason: 'cancelled' | 'webhook_deleted', now: number): Promise<number>;
}

interface HandedRow {
  number: number;
  id: DeliveryId;
  webhook_number: number;
  sequence: number | null;
  next_trigger: Trigger;
  attempt_count: number;
  tries: number;
  planned_at: number | null;
  due_at: number | null;
  state: DeliveryState;
  method: string | null;
  content_type: string | null;
  event_in_headers: number | null;
  body_hash: string | null;
  replay_number: number | null;
  content: string | null;
  event_sequence: number;
  event_id: EventId;
  event_type: string;
  occurred_at: number;
  data: string;
}

/** What was sent, as the columns of a delivery: all null where nothing was. */
function sentColumns(sent: SentBody | null): (string | number | null)[] {
  return sent === null ? NOTHING_SENT : [sent.method, sent.contentType, sent.eventInHeaders ? 1 : 0, sent.hash];
}

const NOTHING_SENT = [null, null, null, null];

function toHanded(row: HandedRow, webhookId: WebhookId): Handed {
  const { method, content_type: contentType, body_hash: hash, content } = row;
  const isSent = method !== null && contentType !== null && hash !== null && content !== null;
  return {
    number: row.number,
    id: row.id,
    webhookId,
    sequence: row.sequence,
    trigger: row.next_trigger,
    attemptCount: row.attempt_count,
    tries: row.tries,
    plannedAt: row.planned_at,
    ofReplay: row.replay_number !== null,
    event: {
      sequence: row.event_sequence,
      id: row.event_id,
      type: row.event_type,
      occurredAt: row.occurred_at,
      data: row.data,
    },
    sent: isSent ? { method, contentType, eventInHeaders: row.event_in_headers === 1, hash, content } : null,
  };
}

/**
 * Deliveries as the writing side of the store sees them. It alone decides which delivery is in hand: slots are taken
 * and given back with the transaction that writes it.
 */
export function createDeliveryWrites(dependencies: Dependencies) {
  const { webhooks, errorTexts, slots, change, bootId, pauseGone, tellRecovered, publish, onEnded, onCancelled } =
    dependencies;
  let wasPressed = false;
  /** What the webhooks have earned beyond their concurrency. It is a guess, so it need not be rolled back. */
  const earned = new Map<string, number>();

  // ── slots ────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** How many deliveries of a webhook may be in hand: being sent, and next in line. */
  function lineOf({ id, maxConcurrency }: WebhookRules): number {
    const most = Math.max(maxConcurrency * LINE_FACTOR, SHORTEST_LINE);
    return Math.min(Math.max(maxConcurrency, SHORTEST_LINE) + (earned.get(id) ?? 0), most);
  }

  /** One more in line for each delivery that is taken; nothing for a receiver that fails. */
  function earn(webhookId: string, isDelivered: boolean): void {
    if (!isDelivered) earned.delete(webhookId);
    else earned.set(webhookId, Math.min((earned.get(webhookId) ?? 0) + 1, MOST_EARNED));
  }

  function takeSlot(tx: Tx, rules: WebhookRules): boolean {
    if (!slots.take(rules.id, lineOf(rules))) return false;
    tx.onRollback(() => slots.give(rules.id));
    return true;
  }

  function giveSlot(tx: Tx, webhookId: string): void {
    slots.give(webhookId);
    tx.onRollback(() => slots.retake(webhookId));
  }

  function isHeld({ paused, enabled, holdUntil, probeAt }: WebhookRules, now: number): boolean {
    return paused || !enabled || (holdUntil !== null && holdUntil > now) || probeAt !== null;
  }

  /**
   * Something of the webhook is due and in nobody's hand: that changes when a slot is given back, its rate allows, or its
   * receiver need not be left alone any more. `now` may be long past, for what comes of an event that was made then.
   */
  function waitForTurn(tx: Tx, rules: WebhookRules, now: number): void {
    tellEndOfHold(tx, rules, now);
    // A probe may be sent of what comes now, and nobody has been told of it.
    if (rules.probeAt !== null && rules.probeAt <= now) tellDue(tx, rules.id, now);
    if (isHeld(rules, now)) return;
    if (rules.isPaced) tellDue(tx, rules.id, now);
    else setWaiting(tx, rules.id, true);
  }

  function setWaiting(tx: Tx, webhookId: string, isWaiting: boolean): void {
    const before = slots.isWaiting(webhookId);
    slots.setWaiting(webhookId, isWaiting);
    tx.onRollback(() => slots.setWaiting(webhookId, before));
  }

  // ── a delivery comes to be ───────────────────────────────────────────────────────────────────────────────────────

  /** Writes the deliveries that an event causes, and returns how many they are. */
  async function owe(
    tx: Tx,
    event: NewEvent & { sequence: number },
    matched: readonly WebhookRules[],
  ): Promise<number> {
    for (const rules of matched) await oweOne(tx, event, rules);
    return matched.length;
  }

  async function oweOne(tx: Tx, event: NewEvent & { sequence: number }, rules: WebhookRules): Promise<void> {
    const now = event.createdAt;
    const delivery = {
      id: tx.ids.make('dlv', now),
      number: await tx.next('deliveries'),
      sequence: await tx.next(`webhook:${rules.id}`),
    };
    // What waits already goes first.
    const isHanded = !(rules.isPaced || isHeld(rules, now) || slots.isWaiting(rules.id)) && takeSlot(tx, rules);
    if (!isHanded) {
      await insert(tx, { ...delivery, event, rules, trigger: 'initial', dueAt: now, replayOf: null });
      waitForTurn(tx, rules, now);
      return;
    }
    const { sequence, id, type, occurredAt } = event;
    const data = event.isAtHand === true ? null : event.data;
    const key = [delivery.number, delivery.id, sequence, type, rules.number, delivery.sequence] as const;
    await change(tx, delivery.number, INSERT_HANDED, [...key, bootId, idTime(delivery.id)]);
    const handed: Handed = {
      ...delivery,
      webhookId: rules.id,
      trigger: 'initial',
      attemptCount: 0,
      tries: 0,
      plannedAt: null,
      ofReplay: false,
      event: { sequence, id, type, occurredAt, data },
      sent: null,
    };
    tx.signal(HANDED, packHanded(handed));
  }

  interface NewDelivery {
    id: DeliveryId;
    number: number;
    sequence: number | null;
    event: { sequence: number; type: string };
    rules: { number: number };
    trigger: Trigger;
    /** Null: it is in hand from the start. */
    dueAt: number | null;
    replayOf: DeliveryId | null;
  }

  async function insert(tx: Tx, delivery: NewDelivery): Promise<void> {
    const { id, number, sequence, event, rules, trigger, dueAt, replayOf } = delivery;
    const [state, heldBy] = dueAt === null ? ['delivering', bootId] : ['pending', null];
    const { sequence: eventSequence, type } = event;
    const key = [number, id, eventSequence, type, rules.number, sequence];
    await change(tx, number, INSERT, [
      ...key,
      state as string,
      dueAt,
      trigger,
      heldBy as string | null,
      replayOf,
      idTime(id),
    ]);
  }

  // ── it is handed out ─────────────────────────────────────────────────────────────────────────────────────────────

  /** Hands out what is due of a webhook, and says when the rest is. */
  async function claim(tx: Tx, rules: WebhookRules, now: number, most = Number.POSITIVE_INFINITY): Promise<void> {
    setWaiting(tx, rules.id, false);
    tellEndOfHold(tx, rules, now);
    if (rules.probeAt !== null) {
      await claimProbe(tx, rules, rules.probeAt, now);
      return;
    }
    if (isHeld(rules, now)) return;
    const free = Math.min(slots.free(rules.id, lineOf(rules)), most, MAX_CLAIM);
    const rows = free === 0 ? [] : await tx.all<HandedRow>(SELECT_DUE, rules.number, now, free);
    for (const row of rows) await hand(tx, rules, row);
    const isShortOfSlots = rows.length === free && free !== most;
    if (isShortOfSlots) setWaiting(tx, rules.id, true);
    else await tellNextDue(tx, rules);
  }

  /** Hands out one delivery to see whether the receiver is back, when it is time for that and none is in hand. */
  async function claimProbe(tx: Tx, rules: WebhookRules, probeAt: number, now: number): Promise<void> {
    if (probeAt > now || isHeld({ ...rules, probeAt: null }, now)) return;
    const [row] = await tx.all<HandedRow>(SELECT_DUE, rules.number, now, 1);
    if (row === undefined) await tellNextDue(tx, rules);
    else if (slots.free(rules.id, 1) > 0) await hand(tx, rules, row);
    // What was under way when it opened, or is tried by hand, may be as good as a probe.
    else setWaiting(tx, rules.id, true);
  }

  async function hand(tx: Tx, rules: WebhookRules, row: HandedRow): Promise<void> {
    takeSlot(tx, rules);
    await change(tx, row.number, TAKE, [bootId, row.number]);
    tx.signal(HANDED, packHanded(toHanded(row, rules.id)));
  }

  async function room(tx: Tx, rules: WebhookRules, now: number): Promise<number> {
    const isHeldForLong = rules.paused || !rules.enabled || rules.probeAt !== null;
    const { maxConcurrency, isPaced } = rules;
    const wanted = roomOf({ maxConcurrency, isPaced, isHeld: isHeldForLong });
    const most = isHeldForLong ? wanted : slots.free(rules.id, wanted);
    if (most === 0) return 0;
    const counted = await tx.get<{ due: number }>(COUNT_DUE, rules.number, now, most);
    return most - (counted?.due ?? 0);
  }

  async function handOrWait(tx: Tx, rules: WebhookRules, row: HandedRow, now: number): Promise<void> {
    if (slots.free(rules.id, lineOf(rules)) > 0) await hand(tx, rules, row);
    else waitForTurn(tx, rules, now);
  }

  async function tellNextDue(tx: Tx, rules: WebhookRules): Promise<void> {
    const next = await tx.get<{ due_at: number }>(NEXT_DUE, rules.number);
    if (next !== undefined) tellDue(tx, rules.id, next.due_at);
  }

  function tellEndOfHold(tx: Tx, { id, holdUntil, probeAt }: WebhookRules, now: number): void {
    const until = Math.max(holdUntil ?? 0, probeAt ?? 0);
    if (until > now) tellDue(tx, id, until);
  }

  function tellDue(tx: Tx, webhookId: WebhookId, at: number): void {
    tx.signal(DUE, { webhookId, at } satisfies Due);
  }

  /** Gives free slots to the webhooks that wait for them, in turn, and says whether any still does. */
  async function refill(tx: Tx, now: number): Promise<void> {
    await handToWaiting(tx, now);
    if (slots.isAnyWaiting === wasPressed) return;
    wasPressed = slots.isAnyWaiting;
    tx.signal(STORE_PRESSURE, wasPressed);
    tx.onRollback(() => {
      wasPressed = !wasPressed;
    });
  }

  async function handToWaiting(tx: Tx, now: number): Promise<void> {
    for (const id of slots.waiting()) {
      if (slots.isFull) return;
      const rules = await webhooks.find(tx, id);
      if (rules === null) setWaiting(tx, id, false);
      else if (slots.free(id, lineOf(rules)) > 0) await giveTurn(tx, rules, now);
    }
  }

  /** Hands out what is due of a webhook, or where its rate is limited tells the dispatcher, which knows how much it may start. */
  async function giveTurn(tx: Tx, rules: WebhookRules, now: number): Promise<void> {
    if (!rules.isPaced) return claim(tx, rules, now);
    setWaiting(tx, rules.id, false);
    tellDue(tx, rules.id, now);
  }

  // ── an attempt of it is settled ──────────────────────────────────────────────────────────────────────────────────

  async function settle(tx: Tx, settlement: Settlement, now: number): Promise<void> {
    const { number, webhookId, attempt, firstSent } = settlement;
    giveSlot(tx, webhookId);
    earn(webhookId, attempt.outcome === 'delivered');
    if (firstSent !== null) await keepBody(tx, settlement.eventSequence, firstSent);
    await insertAttempt(tx, number, attempt);
    if (settlement.errorMessage !== null) await errorTexts.note(tx, number, settlement.errorMessage);
    if (settlement.breaker !== null) await moveBreaker(tx, webhookId, settlement.breaker.becomes, now);
    if (!(await settleState(tx, settlement, now))) {
      // Cancelled while it was under way: what was sent is still told.
      await change(tx, number, COUNT_LATE_ATTEMPT, [attempt.number, number, attempt.number]);
      return;
    }
    if (settlement.holdUntil !== null) await webhooks.hold(tx, webhookId, settlement.holdUntil);
    if (settlement.isGone) await pauseGone(tx, webhookId, now);
    if (settlement.news !== null) await publish(tx, settlement.news);
  }

  async function moveBreaker(tx: Tx, webhookId: WebhookId, becomes: OpenBreaker | null, now: number): Promise<void> {
    const record = await webhooks.setBreaker(tx, webhookId, becomes);
    if (record !== null && becomes === null) await tellRecovered(tx, record, now);
  }

  /** Writes the new state, if the delivery is still being delivered by us. */
  async function settleState(
    tx: Tx,
    settlement: Omit<
      Settlement,
      'webhookId' | 'eventSequence' | 'errorMessage' | 'holdUntil' | 'breaker' | 'isGone' | 'news'
    >,
    now: number,
  ): Promise<boolean> {
    const { number, attempt, status, errorCode, next, firstSent } = settlement;
    const sent = sentColumns(firstSent);
    if (next.state === 'retrying') {
      const { dueAt, trigger, tries } = next;
      const told = [dueAt, trigger, tries, attempt.number, status, errorCode];
      return (await change(tx, number, SETTLE_RETRYING, [...told, ...sent, number, bootId])) > 0;
    }
    if (next.state === 'delivered' && attempt.number === 1) {
      return (await change(tx, number, SETTLE_FIRST_DELIVERED, [status, ...sent, now, number, bootId])) > 0;
    }
    const { state, reason, tries } = next;
    const told = [state, reason, tries, attempt.number, status, errorCode];
    return (await change(tx, number, SETTLE_ENDED, [...told, ...sent, now, number, bootId])) > 0;
  }

  async function release(tx: Tx, webhookId: WebhookId, number: number, dueAt: number): Promise<void> {
    giveSlot(tx, webhookId);
    await change(tx, number, RELEASE, [dueAt, number, bootId]);
  }

  /** Ends the attempt that a vanished process was making, of which nobody knows whether it was sent. */
  async function rescue(
    tx: Tx,
    row: { number: number; attempt_count: number; next_trigger: Trigger },
    now: number,
  ): Promise<void> {
    const attempt = unknownAttempt(row.attempt_count + 1, row.next_trigger, now);
    await insertAttempt(tx, row.number, attempt);
    await change(tx, row.number, RESCUE, [now, attempt.number, row.number]);
  }

  // ── people step in ───────────────────────────────────────────────────────────────────────────────────────────────

  async function load(tx: Tx, id: string): Promise<HandedRow> {
    const row = await tx.get<HandedRow>(SELECT_ONE, id);
    if (row === undefined) throw notFound('delivery', id);
    return row;
  }

  /** Returns the id of the delivery that will be tried. */
  async function retry(tx: Tx, id: string, now: number): Promise<DeliveryId> {
    const row = await load(tx, id);
    const rules = await webhooks.findByNumber(tx, row.webhook_number);
    if (rules === null) throw new Refusal('conflict', 'The webhook of this delivery has been deleted.');
    if (rules.paused || !rules.enabled) {
      throw new Refusal(
        'conflict',
        `The webhook is ${rules.enabled ? 'paused: resume' : 'disabled: enable'} it first.`,
      );
    }
    if (row.state === 'delivering') return row.id;
    if (isEnded(row.state)) return replay(tx, row, rules, now);
    const plannedAt = row.planned_at ?? row.due_at;
    await change(tx, row.number, TRY_BY_HAND, [now, plannedAt, row.number]);
    await handOrWait(tx, rules, { ...row, planned_at: plannedAt, next_trigger: 'manual' }, now);
    return row.id;
  }

  /** A new delivery of the same event to the same webhook, under the original's number in the ledger. */
  async function replay(tx: Tx, row: HandedRow, rules: WebhookRules, now: number): Promise<DeliveryId> {
    const id = tx.ids.make('dlv', now);
    const number = await tx.next('deliveries');
    const event = { sequence: row.event_sequence, type: row.event_type };
    const { sequence } = row;
    await insert(tx, { id, number, sequence, event, rules, trigger: 'replay', dueAt: now, replayOf: row.id });
    const fresh = await load(tx, id);
    await handOrWait(tx, rules, fresh, now);
    return id;
  }

  async function cancelOpen(tx: Tx, webhookId: string, now: number): Promise<{ isMore: boolean }> {
    const rows = await tx.all<{ number: number }>(
      `SELECT d.number FROM webhooks w JOIN deliveries d ON d.webhook_number = w.number
        WHERE w.id = ? AND d.due_at IS NOT NULL LIMIT ?`,
      webhookId,
      ORPHANS_A_STEP,
    );
    const inHand = await tx.all<{ number: number }>(
      `SELECT d.number FROM deliveries d JOIN webhooks w ON w.number = d.webhook_number WHERE d.state = 'delivering' AND w.id = ?`,
      webhookId,
    );
    await cancel(
      tx,
      [...rows, ...inHand].map(({ number }) => number),
      'webhook_deleted',
      now,
    );
    await onEnded(tx, now);
    earned.delete(webhookId);
    return { isMore: rows.length === ORPHANS_A_STEP };
  }

  async function cancel(tx: Tx, numbers: readonly number[], reason: string, now: number): Promise<number> {
    const cancelled: number[] = [];
    for (const number of numbers) {
      if ((await change(tx, number, CANCEL, [reason, now, number])) > 0) cancelled.push(number);
    }
    await onCancelled(tx, cancelled, now);
    tx.signal(CANCELLED, numbers satisfies Cancelled);
    return cancelled.length;
  }

  const handlers: Handler[] = [
    handleCommand(settleAttempts, async (tx, { settlements, now }) => {
      for (const settlement of settlements) await settle(tx, settlement, now);
      await onEnded(tx, now);
      await refill(tx, now);
      return null;
    }),
    handleCommand(claimDue, async (tx, { webhookId, now, most }) => {
      const rules = await webhooks.find(tx, webhookId);
      if (rules === null) return null;
      if (most === null) await giveTurn(tx, rules, now);
      else await claim(tx, rules, now, most);
      return null;
    }),
    handleCommand(releaseHanded, async (tx, { deliveries, dueAt, now, isStopping }) => {
      for (const { number, webhookId } of deliveries) await release(tx, webhookId, number, dueAt);
      if (!isStopping) await refill(tx, now);
      return null;
    }),
    handleCommand(rescueAbandoned, async (tx, { now }) => {
      const rows = await tx.all<{ number: number; attempt_count: number; next_trigger: Trigger }>(
        "SELECT number, attempt_count, next_trigger FROM deliveries WHERE state = 'delivering' AND held_by <> ?",
        bootId,
      );
      for (const row of rows) await rescue(tx, row, now);
      return rows.length;
    }),
    handleCommand(retryDelivery, async (tx, { id, now }) => loadDelivery(tx, await retry(tx, id, now))),
    handleCommand(cancelDelivery, async (tx, { id, now }) => {
      const row = await load(tx, id);
      const cancelled = await cancel(tx, [row.number], 'cancelled', now);
      if (cancelled === 0) throw new Refusal('conflict', `This delivery has ended as ${row.state}.`);
      await onEnded(tx, now);
      return loadDelivery(tx, row.id);
    }),
    handleCommand(removeWebhook, async (tx, { id, basis, now }) => {
      const isFound = await webhooks.remove(tx, { id, basis, now });
      return { isFound, ...(isFound ? await cancelOpen(tx, id, now) : { isMore: false }) };
    }),
    handleCommand(cancelOrphans, (tx, { webhookId, now }) => cancelOpen(tx, webhookId, now)),
    handleQuery(orphanedWebhooks, async (tx) => {
      const rows = await tx.all<{ id: string }>(
        `SELECT id FROM webhooks w WHERE deleted_at IS NOT NULL
          AND EXISTS (SELECT 1 FROM deliveries d WHERE d.webhook_number = w.number AND d.due_at IS NOT NULL)`,
      );
      return rows.map((row) => row.id);
    }),
    handleCommand(answerTest, () => null),
    handleCommand(recordTest, async (tx, { event, delivery, attempt, status, errorCode, errorMessage }) => {
      const rules = await webhooks.find(tx, delivery.webhookId);
      // Deleted while it was being tested: there is no log to write to.
      if (rules === null) return null;
      const { sequence: eventSequence } = await publish(tx, event);
      const { id, sent } = delivery;
      const number = await tx.next('deliveries');
      const eventKey = { sequence: eventSequence, type: event.type };
      await insert(tx, {
        id,
        number,
        sequence: null,
        event: eventKey,
        rules,
        trigger: 'manual',
        dueAt: null,
        replayOf: null,
      });
      if (sent !== null) await keepBody(tx, eventSequence, sent);
      await insertAttempt(tx, number, attempt);
      if (errorMessage !== null) await errorTexts.note(tx, number, errorMessage);
      const isDelivered = attempt.outcome === 'delivered';
      const next = isDelivered
        ? ({ state: 'delivered', reason: null, tries: 1 } as const)
        : ({ state: 'exhausted', reason: sent === null ? 'template_error' : 'attempts_spent', tries: 1 } as const);
      const settlement = { number, attempt, status, errorCode, next, firstSent: sent };
      await settleState(tx, settlement, attempt.startedAt + attempt.durationMs);
      return null;
    }),
  ];

  const queue: DeliveryQueue = { room, giveTurn, cancel };
  return { owe, queue, handlers };
}

import type { NewEvent, Publish } from '../events/index.ts';
import { notFound, Refusal } from '../kernel/errors.ts';
import type { DeliveryId, EventId, WebhookId } from '../kernel/ids.ts';
import { idTime } from '../kernel/ids.ts';
import { command, type Handler, handleCommand, handleQuery, query, type Tx } from '../store/index.ts';
import type { WebhookBook, WebhookRules } from '../webhooks/index.ts';
import type { Slots } from '../work/index.ts';
import { type AttemptOutcome, type DeliveryState, isEnded, type Trigger } from './deliveries.state.ts';

/** A delivery put into the hands of the dispatcher, with all it needs to make an attempt. */
export interface Handed {
  id: DeliveryId;
  webhookId: WebhookId;
  sequence: number | null;
  trigger: Trigger;
  /** Attempts made before this one, of any kind. */
  attemptCount: number;
  /** Tries of the retry plan used up before this one. */
  tries: number;
  plannedAt: number | null;
  event: { id: EventId; type: string; occurredAt: number; data: string };
  /** What the first attempt sent, to be sent again; null before it. */
  sent: SentBody | null;
}

export interface SentBody {
  method: string;
  contentType: string;
  bodyId: string;
  body: string;
}

/** Signalled, after the commit, for each delivery that the dispatcher now has in hand. */
export const HANDED = 'deliveries.handed';

/** Signalled when something of a webhook falls due at an instant that the dispatcher may not know of. */
export const DUE = 'deliveries.due';
export interface Due {
  webhookId: WebhookId;
  at: number;
}

/** One attempt as it is kept: what was sent, what came back. Headers are JSON, credentials masked. */
export interface AttemptRecord {
  number: number;
  trigger: Trigger;
  startedAt: number;
  durationMs: number;
  outcome: AttemptOutcome;
  request: { method: string; url: string; headers: string; bodyId: string } | null;
  response: { status: number; headers: string; body: string; truncated: boolean } | null;
  error: { code: string; message: string } | null;
}

/** What has been decided about a delivery after an attempt. */
export interface Settlement {
  id: DeliveryId;
  webhookId: WebhookId;
  attempt: AttemptRecord;
  /** The bytes of a first attempt, kept with it; null when they are kept already. */
  firstSent: SentBody | null;
  next:
    | { state: 'delivered' | 'exhausted'; reason: string | null; tries: number }
    | { state: 'retrying'; dueAt: number; tries: number };
  holdUntil: number | null;
  isGone: boolean;
  /** Published with it, if the delivery is still ours to settle. */
  news: NewEvent | null;
}

/** Settles attempts, frees their slots, and hands out what waited for them. */
export const settleAttempts = command<{ settlements: Settlement[]; now: number }, null>('deliveries.settle');

/** Hands out what is due of a webhook, as far as there are slots. */
export const claimDue = command<{ webhookId: WebhookId; now: number }, null>('deliveries.claim');

/** Takes back deliveries that were handed out and not sent: they wait again, until the instant given. */
export const releaseHanded = command<
  { deliveries: { id: DeliveryId; webhookId: WebhookId }[]; dueAt: number; now: number; isStopping: boolean },
  null
>('deliveries.release');

/** Makes open again what a process that is gone had in hand, with an attempt of unknown outcome. Returns how many. */
export const rescueAbandoned = command<{ now: number }, number>('deliveries.rescue');

/**
 * Tries a delivery by hand. An open one is tried now, whatever its plan; of an ended one a new delivery is made. The
 * answer is the id of the delivery that will be tried.
 */
export const retryDelivery = command<{ id: string; now: number }, { id: DeliveryId }>('deliveries.retry');

/** Cancels an open delivery. Refuses (409) when it has ended. */
export const cancelDelivery = command<{ id: string; now: number }, null>('deliveries.cancel');

/** Deletes a webhook and cancels the first of its open deliveries; `isMore` says that others are left. */
export const removeWebhook = command<{ id: string; now: number }, { isFound: boolean; isMore: boolean }>(
  'deliveries.remove_webhook',
);
/** Cancels more open deliveries of a deleted webhook. */
export const cancelOrphans = command<{ webhookId: string; now: number }, { isMore: boolean }>(
  'deliveries.cancel_orphans',
);
/** Deleted webhooks that still have open deliveries: a stop came between. */
export const orphanedWebhooks = query<null, string[]>('deliveries.orphaned_webhooks');

/** Writes down a connection test: an event, a delivery outside the numbering, and its one attempt. */
export const recordTest = command<
  { event: NewEvent; delivery: { id: DeliveryId; webhookId: WebhookId; sent: SentBody }; attempt: AttemptRecord },
  null
>('deliveries.record_test');

const INSERT =
  'INSERT INTO deliveries (id, event_id, event_type, webhook_id, sequence, state, due_at, next_trigger, attempt_count, tries, held_by, replay_of, created_at) ' +
  'VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, 0, ?, ?, ?)';
const SETTLE_ENDED =
  'UPDATE deliveries SET state = ?, reason = ?, due_at = NULL, planned_at = NULL, tries = ?, attempt_count = ?, held_by = NULL, last_status = ?, error_code = ?, ' +
  'method = COALESCE(method, ?), content_type = COALESCE(content_type, ?), body_id = COALESCE(body_id, ?), ended_at = ? ' +
  "WHERE id = ? AND state = 'delivering' AND held_by = ?";
const SETTLE_RETRYING =
  "UPDATE deliveries SET state = 'retrying', due_at = ?, planned_at = NULL, next_trigger = 'retry', tries = ?, attempt_count = ?, held_by = NULL, last_status = ?, error_code = ?, " +
  'method = COALESCE(method, ?), content_type = COALESCE(content_type, ?), body_id = COALESCE(body_id, ?) ' +
  "WHERE id = ? AND state = 'delivering' AND held_by = ?";
const COUNT_LATE_ATTEMPT = 'UPDATE deliveries SET attempt_count = ? WHERE id = ? AND attempt_count < ?';
const INSERT_ATTEMPT =
  'INSERT INTO attempts (delivery_id, number, trigger_kind, started_at, duration_ms, outcome, request_method, request_url, request_headers, body_id, ' +
  'response_status, response_headers, response_body, response_truncated, error_code, error_message) ' +
  'VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (delivery_id, number) DO NOTHING';
const INSERT_BODY = 'INSERT INTO bodies (id, content) VALUES (?, ?) ON CONFLICT (id) DO NOTHING';

const HANDED_COLUMNS =
  'SELECT d.id, d.webhook_id, d.sequence, d.next_trigger, d.attempt_count, d.tries, d.planned_at, d.due_at, d.method, d.content_type, d.body_id, b.content AS body, ' +
  'e.id AS event_id, e.type AS event_type, e.occurred_at, e.data ' +
  'FROM deliveries d JOIN events e ON e.id = d.event_id LEFT JOIN bodies b ON b.id = d.body_id ';
const SELECT_DUE = `${HANDED_COLUMNS} WHERE d.webhook_id = ? AND d.due_at <= ? ORDER BY d.due_at, d.id LIMIT ?`;
const SELECT_ONE = `${HANDED_COLUMNS} WHERE d.id = ?`;
const TAKE =
  "UPDATE deliveries SET state = 'delivering', due_at = NULL, held_by = ? WHERE id = ? AND due_at IS NOT NULL";
const NEXT_DUE = 'SELECT due_at FROM deliveries WHERE webhook_id = ? AND due_at IS NOT NULL ORDER BY due_at LIMIT 1';

const RELEASE =
  "UPDATE deliveries SET state = CASE attempt_count WHEN 0 THEN 'pending' ELSE 'retrying' END, due_at = ?, held_by = NULL " +
  "WHERE id = ? AND state = 'delivering' AND held_by = ?";

const CANCEL =
  "UPDATE deliveries SET state = 'cancelled', reason = ?, due_at = NULL, planned_at = NULL, held_by = NULL, ended_at = ? WHERE id = ? " +
  "AND state IN ('pending', 'retrying', 'delivering')";

/** How far above its concurrency a webhook may be handed work: what is next in line while settlements are committed. */
const LINE_FACTOR = 4;
/** How many deliveries one claim hands out at most, so that no command holds up the others. */
const MAX_CLAIM = 128;
/** How many deliveries of a deleted webhook are cancelled in one command. */
const ORPHANS_A_STEP = 1000;

export interface DeliveryStoreDependencies {
  webhooks: WebhookBook;
  slots: Slots;
  /** Names this run of the process: what another one held is nobody's. */
  bootId: string;
  pauseGone: (tx: Tx, webhookId: string, now: number) => Promise<unknown>;
  publish: Publish;
}

/** Writes the deliveries that an event causes. */
export type Owe = (tx: Tx, event: NewEvent, webhooks: readonly WebhookRules[]) => Promise<number>;

interface HandedRow {
  id: DeliveryId;
  webhook_id: WebhookId;
  sequence: number | null;
  next_trigger: Trigger;
  attempt_count: number;
  tries: number;
  planned_at: number | null;
  due_at: number | null;
  method: string | null;
  content_type: string | null;
  body_id: string | null;
  body: string | null;
  event_id: EventId;
  event_type: string;
  occurred_at: number;
  data: string;
}

function toHanded(row: HandedRow): Handed {
  const { method, content_type: contentType, body_id: bodyId, body } = row;
  const isSent = method !== null && contentType !== null && bodyId !== null && body !== null;
  return {
    id: row.id,
    webhookId: row.webhook_id,
    sequence: row.sequence,
    trigger: row.next_trigger,
    attemptCount: row.attempt_count,
    tries: row.tries,
    plannedAt: row.planned_at,
    event: { id: row.event_id, type: row.event_type, occurredAt: row.occurred_at, data: row.data },
    sent: isSent ? { method, contentType, bodyId, body } : null,
  };
}

/** How many deliveries of a webhook may be in hand: being sent, and next in line. */
function lineOf(rules: WebhookRules): number {
  return rules.maxConcurrency * LINE_FACTOR;
}

/**
 * Deliveries as the writing side of the store sees them. It alone decides which delivery is in hand: slots are taken
 * and given back with the transaction that writes it.
 */
export function createDeliveryWrites({ webhooks, slots, bootId, pauseGone, publish }: DeliveryStoreDependencies) {
  function takeSlot(tx: Tx, rules: WebhookRules): boolean {
    if (!slots.take(rules.id, lineOf(rules))) return false;
    tx.onRollback(() => slots.give(rules.id));
    return true;
  }

  function giveSlot(tx: Tx, webhookId: string): void {
    slots.give(webhookId);
    tx.onRollback(() => slots.take(webhookId, Number.POSITIVE_INFINITY));
  }

  function mayGoAtOnce(rules: WebhookRules, now: number): boolean {
    return !rules.paused && (rules.holdUntil ?? 0) <= now && !slots.isWaiting(rules.id);
  }

  const owe: Owe = async (tx, event, matched) => {
    for (const rules of matched) await oweOne(tx, event, rules);
    return matched.length;
  };

  async function oweOne(tx: Tx, event: NewEvent, rules: WebhookRules): Promise<void> {
    const now = event.createdAt;
    const id = tx.ids.make('dlv', now);
    const sequence = await tx.next(`webhook:${rules.id}`);
    const isHanded = mayGoAtOnce(rules, now) && takeSlot(tx, rules);
    const [state, dueAt, heldBy] = isHanded
      ? (['delivering', null, bootId] as const)
      : (['pending', now, null] as const);
    await tx.run(
      INSERT,
      id,
      event.id,
      event.type,
      rules.id,
      sequence,
      state,
      dueAt,
      'initial',
      heldBy,
      null,
      idTime(id),
    );
    if (!isHanded) return waitForSlot(rules, now);
    const { id: eventId, type, occurredAt, data } = event;
    tx.signal(HANDED, {
      id,
      webhookId: rules.id,
      sequence,
      trigger: 'initial',
      attemptCount: 0,
      tries: 0,
      plannedAt: null,
      event: { id: eventId, type, occurredAt, data },
      sent: null,
    } satisfies Handed);
  }

  /** Something of the webhook is due and has no slot: it is handed out when one is given back. */
  function waitForSlot(rules: WebhookRules, now: number): void {
    if (!rules.paused && (rules.holdUntil ?? 0) <= now) slots.setWaiting(rules.id, true);
  }

  /** Hands out what is due of a webhook, and says when the rest is. */
  async function claim(tx: Tx, rules: WebhookRules, now: number): Promise<void> {
    slots.setWaiting(rules.id, false);
    if (rules.paused || !rules.enabled) return;
    if (rules.holdUntil !== null && rules.holdUntil > now) return tellDue(tx, rules.id, rules.holdUntil);
    const free = Math.min(slots.free(rules.id, lineOf(rules)), MAX_CLAIM);
    const rows = free === 0 ? [] : await tx.all<HandedRow>(SELECT_DUE, rules.id, now, free);
    for (const row of rows) await hand(tx, rules, row);
    if (rows.length === free) slots.setWaiting(rules.id, true);
    else await tellNextDue(tx, rules.id);
  }

  async function hand(tx: Tx, rules: WebhookRules, row: HandedRow): Promise<void> {
    takeSlot(tx, rules);
    await tx.run(TAKE, bootId, row.id);
    tx.signal(HANDED, toHanded(row));
  }

  async function tellNextDue(tx: Tx, webhookId: WebhookId): Promise<void> {
    const next = await tx.get<{ due_at: number }>(NEXT_DUE, webhookId);
    if (next !== undefined) tellDue(tx, webhookId, next.due_at);
  }

  function tellDue(tx: Tx, webhookId: WebhookId, at: number): void {
    tx.signal(DUE, { webhookId, at } satisfies Due);
  }

  /** Gives free slots to the webhooks that wait for them, in turn. */
  async function refill(tx: Tx, now: number): Promise<void> {
    for (const id of slots.waiting()) {
      const rules = await webhooks.find(tx, id);
      if (rules === null) slots.setWaiting(id, false);
      else if (slots.free(id, lineOf(rules)) > 0) await claim(tx, rules, now);
    }
  }

  async function settle(tx: Tx, settlement: Settlement, now: number): Promise<void> {
    const { id, webhookId, attempt, firstSent } = settlement;
    giveSlot(tx, webhookId);
    if (firstSent !== null) await tx.run(INSERT_BODY, firstSent.bodyId, firstSent.body);
    await insertAttempt(tx, id, attempt);
    if (!(await settleState(tx, settlement, now))) {
      // Cancelled while it was under way: what was sent is still told.
      await tx.run(COUNT_LATE_ATTEMPT, attempt.number, id, attempt.number);
      return;
    }
    if (settlement.holdUntil !== null) await webhooks.hold(tx, webhookId, settlement.holdUntil);
    if (settlement.isGone) await pauseGone(tx, webhookId, now);
    if (settlement.news !== null) await publish(tx, settlement.news);
  }

  /** Writes the new state, if the delivery is still being delivered by us. */
  async function settleState(tx: Tx, settlement: Settlement, now: number): Promise<boolean> {
    const { id, attempt, next, firstSent } = settlement;
    const exchange = [attempt.response?.status ?? null, attempt.error?.code ?? null];
    const sent = [firstSent?.method ?? null, firstSent?.contentType ?? null, firstSent?.bodyId ?? null];
    const changes =
      next.state === 'retrying'
        ? await tx.run(SETTLE_RETRYING, next.dueAt, next.tries, attempt.number, ...exchange, ...sent, id, bootId)
        : await tx.run(
            SETTLE_ENDED,
            next.state,
            next.reason,
            next.tries,
            attempt.number,
            ...exchange,
            ...sent,
            now,
            id,
            bootId,
          );
    return changes > 0;
  }

  async function load(tx: Tx, id: string): Promise<HandedRow & { state: DeliveryState; replay_of: DeliveryId | null }> {
    const row = await tx.get<HandedRow>(SELECT_ONE, id);
    const more = await tx.get<{ state: DeliveryState; replay_of: DeliveryId | null }>(
      'SELECT state, replay_of FROM deliveries WHERE id = ?',
      id,
    );
    if (row === undefined || more === undefined) throw notFound('delivery', id);
    return { ...row, ...more };
  }

  async function retry(tx: Tx, id: string, now: number): Promise<{ id: DeliveryId }> {
    const row = await load(tx, id);
    const rules = await webhooks.find(tx, row.webhook_id);
    if (rules === null) throw new Refusal('conflict', 'The webhook of this delivery has been deleted.');
    if (rules.paused || !rules.enabled) {
      throw new Refusal('conflict', `The webhook is ${rules.paused ? 'paused: resume' : 'disabled: enable'} it first.`);
    }
    if (row.state === 'delivering') return { id: row.id };
    if (isEnded(row.state)) return { id: await replay(tx, row, rules, now) };
    const plannedAt = row.planned_at ?? row.due_at;
    await tx.run(
      "UPDATE deliveries SET due_at = ?, planned_at = ?, next_trigger = 'manual' WHERE id = ? AND due_at IS NOT NULL",
      now,
      plannedAt,
      row.id,
    );
    await handOrWait(tx, rules, { ...row, planned_at: plannedAt, next_trigger: 'manual' }, now);
    return { id: row.id };
  }

  /** A new delivery of the same event to the same webhook, under the original's number. */
  async function replay(tx: Tx, row: HandedRow, rules: WebhookRules, now: number): Promise<DeliveryId> {
    const id = tx.ids.make('dlv', now);
    const { event_id, event_type, sequence } = row;
    await tx.run(
      INSERT,
      id,
      event_id,
      event_type,
      rules.id,
      sequence,
      'pending',
      now,
      'replay',
      null,
      row.id,
      idTime(id),
    );
    const fresh = {
      attempt_count: 0,
      tries: 0,
      planned_at: null,
      method: null,
      content_type: null,
      body_id: null,
      body: null,
    };
    await handOrWait(tx, rules, { ...row, ...fresh, id, next_trigger: 'replay' }, now);
    return id;
  }

  async function handOrWait(tx: Tx, rules: WebhookRules, row: HandedRow, now: number): Promise<void> {
    if (slots.free(rules.id, lineOf(rules)) > 0) await hand(tx, rules, row);
    else waitForSlot(rules, now);
  }

  async function cancelOpen(tx: Tx, webhookId: string, now: number): Promise<{ isMore: boolean }> {
    const rows = await tx.all<{ id: string }>(
      "SELECT id FROM deliveries WHERE webhook_id = ? AND (due_at IS NOT NULL OR state = 'delivering') LIMIT ?",
      webhookId,
      ORPHANS_A_STEP,
    );
    await tx.runMany(
      CANCEL,
      rows.map((row) => ['webhook_deleted', now, row.id]),
    );
    return { isMore: rows.length === ORPHANS_A_STEP };
  }

  const handlers: Handler[] = [
    handleCommand(settleAttempts, async (tx, { settlements, now }) => {
      for (const settlement of settlements) await settle(tx, settlement, now);
      await refill(tx, now);
      return null;
    }),
    handleCommand(claimDue, async (tx, { webhookId, now }) => {
      const rules = await webhooks.find(tx, webhookId);
      if (rules !== null) await claim(tx, rules, now);
      return null;
    }),
    handleCommand(releaseHanded, async (tx, { deliveries, dueAt, now, isStopping }) => {
      for (const { id, webhookId } of deliveries) {
        giveSlot(tx, webhookId);
        await tx.run(RELEASE, dueAt, id, bootId);
      }
      if (!isStopping) await refill(tx, now);
      return null;
    }),
    handleCommand(rescueAbandoned, async (tx, { now }) => {
      const rows = await tx.all<{ id: DeliveryId; attempt_count: number; next_trigger: Trigger }>(
        "SELECT id, attempt_count, next_trigger FROM deliveries WHERE state = 'delivering' AND held_by <> ?",
        bootId,
      );
      for (const row of rows) await rescue(tx, row, now);
      return rows.length;
    }),
    handleCommand(retryDelivery, (tx, { id, now }) => retry(tx, id, now)),
    handleCommand(cancelDelivery, async (tx, { id, now }) => {
      const row = await load(tx, id);
      const changes = await tx.run(CANCEL, 'cancelled', now, id);
      if (changes === 0) throw new Refusal('conflict', `This delivery has ended as ${row.state}.`);
      return null;
    }),
    handleCommand(removeWebhook, async (tx, { id, now }) => {
      const isFound = await webhooks.remove(tx, id, now);
      return { isFound, ...(isFound ? await cancelOpen(tx, id, now) : { isMore: false }) };
    }),
    handleCommand(cancelOrphans, (tx, { webhookId, now }) => cancelOpen(tx, webhookId, now)),
    handleQuery(orphanedWebhooks, async (tx) => {
      const rows = await tx.all<{ id: string }>(
        'SELECT id FROM webhooks w WHERE deleted_at IS NOT NULL AND EXISTS (SELECT 1 FROM deliveries d WHERE d.webhook_id = w.id AND d.due_at IS NOT NULL)',
      );
      return rows.map((row) => row.id);
    }),
    handleCommand(recordTest, async (tx, { event, delivery, attempt }) => {
      await publish(tx, event);
      const { id, webhookId, sent } = delivery;
      await tx.run(
        INSERT,
        id,
        event.id,
        event.type,
        webhookId,
        null,
        'delivering',
        null,
        'manual',
        bootId,
        null,
        idTime(id),
      );
      await tx.run(INSERT_BODY, sent.bodyId, sent.body);
      await insertAttempt(tx, id, attempt);
      const state = attempt.outcome === 'delivered' ? 'delivered' : 'exhausted';
      const reason = state === 'exhausted' ? 'attempts_spent' : null;
      const next = { state, reason, tries: 1 } as const;
      const settlement = { id, webhookId, attempt, firstSent: sent, next, holdUntil: null, isGone: false, news: null };
      await settleState(tx, settlement, attempt.startedAt + Math.ceil(attempt.durationMs));
      return null;
    }),
  ];

  return { owe, handlers };
}

/** Ends the attempt that a vanished process was making, of which nobody knows whether it was sent. */
async function rescue(
  tx: Tx,
  row: { id: DeliveryId; attempt_count: number; next_trigger: Trigger },
  now: number,
): Promise<void> {
  const number = row.attempt_count + 1;
  await insertAttempt(tx, row.id, {
    number,
    trigger: row.next_trigger,
    startedAt: now,
    durationMs: 0,
    outcome: 'unknown',
    request: null,
    response: null,
    error: null,
  });
  await tx.run(
    "UPDATE deliveries SET state = CASE tries WHEN 0 THEN 'pending' ELSE 'retrying' END, due_at = ?, next_trigger = 'recovery', attempt_count = ?, held_by = NULL WHERE id = ? AND state = 'delivering'",
    now,
    number,
    row.id,
  );
}

async function insertAttempt(tx: Tx, id: DeliveryId, attempt: AttemptRecord): Promise<void> {
  const { number, trigger, startedAt, durationMs, outcome, request, response, error } = attempt;
  await tx.run(
    INSERT_ATTEMPT,
    id,
    number,
    trigger,
    startedAt,
    durationMs,
    outcome,
    request?.method ?? null,
    request?.url ?? null,
    request?.headers ?? null,
    request?.bodyId ?? null,
    response?.status ?? null,
    response?.headers ?? null,
    response?.body ?? null,
    response === null ? null : Number(response.truncated),
    error?.code ?? null,
    error?.message ?? null,
  );
}

import type { Verdicts } from './invariants.ts';
import type {
  AttemptRow,
  DefaultsRow,
  DeletedRow,
  DeliveryRow,
  EventRow,
  JournalRow,
  ReplayRow,
  WebhookRow,
} from './journal.ts';
import {
  type DeliveryPicture,
  type EventPicture,
  type LifePicture,
  type Picture,
  type ReplayPicture,
  subjectsOf,
} from './picture.ts';
import {
  type Facts,
  factsOf,
  hasEnded,
  inconsistency,
  isExhaustionTold,
  mayBecome,
  owedTo,
  type Settings,
} from './rules.ts';
import type { Trace } from './trace.ts';

/** Looks at what was committed, in order, and judges it. */
export interface CommitWitness {
  /** Called with what one commit has written. Returns the webhooks that are others now, in the order of the changes. */
  committed(rows: readonly JournalRow[]): Facts[];
}

interface Options {
  picture: Picture;
  verdicts: Verdicts;
  trace: Trace;
  now: () => number;
  retentionMs: number;
}

/** What the rest of a commit still owes. */
interface Debts {
  events: EventPicture[];
  /** News that must be published with the change: `webhook.paused wh_…`, with how often. */
  news: Map<string, number>;
  /** Until when webhooks must be left alone, by number. */
  holds: Map<number, number>;
  completed: ReplayPicture[];
}

export function createCommitWitness({ picture, verdicts, trace, now, retentionMs }: Options): CommitWitness {
  const lastSequence = new Map<number, number>();
  let lastEvent = 0;
  let debts: Debts = noDebts();
  let changed: Facts[] = [];

  function oweNews(type: string, id: string, count: number): void {
    const key = `${type} ${id}`;
    debts.news.set(key, (debts.news.get(key) ?? 0) + count);
  }

  // ── webhooks ─────────────────────────────────────────────────────────────────────────────────────────────────────

  function onWebhook(row: WebhookRow): void {
    const before = picture.webhooks.get(row.number);
    const facts = take(row);
    const isPauseMoved = (before?.isPaused ?? false) !== facts.isPaused;
    if (isPauseMoved) oweNews(facts.isPaused ? 'webhook.paused' : 'webhook.recovered', row.id, 1);
    const isOpen = facts.breakerOpenedAt > 0;
    if (!(isPauseMoved || isOpen) && (before?.breakerOpenedAt ?? 0) > 0) oweNews('webhook.recovered', row.id, 1);
    const hold = debts.holds.get(row.number);
    if (hold !== undefined && facts.holdUntil >= hold) debts.holds.delete(row.number);
    const state = facts.isDeleted ? 'deleted' : facts.isPaused ? 'paused' : facts.isEnabled ? 'active' : 'disabled';
    const holdText = facts.holdUntil > now() ? `, held for ${facts.holdUntil - now()} ms` : '';
    const probeText = isOpen ? `, failing, probed in ${facts.probeAt - now()} ms` : '';
    trace.note(`store    w${row.number} is ${state}${holdText}${probeText}`, `w${row.number}`);
  }

  function take(row: WebhookRow): Facts {
    const facts = factsOf(row, picture.shared);
    picture.webhookRows.set(row.number, row);
    picture.webhooks.set(row.number, facts);
    picture.webhooksById.set(row.id, facts);
    changed.push(facts);
    return facts;
  }

  function onDefaults({ value }: DefaultsRow): void {
    picture.shared = JSON.parse(value) as Settings;
    for (const row of picture.webhookRows.values()) take(row);
    trace.note(`store    webhooks inherit ${value}`);
  }

  // ── events ───────────────────────────────────────────────────────────────────────────────────────────────────────

  function onEvent(row: EventRow): void {
    if (row.sequence !== lastEvent + 1) verdicts.violated('eventNumbers', `event ${row.sequence} follows ${lastEvent}`);
    lastEvent = row.sequence;
    const data = JSON.parse(row.data) as { marker?: string; webhook?: { id: string }; delivery?: { id: string } };
    const owed = owedTo(row, picture.webhooks.values());
    const event = {
      row,
      marker: data.marker ?? null,
      owedCount: owed.length,
      missing: new Set(owed.map(({ number }) => number)),
      isPruned: false,
    };
    picture.events.set(row.sequence, event);
    picture.eventsById.set(row.id, event);
    debts.events.push(event);
    if (/^webhook\.(paused|recovered)$/.test(row.type)) oweNews(row.type, data.webhook?.id ?? '', -1);
    if (row.type === 'delivery.exhausted') oweNews(row.type, data.delivery?.id ?? '', -1);
    const names = owed.map(({ number }) => `w${number}` as const);
    trace.note(
      `store    e${row.sequence} ${row.type} ${event.marker ?? ''} is owed to ${names.join(' ') || 'nobody'}`,
      `e${row.sequence}`,
    );
  }

  // ── deliveries ───────────────────────────────────────────────────────────────────────────────────────────────────

  function onDelivery(row: DeliveryRow, life: LifePicture): void {
    const known = picture.deliveries.get(row.number);
    const wrong = inconsistency(row, life.bootId);
    if (wrong !== null) verdicts.violated('life', `d${row.number} ${wrong}`, row.id);
    if (known === undefined) onNewDelivery(row);
    else onChangedDelivery(known, row);
  }

  function onNewDelivery(row: DeliveryRow): void {
    const isTest = row.sequence === null && row.replayOf === null && row.replay === null;
    const changedAt = now();
    const delivery: DeliveryPicture = {
      row,
      changedAt,
      attempts: [],
      tries: 0,
      plannedAt: null,
      sends: [],
      content: null,
      isTest,
    };
    picture.deliveries.set(row.number, delivery);
    picture.deliveriesById.set(row.id, delivery);
    trace.note(`store    d${row.number} is made, ${row.state}, trigger ${row.trigger}`, ...subjectsOf(delivery));
    if (row.replay !== null) onReplayed(delivery, row.replay);
    else if (row.replayOf !== null) judgeRetried(row);
    else if (!isTest) judgeOwed(row);
  }

  /** Made by a replay: once more what was sent before, or what was never owed, under the next number. */
  function onReplayed(delivery: DeliveryPicture, number: number): void {
    const { row } = delivery;
    const replay = picture.replays.get(number);
    const key = `e${row.eventSequence} w${row.webhookNumber}`;
    if (replay === undefined || replay.row.state !== 'running' || replay.made.has(key))
      verdicts.violated(
        'replays',
        `d${row.number} is made by r${number}: ${key} a second time, or after its end`,
        row.id,
      );
    replay?.made.set(key, delivery);
    if (row.replayOf === null) {
      judgeSequence(row);
      return;
    }
    const first = picture.deliveriesById.get(row.replayOf);
    if (first === undefined || first.row.sequence !== row.sequence)
      verdicts.violated('replays', `d${row.number} repeats ${row.replayOf}, which it does not fit`, row.id);
    if (row.bodyHash !== null) delivery.content = first?.sends.find(({ isLogged }) => isLogged)?.content ?? null;
  }

  function onReplay(row: ReplayRow): void {
    const replay = picture.replays.get(row.number) ?? { row, changedAt: now(), made: new Map() };
    picture.replays.set(row.number, replay);
    if (row.state !== replay.row.state || row.made === 0)
      trace.note(`store    r${row.number} (${row.body}) is ${row.state}, ${row.made} of ${row.count} made`);
    replay.row = row;
    replay.changedAt = now();
    if (row.state === 'completed') debts.completed.push(replay);
  }

  function judgeCompleted({ row, made }: ReplayPicture): void {
    const { count, skipped } = row;
    const open = [...made.values()].filter((delivery) => !hasEnded(delivery.row.state)).length;
    if (open > 0 || made.size + skipped !== count) {
      const numbers = `${made.size} made, ${skipped} skipped, ${open} open, of ${count}`;
      verdicts.violated('replays', `r${row.number} is completed with ${numbers}`);
    }
  }

  function judgeRetried(row: DeliveryRow): void {
    const first = picture.deliveriesById.get(row.replayOf as string)?.row;
    if (first === undefined || !hasEnded(first.state) || first.sequence !== row.sequence)
      verdicts.violated('byHand', `d${row.number} is a replay of ${row.replayOf}, which it does not fit`, row.id);
  }

  function judgeOwed(row: DeliveryRow): void {
    const { number, webhookNumber, eventSequence } = row;
    if (picture.events.get(eventSequence)?.missing.delete(webhookNumber) !== true)
      verdicts.violated('owed', `d${number}: e${eventSequence} is not owed to w${webhookNumber}, or twice`, row.id);
    judgeSequence(row);
  }

  function judgeSequence({ number, id, webhookNumber, sequence }: DeliveryRow): void {
    const last = lastSequence.get(webhookNumber) ?? 0;
    if (sequence !== last + 1) {
      verdicts.violated('sequence', `d${number} has the number ${sequence} of w${webhookNumber} after ${last}`, id);
    }
    lastSequence.set(webhookNumber, sequence as number);
  }

  function onChangedDelivery(delivery: DeliveryPicture, row: DeliveryRow): void {
    const before = delivery.row;
    delivery.row = row;
    delivery.changedAt = now();
    if (!mayBecome(before.state, row.state))
      verdicts.violated('life', `d${row.number} goes from ${before.state} to ${row.state}`, row.id);
    if (row.state !== before.state || row.dueAt !== before.dueAt) noteChange(delivery);
    if (delivery.isTest) return;
    if (before.state === 'delivering' && row.state !== 'delivering') onLetGo(delivery, before);
    else if (!hasEnded(before.state)) onMoved(delivery, before);
    if (row.state === 'cancelled' && before.state !== 'cancelled') judgeCancelled(row);
    if (row.tries !== delivery.tries)
      verdicts.violated('decision', `d${row.number} counts ${row.tries} tries, and has used ${delivery.tries}`, row.id);
  }

  function noteChange(delivery: DeliveryPicture): void {
    const { number, state, dueAt, reason } = delivery.row;
    const why = reason === null ? '' : ` (${reason})`;
    const when = dueAt === null ? '' : dueAt > now() ? `, due in ${dueAt - now()} ms` : ', due';
    trace.note(`store    d${number} is ${state}${why}${when}`, ...subjectsOf(delivery));
  }

  /** It was open and in nobody's hands: it is taken in hand, tried by hand or cancelled. */
  function onMoved(delivery: DeliveryPicture, before: DeliveryRow): void {
    const { row } = delivery;
    if (row.state === 'delivering') {
      if (before.dueAt !== null && before.dueAt > now())
        verdicts.violated('decision', `d${row.number} is taken in hand before it is due`, row.id);
    } else if (row.state !== 'cancelled') {
      if (row.trigger !== 'manual')
        verdicts.violated('decision', `d${row.number} is changed while it waits, and nobody asked for it`, row.id);
      delivery.plannedAt ??= before.dueAt;
    }
  }

  /** It was in hand and is no more: an attempt was settled, it was given back, or it was cancelled. */
  function onLetGo(delivery: DeliveryPicture, before: DeliveryRow): void {
    const { row, attempts } = delivery;
    if (row.state === 'cancelled') return;
    const attempt = attempts.length > before.attemptCount ? attempts.at(-1) : undefined;
    if (attempt === undefined) {
      const isAsItWas = row.attemptCount === before.attemptCount && row.trigger === before.trigger;
      if (hasEnded(row.state) || !isAsItWas)
        verdicts.violated('life', `d${row.number} is ${row.state} without an attempt`, row.id);
      return;
    }
    if (row.attemptCount !== attempt.number)
      verdicts.violated(
        'attemptNumbers',
        `d${row.number} counts ${row.attemptCount} attempts of ${attempt.number}`,
        row.id,
      );
    if (attempt.outcome === 'unknown') {
      if (hasEnded(row.state) || row.trigger !== 'recovery')
        verdicts.violated('decision', `d${row.number} is ${row.state} after an attempt of unknown outcome`, row.id);
    } else {
      judgeSettled(delivery, attempt);
    }
  }

  function judgeSettled(delivery: DeliveryPicture, attempt: AttemptRow): void {
    const { row, sends } = delivery;
    const expected = sends.find(
      (sent) => sent.life === picture.life?.number && sent.attempt === attempt.number,
    )?.expected;
    // An attempt that was never sent has been reported already.
    if (expected === undefined || expected === null) return;
    delivery.tries = expected.tries;
    delivery.plannedAt = null;
    const { state, dueFrom, dueTo, holdUntil } = expected;
    if (row.state !== state) {
      verdicts.violated('decision', `d${row.number} is ${row.state}, and should be ${state}`, row.id);
      return;
    }
    if (state === 'retrying' && ((row.dueAt ?? 0) < dueFrom || (row.dueAt ?? 0) > dueTo)) {
      const wait = `${(row.dueAt ?? 0) - now()} ms from now, not ${dueFrom - now()} to ${dueTo - now()}`;
      verdicts.violated('decision', `d${row.number} is due ${wait}`, row.id);
    }
    if (state === 'exhausted' && isExhaustionTold(row.eventType)) oweNews('delivery.exhausted', row.id, 1);
    if (holdUntil > (picture.webhooks.get(row.webhookNumber)?.holdUntil ?? 0))
      debts.holds.set(row.webhookNumber, Math.max(holdUntil, debts.holds.get(row.webhookNumber) ?? 0));
  }

  function judgeCancelled(row: DeliveryRow): void {
    const isDeleted = picture.webhooks.get(row.webhookNumber)?.isDeleted ?? false;
    if (row.reason !== 'cancelled' && !(row.reason === 'webhook_deleted' && isDeleted))
      verdicts.violated('byHand', `d${row.number} is cancelled: ${row.reason}`, row.id);
  }

  function onAttempt(attempt: AttemptRow, life: LifePicture): void {
    const delivery = picture.deliveries.get(attempt.delivery);
    if (delivery === undefined) return;
    const { row, attempts, sends, isTest } = delivery;
    attempts.push(attempt);
    trace.note(
      `store    d${row.number} attempt ${attempt.number} (${attempt.trigger}) is ${attempt.outcome}`,
      ...subjectsOf(delivery),
    );
    if (attempt.number !== attempts.length)
      verdicts.violated(
        'attemptNumbers',
        `d${row.number}: attempt ${attempt.number} is the ${attempts.length}th`,
        row.id,
      );
    if (isTest) return;
    life.unsettled.delete(`${row.id} ${attempt.number}`);
    if (attempt.trigger !== row.trigger)
      verdicts.violated(
        'log',
        `d${row.number}: attempt ${attempt.number} was ${row.trigger}, not ${attempt.trigger}`,
        row.id,
      );
    if (attempt.outcome === 'unknown') {
      if (row.heldBy === life.bootId && !life.isStopping)
        verdicts.violated(
          'unknown',
          `d${row.number}: attempt ${attempt.number} is unknown to the process that made it`,
          row.id,
        );
      return;
    }
    const sent = sends.find((one) => one.life === life.number && one.attempt === attempt.number);
    const { response } = JSON.parse(attempt.exchange) as { response: { status: number } | null };
    if (sent === undefined || sent.answer?.outcome !== attempt.outcome || sent.status !== (response?.status ?? null))
      verdicts.violated('log', `d${row.number}: attempt ${attempt.number} was not as the log tells it`, row.id);
    if (sent !== undefined) sent.isLogged = true;
  }

  function onDeleted({ number, state, endedAt }: DeletedRow): void {
    if (!hasEnded(state) || (endedAt ?? 0) >= now() - retentionMs)
      verdicts.violated('retention', `d${number} was deleted while ${state}`);
  }

  function onPruned(sequence: number): void {
    const event = picture.events.get(sequence);
    if (event !== undefined) event.isPruned = true;
    trace.note(`store    e${sequence} is deleted`, `e${sequence}`);
  }

  function settleDebts(): void {
    for (const { row, missing } of debts.events) {
      if (missing.size > 0)
        verdicts.violated('owed', `e${row.sequence} has no delivery for w${[...missing].join(' w')}`);
    }
    for (const [what, count] of debts.news) {
      if (count !== 0) verdicts.violated('told', `${what} was told ${count > 0 ? 'too rarely' : 'too often'}`);
    }
    for (const replay of debts.completed) judgeCompleted(replay);
    for (const [number, until] of debts.holds)
      verdicts.violated('decision', `w${number} is not left alone for ${until - now()} ms as its receiver asked`);
    debts = noDebts();
  }

  function onRow(row: JournalRow, life: LifePicture): void {
    if (row.kind === 'webhook') onWebhook(row);
    else if (row.kind === 'defaults') onDefaults(row);
    else if (row.kind === 'replay') onReplay(row);
    else if (row.kind === 'event') onEvent(row);
    else if (row.kind === 'delivery') onDelivery(row, life);
    else if (row.kind === 'attempt') onAttempt(row, life);
    else if (row.kind === 'deleted') onDeleted(row);
    else onPruned(row.sequence);
  }

  return {
    committed(rows) {
      changed = [];
      for (const row of rows) onRow(row, picture.life as LifePicture);
      settleDebts();
      return changed;
    },
  };
}

function noDebts(): Debts {
  return { events: [], news: new Map(), holds: new Map(), completed: [] };
}

import { createAuthorizedSender, type Exchange, type Sender } from '../egress/index.ts';
import type { NewEvent } from '../events/index.ts';
import { type Clock, delay, type Timer } from '../kernel/clock.ts';
import { type EventId, type Ids, idTime, type WebhookId } from '../kernel/ids.ts';
import { formatInstantOrNull } from '../kernel/instants.ts';
import type { JsonObject } from '../kernel/json.ts';
import type { Random } from '../kernel/random.ts';
import type { InstanceFacts } from '../payloads/index.ts';
import { type Store, untilStored } from '../store/index.ts';
import type { TemplateRenderer } from '../templates/index.ts';
import { type Webhook, type WebhookDirectory, webhookFacts } from '../webhooks/index.ts';
import {
  afterFailure,
  afterStart,
  afterSuccess,
  concurrencyOf,
  HEALTHY,
  type Health,
  nextStartAt,
  type OpenBreaker,
  type Pace,
  paceOf,
  startsAllowed,
  withBreaker,
} from '../work/index.ts';
import { type AttemptRecord, unknownAttempt } from './attempts.store.ts';
import { type Decision, type DeliveryErrorCode, decide, tellsOfExhaustion } from './deliveries.state.ts';
import { cancelOrphans, claimDue, orphanedWebhooks, releaseHanded, rescueAbandoned } from './deliveries.store.ts';
import { CANCELLED, type Cancelled, DUE, type Due, HANDED, type Handed } from './handed.ts';
import { firstDue } from './log.store.ts';
import { maskEcho, maskEchoes } from './masking.ts';
import { type Outgoing, prepare } from './outgoing.ts';
import { type PackedHanded, unpackHanded } from './packing.ts';
import type { Settlement } from './settlement.ts';
import { createSettlements } from './settlements.ts';
import { renderTemplateBody, type TemplateBody, templateOf } from './template-body.ts';

/** What is told of each attempt when it has ended: one log line, and the metrics. */
export interface AttemptReport {
  deliveryId: string;
  eventId: string;
  eventType: string;
  webhookId: string;
  attempt: number;
  trigger: string;
  outcome: string;
  state: string;
  status: number | null;
  errorCode: string | null;
  errorMessage: string | null;
  durationMs: number;
  /** From the event's creation to the end of this attempt. */
  ageMs: number;
  nextAttemptAt: string | null;
}

export interface DispatcherDependencies {
  store: Store;
  directory: WebhookDirectory;
  egress: Pick<Sender, 'send' | 'forget'>;
  templates: Pick<TemplateRenderer, 'render'>;
  /** The content of an event that is being published right now, or null. */
  contentAtHand: (id: EventId) => JsonObject | null;
  clock: Clock;
  random: Random;
  ids: Ids;
  /** Who this instance says it is now. */
  instance: () => InstanceFacts;
  report: (report: AttemptReport) => void;
  /** Told when a webhook's breaker opens or closes. */
  reportBreaker: (report: { webhookId: WebhookId; isOpen: boolean }) => void;
  onFault: (error: unknown) => void;
}

/**
 * Sends deliveries. This file is the whole life of one:
 *
 * ```
 * handed by the store ─▶ in line ─▶ attempt: prepare, send ─▶ decide ─▶ settle ─▶ ended, or due again ─▶ claimed
 * ```
 *
 * The store decides what is in hand (`deliveries.store.ts`), `decide` what an attempt means (`deliveries.state.ts`).
 */
export interface Dispatcher {
  /** Takes over what a process that is gone left behind, then sends until it is stopped. */
  start(): Promise<void>;
  /** Sends nothing new, waits for what is under way, and writes down the rest as unknown when that takes too long. */
  stop(): Promise<void>;
  /** Requests under way now. */
  readonly underway: number;
}

type InHand = Handed & { content: () => JsonObject };

/** What came of an attempt: an exchange, or that there was none. */
export type Ending = Omit<Exchange, 'failure'> & { failure: { code: DeliveryErrorCode; message: string } | null };

/** An attempt that has ended. */
interface Ended {
  handed: Handed;
  /** Whether it was to find out if the receiver is back. */
  isProbe: boolean;
  /** Null where nothing was sent. */
  outgoing: Outgoing | null;
  exchange: Ending;
  startedAt: number;
}

/** The deliveries of one webhook that are in hand. Lanes share nothing but the process. */
interface Lane {
  webhookId: WebhookId;
  line: InHand[];
  underway: Set<InHand>;
  wakeUp: { timer: Timer; at: number } | null;
  /** How far its starts have got by the webhook's pace. */
  pacedTo: number;
  /** How its receiver does: always ahead of what the store has been told of it. */
  health: Health;
  /** Whether the breaker of `health` is in the webhook's record by now. */
  isBreakerStored: boolean;
  /** Whether what it may start is being claimed, and whether it has to be asked once more after that. */
  claiming: 'no' | 'once' | 'again';
}

const OVERLOAD_STATUSES: ReadonlySet<number> = new Set([429, 502, 503, 504]);
const OVERLOAD_CODES: ReadonlySet<string> = new Set(['timeout', 'connection_refused', 'connection_reset']);

const DRAIN_MS = 8_000;
/** For the last outcomes, should the disk have no room for them: the next start then finds them unknown. */
const LAST_WRITES_MS = 2_000;
const AFTER_FAULT_MS = 60_000;
/** How long before it may be started a delivery is claimed where the rate is limited, so that the claim costs no time. */
const CLAIM_AHEAD_MS = 100;

export function createDispatcher(dependencies: DispatcherDependencies): Dispatcher {
  const {
    store,
    directory,
    egress,
    templates,
    contentAtHand,
    clock,
    random,
    ids,
    instance,
    report,
    reportBreaker,
    onFault,
  } = dependencies;
  const lanes = new Map<WebhookId, Lane>();
  const authorized = createAuthorizedSender(egress, clock, maskEcho);
  const settlements = createSettlements({ store, clock, onSettled, onFault });
  const givenBack = new Set<Promise<unknown>>();
  let isStarted = false;
  let isStopping = false;
  let onQuiet: (() => void) | null = null;
  let underway = 0;

  function laneOf(webhookId: WebhookId): Lane {
    let lane = lanes.get(webhookId);
    if (lane === undefined) {
      lane = {
        webhookId,
        line: [],
        underway: new Set(),
        wakeUp: null,
        pacedTo: 0,
        health: HEALTHY,
        isBreakerStored: false,
        claiming: 'no',
      };
      const breaker = directory.get(webhookId)?.record.breaker ?? null;
      if (breaker !== null) Object.assign(lane, { health: withBreaker(breaker), isBreakerStored: true });
      lanes.set(webhookId, lane);
    }
    return lane;
  }

  // ── in line ──────────────────────────────────────────────────────────────────────────────────────────────────────

  store.subscribe<PackedHanded>(HANDED, (packed) => {
    const handed = unpackHanded(packed);
    const lane = laneOf(handed.webhookId);
    lane.line.push(Object.assign(handed, { content: contentOf(handed) }));
    pump(lane);
  });

  /** The event's data: what its publisher still has at hand, or the text that came with the delivery. */
  function contentOf({ event: { id, data } }: Handed): () => JsonObject {
    if (data !== null) return () => JSON.parse(data) as JsonObject;
    const content = contentAtHand(id);
    return () => {
      if (content === null) throw new Error(`The content of ${id} was let go too early.`);
      return content;
    };
  }

  /** Starts attempts while the webhook may be sent to and has concurrency left; gives back what may not be sent. */
  function pump(lane: Lane): void {
    const webhook = directory.get(lane.webhookId);
    if (isStopping || webhook === null || webhook.state !== 'active') {
      giveBack(lane, lane.line.splice(0));
      return;
    }
    if ((webhook.record.holdUntil ?? 0) > clock.now()) {
      giveBack(lane, takeFromLine(lane, isOnSchedule));
    }
    if (lane.health.breaker !== null) keepProbeAlone(lane, lane.health.breaker);
    const { maxConcurrency } = webhook.config.limits;
    const pace = paceOfWebhook(webhook);
    while (lane.line.length > 0 && lane.underway.size < concurrencyOf(lane.health, maxConcurrency)) {
      if (pace !== null && !mayStart(lane, pace)) return;
      void attempt(lane, webhook, lane.line.shift() as InHand);
    }
  }

  /** Leaves in line what is tried by hand, and when it is time for a probe the first of the rest. */
  function keepProbeAlone(lane: Lane, { probeAt }: OpenBreaker): void {
    const [probe, ...others] = takeFromLine(lane, isOnSchedule);
    if (probe === undefined) return;
    const mayProbe = probeAt <= clock.now() && lane.underway.size === 0;
    if (mayProbe) lane.line.unshift(probe);
    giveBack(lane, mayProbe ? others : [probe, ...others]);
  }

  /** Spends one start of a limited rate, if there is one. Either way the lane goes on when there is the next. */
  function mayStart(lane: Lane, pace: Pace): boolean {
    const now = clock.now();
    const isAllowed = nextStartAt(pace, lane.pacedTo, now) <= now;
    if (isAllowed) lane.pacedTo = afterStart(pace, lane.pacedTo, now);
    wake(lane, nextStartAt(pace, lane.pacedTo, now));
    return isAllowed;
  }

  /** What is cancelled while it is in line gives its slot back and is not sent. What is under way ends by itself. */
  store.subscribe<Cancelled>(CANCELLED, (numbers) => {
    const cancelled = new Set(numbers);
    for (const lane of lanes.values())
      giveBack(
        lane,
        takeFromLine(lane, ({ number }) => cancelled.has(number)),
      );
  });

  function giveBack(lane: Lane, line: readonly Handed[]): void {
    if (line.length === 0) return;
    const deliveries = line.map(({ number, webhookId }) => ({ number, webhookId }));
    const now = clock.now();
    const released = untilStored(clock, () => store.run(releaseHanded, { deliveries, dueAt: now, now, isStopping }));
    givenBack.add(released);
    released
      .then(() => wake(lane, directory.get(lane.webhookId)?.record.holdUntil ?? clock.now()), onFault)
      .finally(() => givenBack.delete(released));
  }

  // ── an attempt ───────────────────────────────────────────────────────────────────────────────────────────────────

  async function attempt(lane: Lane, webhook: Webhook, handed: InHand): Promise<void> {
    lane.underway.add(handed);
    underway += 1;
    const startedAt = clock.now();
    const isProbe = lane.health.breaker !== null && isOnSchedule(handed);
    try {
      const template = handed.sent === null ? templateOf(webhook) : null;
      const made = template === null ? null : await renderTemplate(webhook, handed, template);
      // A stop that could not wait for the template has written the attempt down.
      if (made !== null && !lane.underway.has(handed)) return;
      if (made?.body === null) {
        lane.underway.delete(handed);
        const exchange = unsent(made.fault, clock.now() - startedAt);
        conclude(lane, webhook, { handed, isProbe: false, outgoing: null, exchange, startedAt });
        return;
      }
      const subject = made === null ? handed : { ...handed, sent: made.body };
      const outgoing = prepare(webhook, subject, instance(), startedAt);
      const { auth } = webhook.config;
      const exchange = await (auth.type === 'oauth2'
        ? authorized.send(outgoing.request, auth)
        : egress.send(outgoing.request));
      if (lane.underway.delete(handed)) conclude(lane, webhook, { handed, isProbe, outgoing, exchange, startedAt });
    } catch (error) {
      // A mistake of ours, not the receiver's: it uses up no try, and is seen in the log.
      onFault(error);
      if (lane.underway.delete(handed)) settlements.add(unknownOf(handed, clock.now(), AFTER_FAULT_MS));
    } finally {
      underway -= 1;
      pump(lane);
      if (underway === 0) onQuiet?.();
    }
  }

  function renderTemplate(webhook: Webhook, { event, content }: InHand, template: string): Promise<TemplateBody> {
    const { id, type, occurredAt } = event;
    const data = event.data ?? JSON.stringify(content());
    const request = { template, event: { id, type, occurredAt, data } };
    return renderTemplateBody(webhook, request, { templates, instance: instance() });
  }

  /** Decides what the delivery becomes, and has it written down. */
  function conclude(lane: Lane, webhook: Webhook, { handed, isProbe, outgoing, exchange, startedAt }: Ended): void {
    const { config } = directory.get(handed.webhookId) ?? webhook;
    const now = clock.now();
    const { trigger, tries, plannedAt } = handed;
    const end = { trigger, tries, plannedAt, error: exchange.failure, isProbe, retryAfterMs: exchange.retryAfterMs };
    const decision = decide(end, config.retry, now, random.next());
    // A template that fails says nothing of the receiver.
    const breaker =
      outgoing === null ? null : examine(lane, webhook, { handed, isProbe, exchange, holdUntil: decision.holdUntil });
    const record = recordOf(handed, outgoing, exchange, startedAt);
    settlements.add({
      number: handed.number,
      webhookId: handed.webhookId,
      eventSequence: handed.event.sequence,
      attempt: record,
      status: exchange.response?.status ?? null,
      errorCode: exchange.failure?.code ?? null,
      errorMessage: exchange.failure?.message ?? null,
      firstSent: handed.sent === null ? (outgoing?.body ?? null) : null,
      next: nextOf(decision),
      holdUntil: decision.holdUntil,
      breaker,
      isGone: decision.isGone,
      news: decision.state === 'exhausted' ? exhaustedNews(webhook, handed, exchange.failure, now) : null,
    });
    report(reportOf(handed, exchange, decision, now));
    // Before what is in line is given back: the store must not hand it out again.
    if (breaker !== null) void settlements.flush();
  }

  /** Notes how the receiver did, and returns what that makes of the webhook's breaker; null where it stays as it is. */
  function examine(
    lane: Lane,
    webhook: Webhook,
    {
      handed,
      isProbe,
      exchange,
      holdUntil,
    }: Pick<Ended, 'handed' | 'isProbe' | 'exchange'> & { holdUntil: number | null },
  ): Settlement['breaker'] {
    const { maxConcurrency } = webhook.config.limits;
    const { breaker: before } = lane.health;
    if (exchange.failure === null) {
      lane.health = afterSuccess(lane.health, maxConcurrency);
      lane.isBreakerStored = false;
      // One that the store still holds to be open as well: it may have missed an earlier success.
      const isOpen = before !== null || (directory.get(lane.webhookId)?.record.breaker ?? null) !== null;
      if (before !== null) reportBreaker({ webhookId: lane.webhookId, isOpen: false });
      return isOpen ? { becomes: null } : null;
    }
    const failure = { delivery: handed.number, isProbe, isOverload: isOverload(exchange), holdUntil };
    lane.health = afterFailure(lane.health, failure, maxConcurrency, clock.now(), random.next());
    const { breaker: after } = lane.health;
    if (before === null) lane.isBreakerStored = false;
    if (before === null && after !== null) reportBreaker({ webhookId: lane.webhookId, isOpen: true });
    return after === before ? null : { becomes: after };
  }

  /** Goes by what the record says of the breaker, unless the lane knows something newer that is still to be stored. */
  function adoptBreaker(lane: Lane, webhook: Webhook | null): void {
    const stored = webhook?.record.breaker ?? null;
    const { breaker: own } = lane.health;
    if (stored === null) {
      // Somebody has resumed it: it is to be trusted again.
      if (own !== null && lane.isBreakerStored) lane.health = HEALTHY;
    } else if (own !== null && own.openedAt === stored.openedAt && own.probes === stored.probes) {
      lane.isBreakerStored = true;
      lane.health = withBreaker(stored);
    }
  }

  /** The event that tells of a delivery given up, or null where that would only breed more of them. */
  function exhaustedNews(webhook: Webhook, handed: Handed, error: Ending['failure'], now: number): NewEvent | null {
    if (!tellsOfExhaustion(handed.event.type)) return null;
    const attemptCount = handed.attemptCount + 1;
    const data = {
      webhook: webhookFacts(webhook),
      delivery: { id: handed.id, eventId: handed.event.id, eventType: handed.event.type, attemptCount, error },
    };
    const eventId = ids.make('evt', now);
    return {
      id: eventId,
      type: 'delivery.exhausted',
      occurredAt: now,
      createdAt: idTime(eventId),
      data: JSON.stringify(data),
      keys: { transferId: null, scheduleId: null, stationId: null, partnerId: null, webhookId: webhook.record.id },
    };
  }

  function onSettled({ webhookId, next }: Settlement): void {
    const breaker = lanes.get(webhookId)?.health.breaker ?? null;
    if (next.state === 'retrying') wake(laneOf(webhookId), next.dueAt);
    // What was to be a probe may have ended without a word of the receiver: its template failed.
    else if (breaker !== null) wake(laneOf(webhookId), breaker.probeAt);
  }

  // ── due again ────────────────────────────────────────────────────────────────────────────────────────────────────

  store.subscribe<Due>(DUE, ({ webhookId, at }) => wake(laneOf(webhookId), at));

  /** Has the lane claim what is due at `at`; an earlier wake-up already set will do as well. */
  function wake(lane: Lane, at: number): void {
    if (isStopping || (lane.wakeUp !== null && lane.wakeUp.at <= at)) return;
    lane.wakeUp?.timer.cancel();
    const timer = clock.after(Math.max(0, at - clock.now()), () => {
      lane.wakeUp = null;
      pump(lane);
      claim(lane);
    });
    lane.wakeUp = { timer, at };
  }

  function claim(lane: Lane): void {
    if (isStopping) return;
    const webhook = directory.get(lane.webhookId);
    const pace = webhook === null ? null : paceOfWebhook(webhook);
    if (pace === null) void ask(lane, null);
    else claimPaced(lane, pace);
  }

  /** Claims what may be started now or very soon. The rest waits in the store, where it takes no slot from anybody. */
  function claimPaced(lane: Lane, pace: Pace): void {
    if (lane.claiming !== 'no') {
      lane.claiming = 'again';
      return;
    }
    const now = clock.now();
    const most = startsAllowed(pace, lane.pacedTo, now, CLAIM_AHEAD_MS) - lane.line.length;
    if (most > 0) {
      lane.claiming = 'once';
      void ask(lane, most).finally(() => {
        const isOwed = lane.claiming === 'again';
        lane.claiming = 'no';
        if (isOwed) claim(lane);
      });
    } else if (lane.line.length === 0) wake(lane, nextStartAt(pace, lane.pacedTo, now));
    // Otherwise the start of what is in line brings us back.
  }

  async function ask(lane: Lane, most: number | null): Promise<void> {
    const { webhookId } = lane;
    await untilStored(clock, () => store.run(claimDue, { webhookId, now: clock.now(), most })).catch(onFault);
  }

  directory.onChange((id) => {
    if (!isStarted) return;
    const lane = laneOf(id as WebhookId);
    const webhook = directory.get(id);
    egress.forget(id);
    if (webhook?.config.auth.type !== 'oauth2') authorized.forget(id);
    adoptBreaker(lane, webhook);
    // What was handed out at the pace before would keep slots from others at this one.
    if (webhook !== null && paceOfWebhook(webhook) !== null) giveBack(lane, takeFromLine(lane, isOnSchedule));
    pump(lane);
    if (webhook?.state === 'active') claim(lane);
    if (webhook === null && lane.underway.size === 0) lanes.delete(lane.webhookId);
  });

  async function cancelLeftOvers(): Promise<void> {
    for (const webhookId of await store.read(orphanedWebhooks, null)) {
      let isMore = true;
      while (isMore) isMore = (await store.run(cancelOrphans, { webhookId, now: clock.now() })).isMore;
    }
  }

  // ── start and stop ───────────────────────────────────────────────────────────────────────────────────────────────

  function abandon(lane: Lane): void {
    for (const handed of lane.underway) settlements.add(unknownOf(handed, clock.now(), 0));
    lane.underway.clear();
  }

  return {
    get underway() {
      return underway;
    },
    async start() {
      isStarted = true;
      await store.run(rescueAbandoned, { now: clock.now() });
      const webhookIds = directory.list().map((webhook) => webhook.record.id);
      for (const { webhookId, at } of await store.read(firstDue, { webhookIds })) wake(laneOf(webhookId), at);
      void cancelLeftOvers().catch(onFault);
    },
    async stop() {
      isStopping = true;
      for (const lane of lanes.values()) {
        lane.wakeUp?.timer.cancel();
        pump(lane);
      }
      if (underway > 0) {
        await new Promise<void>((resolve) => {
          onQuiet = resolve;
          clock.after(DRAIN_MS, resolve);
        });
      }
      for (const lane of lanes.values()) abandon(lane);
      const written = Promise.all([Promise.allSettled(givenBack), settlements.flush()]);
      await Promise.race([written, delay(clock, LAST_WRITES_MS)]);
    },
  };
}

/** Whether it goes out when its turn comes: a try by hand goes first, and waits for no instant the receiver asked for. */
function isOnSchedule({ trigger, ofReplay }: Handed): boolean {
  return trigger !== 'manual' && (trigger !== 'replay' || ofReplay);
}

/** Takes out of the line what is so, and returns it. */
function takeFromLine(lane: Lane, isSo: (handed: Handed) => boolean): InHand[] {
  const taken = lane.line.filter(isSo);
  lane.line = lane.line.filter((handed) => !isSo(handed));
  return taken;
}

/** The pace that a webhook's limit sets, or null without one. */
function paceOfWebhook({ config }: Webhook): Pace | null {
  const { ratePerSecond } = config.limits;
  return ratePerSecond === null ? null : paceOf(ratePerSecond);
}

/** Whether the receiver, or what stands before it, seems to have had too much to do. */
function isOverload({ failure, response }: Ending): boolean {
  if (response !== null) return OVERLOAD_STATUSES.has(response.status);
  return failure !== null && OVERLOAD_CODES.has(failure.code);
}

function nextOf(decision: Decision): Settlement['next'] {
  const { tries } = decision;
  switch (decision.state) {
    case 'delivered':
      return { state: 'delivered', reason: null, tries };
    case 'exhausted':
      return { state: 'exhausted', reason: decision.reason, tries };
    case 'retrying':
      return { state: 'retrying', dueAt: decision.dueAt, tries, trigger: 'retry' };
  }
}

/** The attempt as the log keeps it. */
export function recordOf(
  { attemptCount, trigger }: Pick<Handed, 'attemptCount' | 'trigger'>,
  outgoing: Outgoing | null,
  { response, failure, durationMs }: Ending,
  startedAt: number,
): AttemptRecord {
  return {
    number: attemptCount + 1,
    trigger,
    startedAt,
    durationMs,
    outcome: failure === null ? 'delivered' : 'failed',
    bodyHash: outgoing?.body.hash ?? null,
    // A `LoggedExchange`, whose request is JSON already.
    exchange: `{"request":${outgoing?.shown ?? null},"response":${JSON.stringify(maskEchoes(response, outgoing?.secrets ?? []))},"error":${JSON.stringify(failure)}}`,
  };
}

/** What there is to tell of an attempt that sent nothing, because no body could be made. */
export function unsent(fault: string, durationMs: number): Ending {
  return {
    durationMs,
    response: null,
    failure: { code: 'template_error', message: `The template made no body: ${fault}` },
    retryAfterMs: null,
    remoteAddress: null,
    proxy: null,
    timings: null,
    certificate: null,
    tlsTrouble: null,
  };
}

/** What our own stop or mistake leaves of an attempt: nobody will hear its answer. It uses up no try. */
function unknownOf(handed: Handed, now: number, delayMs: number): Settlement {
  const { number, webhookId, event, attemptCount, trigger, tries } = handed;
  return {
    number,
    webhookId,
    eventSequence: event.sequence,
    attempt: unknownAttempt(attemptCount + 1, trigger, now),
    status: null,
    errorCode: null,
    errorMessage: null,
    firstSent: null,
    next: { state: 'retrying', dueAt: now + delayMs, tries, trigger: 'recovery' },
    holdUntil: null,
    breaker: null,
    isGone: false,
    news: null,
  };
}

function reportOf(handed: Handed, exchange: Ending, decision: Decision, now: number): AttemptReport {
  const { response, failure, durationMs } = exchange;
  return {
    deliveryId: handed.id,
    eventId: handed.event.id,
    eventType: handed.event.type,
    webhookId: handed.webhookId,
    attempt: handed.attemptCount + 1,
    trigger: handed.trigger,
    outcome: failure === null ? 'delivered' : 'failed',
    state: decision.state,
    status: response?.status ?? null,
    errorCode: failure?.code ?? null,
    errorMessage: failure?.message ?? null,
    durationMs,
    ageMs: now - idTime(handed.event.id),
    nextAttemptAt: formatInstantOrNull(decision.state === 'retrying' ? decision.dueAt : null),
  };
}

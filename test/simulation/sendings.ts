import type { OutboundRequest } from '../../src/egress/index.ts';
import type { Verdicts } from './invariants.ts';
import { type DeliveryPicture, type LifePicture, type Picture, type Sent, subjectsOf } from './picture.ts';
import { consequence, type Facts, type Failing, hasEnded, noteAttempt, triesOf, type Verdict } from './rules.ts';
import type { Trace } from './trace.ts';

/** Looks at every request that leaves, and at what comes of it. */
export interface SendWitness {
  /** The main thread has given the request away. Null for one that is no delivery's: a connection test. */
  sent(request: OutboundRequest): Sent | null;
  /** The connection has brought an answer or an error, of which the main thread does not know yet. */
  closed(sent: Sent, verdict: Verdict, status: number | null): void;
  /** The main thread is told that a webhook is another now. */
  told(facts: Facts): void;
  /** The main thread hears of it now. */
  heard(sent: Sent, verdict: Verdict): void;
  /** The receiver has taken it and said so. */
  accepted(sent: Sent): void;
  /** Whether the receiver has ever taken that attempt. */
  wasAccepted(deliveryId: string, attempt: number): boolean;
  /** Somebody was told that the delivery is cancelled. */
  cancelled(deliveryId: string): void;
}

interface Options {
  picture: Picture;
  verdicts: Verdicts;
  trace: Trace;
  now: () => number;
  maxInFlight: number;
}

/** How much earlier than its rate says a start may come, in ms, so that late timers cost nothing. */
const LATENESS_MS = 21;
/** How many starts are held against each other. */
const MOST_STARTS = 20;

export function createSendWitness({ picture, verdicts, trace, now, maxInFlight }: Options): SendWitness {
  const deliveryOf = new WeakMap<Sent, DeliveryPicture>();
  const accepted = new Set<string>();
  const cancelled = new Set<string>();
  /** Requests without an answer, by webhook. */
  const open = new Map<number, Set<Sent>>();
  /** The most tries that any plan of a webhook has allowed. */
  const mostTries = new Map<number, number>();
  /** The latest starts of webhooks under one rate, in one life. */
  const paces = new Map<number, { life: number; rate: number | null; starts: number[] }>();
  /** How the receivers do, as this life has heard it; `isStored`: the store was seen to know of it. */
  const failing = new Map<number, Failing & { life: number; isStored: boolean }>();
  /** What had been taken by its receiver and was sent again, by the life that ended in between. */
  const repeated = new Map<number, Set<string>>();

  function sent(request: OutboundRequest): Sent | null {
    const life = picture.life as LifePicture;
    const headers = headersOf(request);
    const delivery = picture.deliveriesById.get(headers.get('x-waybill-delivery') ?? '');
    if (delivery === undefined) {
      if (request.fresh !== true) verdicts.violated('onlyInHand', `a request for no delivery: ${request.url}`);
      return null;
    }
    const views = picture.views.get(request.lane) ?? [];
    const one: Sent = {
      life: life.number,
      attempt: Number(headers.get('x-waybill-attempt')),
      content: `${request.method} ${headers.get('content-type')} ${request.body}`,
      body: String(request.body),
      rendering: renderingOf(views),
      isProbe: isOnSchedule(delivery) && failingOf(delivery.row.webhookNumber, life, views.at(-1)).since !== null,
      answer: null,
      status: null,
      expected: null,
      isLogged: false,
    };
    deliveryOf.set(one, delivery);
    const [name, event, webhook] = subjectsOf(delivery);
    trace.note(`main     sends ${name} attempt ${one.attempt} (${delivery.row.trigger})`, name, event, webhook);
    judgeInHand(delivery, one, life);
    judgeHeaders(delivery, headers);
    judgeWebhook(delivery, request.url, views);
    if (one.isProbe) judgeProbe(delivery, life, views);
    judgeRepeats(delivery, life);
    judgeContent(delivery, one);
    judgeRate(delivery, life, views);
    delivery.sends.push(one);
    judgeNumbers(delivery, one, life, views);
    return one;
  }

  function judgeInHand({ row, attempts, sends }: DeliveryPicture, one: Sent, life: LifePicture): void {
    const name = `d${row.number}`;
    if (cancelled.has(row.id)) verdicts.violated('onlyInHand', `${name} is sent after it was cancelled`, row.id);
    const isInHand = row.state === 'delivering' && row.heldBy === life.bootId;
    // Cancelled, or deleted with its webhook, and nobody has been told of it yet.
    if (!isInHand && row.state !== 'cancelled')
      verdicts.violated('onlyInHand', `${name} is sent while ${row.state}, held by ${row.heldBy}`, row.id);
    if (one.attempt !== attempts.length + 1)
      verdicts.violated('onlyInHand', `${name} is sent as attempt ${one.attempt} after ${attempts.length}`, row.id);
    if (sends.some(({ life: number, attempt }) => number === one.life && attempt === one.attempt))
      verdicts.violated('onlyInHand', `${name} is sent twice as attempt ${one.attempt}`, row.id);
  }

  function judgeHeaders({ row }: DeliveryPicture, headers: ReadonlyMap<string, string>): void {
    const event = picture.events.get(row.eventSequence)?.row;
    const isRight =
      headers.get('webhook-id') === event?.id &&
      headers.get('x-waybill-event') === event?.type &&
      headers.get('x-waybill-sequence') === (row.sequence === null ? undefined : String(row.sequence));
    if (!isRight) verdicts.violated('sameBytes', `d${row.number} is sent with the headers of another`, row.id);
  }

  function failingOf(webhook: number, life: LifePicture, facts: Facts | undefined) {
    let known = failing.get(webhook);
    if (known?.life !== life.number) {
      const since = facts === undefined || facts.breakerOpenedAt === 0 ? null : facts.breakerOpenedAt;
      known = { life: life.number, count: 0, of: new Set(), since, isStored: since !== null };
      failing.set(webhook, known);
    }
    return known;
  }

  function judgeProbe({ row }: DeliveryPicture, life: LifePicture, views: readonly Facts[]): void {
    const underway = [...(open.get(row.webhookNumber) ?? [])].filter((other) => other.life === life.number);
    if (underway.length > 0)
      verdicts.violated('breaker', `d${row.number} is a probe beside ${underway.length} other attempts`, row.id);
    if (!views.some(({ probeAt }) => probeAt <= now()))
      verdicts.violated('breaker', `d${row.number} is a probe before it is time for one`, row.id);
  }

  function judgeWebhook({ row, tries }: DeliveryPicture, url: string, views: readonly Facts[]): void {
    const isByHand = !isOnSchedule({ row });
    const maySend = ({ isEnabled, isPaused, isDeleted, holdUntil }: Facts) =>
      isEnabled && !isPaused && !isDeleted && (isByHand || holdUntil <= now());
    if (!views.some(maySend)) verdicts.violated('held', `d${row.number} is sent: ${stateOf(views.at(-1))}`, row.id);
    if (!views.some((view) => view.url === url))
      verdicts.violated('held', `d${row.number} is sent to ${url}, which is not the webhook's`, row.id);
    const isPlanned = row.trigger === 'initial' || row.trigger === 'retry';
    const most = notePlans(row.webhookNumber, views);
    if (isPlanned && tries >= most)
      verdicts.violated('decision', `d${row.number} is tried once more after ${tries} tries of ${most}`, row.id);
  }

  function notePlans(webhook: number, views: readonly Facts[]): number {
    const most = Math.max(...views.map(({ plan }) => triesOf(plan)), mostTries.get(webhook) ?? 0);
    mostTries.set(webhook, most);
    return most;
  }

  function stateOf(facts: Facts | undefined): string {
    if (facts === undefined) return 'there is no such webhook';
    const { isDeleted, isPaused, isEnabled, holdUntil } = facts;
    if (isDeleted) return 'its webhook is deleted';
    if (isPaused || !isEnabled) return `its webhook is ${isEnabled ? 'paused' : 'disabled'}`;
    return `its webhook is to be left alone for ${holdUntil - now()} ms`;
  }

  function judgeRepeats({ row, sends }: DeliveryPicture, life: LifePicture): void {
    for (const earlier of sends) {
      const isDelivered = earlier.answer?.outcome === 'delivered';
      if (isDelivered && (earlier.life === life.number || earlier.isLogged))
        verdicts.violated('duplicates', `d${row.number} was delivered as attempt ${earlier.attempt}`, row.id);
      if (earlier.isLogged || earlier.life === life.number || !accepted.has(`${row.id} ${earlier.attempt}`)) continue;
      const again = (repeated.get(earlier.life) ?? new Set()).add(row.id);
      repeated.set(earlier.life, again);
      if (again.size > maxInFlight)
        verdicts.violated('duplicates', `${again.size} are sent again, of ${maxInFlight} in flight`, row.id);
    }
  }

  function judgeContent({ row, sends, content }: DeliveryPicture, one: Sent): void {
    if (content !== null && content !== one.content)
      verdicts.violated('sameBytes', `d${row.number} is sent as ${one.content}, and is to repeat ${content}`, row.id);
    const isSame = (rendering: string | null) => rendering !== null && rendering === one.rendering;
    // What a crash has swallowed may have been made by other settings than what was sent and logged after it.
    const before = sends.find(({ isLogged }) => isLogged) ?? sends.find(({ rendering }) => isSame(rendering));
    if (before !== undefined && before.content !== one.content)
      verdicts.violated('sameBytes', `d${row.number} is sent as ${one.content}, and was as ${before.content}`, row.id);
    const marker = picture.events.get(row.eventSequence)?.marker ?? '';
    if (!one.body.includes(marker))
      verdicts.violated('sameBytes', `d${row.number} is sent with the content of another event`, row.id);
  }

  function judgeNumbers({ row }: DeliveryPicture, one: Sent, life: LifePicture, views: readonly Facts[]): void {
    life.unsettled.add(`${row.id} ${one.attempt}`);
    if (life.unsettled.size > maxInFlight)
      verdicts.violated('inFlight', `${life.unsettled.size} are sent and not settled, of ${maxInFlight}`, row.id);
    const underway = open.get(row.webhookNumber) ?? new Set();
    open.set(row.webhookNumber, underway.add(one));
    const count = [...underway].filter((other) => other.life === one.life).length;
    const limit = Math.max(...views.map(({ maxConcurrency }) => maxConcurrency));
    if (count > limit)
      verdicts.violated('concurrency', `w${row.webhookNumber} has ${count} under way, of ${limit}`, row.id);
  }

  /** Between any two starts under one rate, with what it allows a timer to be late. */
  function judgeRate({ row }: DeliveryPicture, life: LifePicture, views: readonly Facts[]): void {
    const rates = new Set(views.map(({ ratePerSecond }) => ratePerSecond));
    const [rate = null] = rates;
    const before = paces.get(row.webhookNumber);
    const isSame = before?.life === life.number && before.rate === rate && rates.size === 1;
    const starts = isSame ? before.starts : [];
    for (const [index, at] of starts.entries()) {
      const leastMs = ((starts.length - index) * 1000) / (rate ?? Number.POSITIVE_INFINITY) - LATENESS_MS;
      if (now() - at < leastMs) {
        const count = starts.length - index + 1;
        verdicts.violated('rate', `w${row.webhookNumber} has ${count} starts in ${now() - at} ms`, row.id);
      }
    }
    paces.set(row.webhookNumber, { life: life.number, rate, starts: [...starts, now()].slice(-MOST_STARTS) });
  }

  return {
    sent,
    closed(one, verdict, status) {
      const delivery = deliveryOf.get(one) as DeliveryPicture;
      one.answer = verdict;
      one.status = status;
      open.get(delivery.row.webhookNumber)?.delete(one);
    },
    heard(one, verdict) {
      const delivery = deliveryOf.get(one) as DeliveryPicture;
      const { row, tries, plannedAt } = delivery;
      const facts = picture.webhooks.get(row.webhookNumber);
      const views = picture.views.get(facts?.id ?? '') ?? [];
      const plan = views.at(-1)?.plan;
      const said = verdict.outcome === 'delivered' ? 'was taken' : verdict.isGone ? 'is gone' : 'failed';
      const wait = verdict.retryAfterMs === null ? '' : `, retry after ${verdict.retryAfterMs} ms`;
      trace.note(`main     hears of d${row.number} attempt ${one.attempt}: ${said}${wait}`, ...subjectsOf(delivery));
      const ofReceiver = failingOf(row.webhookNumber, picture.life as LifePicture, views.at(-1));
      const wasFailing = ofReceiver.since !== null;
      noteAttempt(ofReceiver, row.number, { ...verdict, at: now() });
      if (wasFailing !== (ofReceiver.since !== null)) ofReceiver.isStored = false;
      if (plan === undefined || hasEnded(row.state)) return;
      notePlans(row.webhookNumber, views);
      const overtaken = row.trigger === 'manual' ? plannedAt : null;
      one.expected = consequence(
        { ...verdict, at: now() },
        { plan, tries, plannedAt: overtaken, isProbe: one.isProbe },
      );
    },
    told(facts) {
      const ofReceiver = failingOf(facts.number, picture.life as LifePicture, facts);
      if (facts.breakerOpenedAt > 0 && facts.breakerOpenedAt === ofReceiver.since) ofReceiver.isStored = true;
      // Somebody has resumed it.
      const isForgotten = facts.breakerOpenedAt === 0 && ofReceiver.since !== null && ofReceiver.isStored;
      if (isForgotten) Object.assign(ofReceiver, { count: 0, of: new Set(), since: null, isStored: false });
    },
    accepted(one) {
      const { row } = deliveryOf.get(one) as DeliveryPicture;
      accepted.add(`${row.id} ${one.attempt}`);
    },
    wasAccepted: (deliveryId, attempt) => accepted.has(`${deliveryId} ${attempt}`),
    cancelled: (deliveryId) => cancelled.add(deliveryId),
  };
}

/** Whether it goes out when its turn comes, and not because somebody asked for it. */
function isOnSchedule({ row }: Pick<DeliveryPicture, 'row'>): boolean {
  return row.trigger !== 'manual' && (row.trigger !== 'replay' || row.replay !== null);
}

/** The settings that a first attempt is made by; null while they change. */
function renderingOf(views: readonly Facts[]): string | null {
  const [rendering, ...others] = new Set(views.map((view) => view.rendering));
  return others.length === 0 ? (rendering ?? null) : null;
}

function headersOf({ headers }: OutboundRequest): Map<string, string> {
  const named = new Map<string, string>();
  for (let i = 0; i < headers.length; i += 2) named.set(headers[i] as string, headers[i + 1] as string);
  return named;
}

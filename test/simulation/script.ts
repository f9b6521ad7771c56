import type { ReplayRequest } from '../../src/deliveries/replays.ts';
import type { WebhookId } from '../../src/kernel/ids.ts';
import type { GivenSettings } from '../../src/webhooks/webhooks.schemas.ts';
import type { Dice } from './dice.ts';
import { MANNERS, type Manner } from './receivers.ts';
import type { Pace } from './timeline.ts';

/** What is to happen in a run, as far as it can be said beforehand. Times are milliseconds. */
export interface Script {
  maxInFlight: number;
  retentionDays: number;
  pace: Pace;
  /** How long publishers publish and faults happen. */
  busyMs: number;
  webhooks: number;
  /** What receivers, plans and people are like in this run, and how many webhooks limit their rate. */
  manners: readonly Manner[];
  plans: readonly Plan[];
  acts: readonly Act[];
  ratedShare: number;
  publishers: number;
  publications: number;
  /** Whether somebody publishes more at once than a commit should hold. */
  isFlooded: boolean;
  /** How many times people step in. */
  interventions: number;
  crashes: number;
  /** How likely each step is followed by a crash, while there are some left. */
  crashShare: number;
  stops: number;
  fullDisks: number;
  brokenDisks: number;
}

/** Nobody can keep things for as short as that, but few runs last for a day. */
const MINUTE_IN_DAYS = 1 / (24 * 60);

const PACES: readonly Pace[] = [
  { slowShare: 0.1, slowMs: 5, stallShare: 0, stallMs: 0 },
  { slowShare: 0.5, slowMs: 20, stallShare: 0.02, stallMs: 50 },
  { slowShare: 0.3, slowMs: 400, stallShare: 0.01, stallMs: 1_000 },
];

/** What people do, and how often of a hundred times. */
const ACTS = {
  create: 3,
  delete: 3,
  pause: 14,
  resume: 18,
  change: 20,
  'set-for-all': 4,
  replay: 7,
  'cancel-replay': 3,
  test: 2,
  retry: 10,
  cancel: 16,
} as const;

export type Act = keyof typeof ACTS;

/** What somebody does next. */
export function nextAct(dice: Dice, { acts }: Script): Act {
  return dice.pick(acts.flatMap((act) => Array<Act>(ACTS[act]).fill(act)));
}

/**
 * Each run has some of the manners, plans and acts, and not a little of everything: what takes several of one kind together
 * then happens far more often (Groce et al., Swarm Testing, ISSTA 2012).
 */
export function writeScript(dice: Dice): Script {
  const publications = dice.within(5, 25);
  const crashes = dice.pick([0, 0, 1, 1, 2, 4]);
  return {
    maxInFlight: dice.pick([2, 2, 3, 4, 8, 64]),
    retentionDays: dice.pick([MINUTE_IN_DAYS, 1, 30]),
    pace: dice.pick(PACES),
    busyMs: dice.pick([5_000, 30_000, 120_000, 600_000]),
    webhooks: dice.within(1, 4),
    manners: someOf(dice, MANNERS),
    plans: someOf(dice, PLANS),
    acts: someOf(dice, Object.keys(ACTS) as Act[]),
    ratedShare: dice.pick([0, 0.1, 0.1, 0.8]),
    publishers: dice.within(1, 3),
    publications,
    isFlooded: dice.hit(0.01),
    interventions: dice.pick([0, 3, 10, 30, 50]),
    crashes,
    crashShare: crashes / (publications * dice.within(5, 40)),
    stops: dice.pick([0, 1, 1, 2]),
    fullDisks: dice.pick([0, 0, 1, 2]),
    brokenDisks: dice.pick([0, 0, 0, 0, 1]),
  };
}

function someOf<T>(dice: Dice, all: readonly T[]): T[] {
  const share = dice.pick([0.2, 0.5, 1]);
  const some = all.filter(() => dice.hit(share));
  return some.length > 0 ? some : [dice.pick(all)];
}

type Plan = NonNullable<GivenSettings['retry']>;

const PLANS: readonly Plan[] = [
  { strategy: 'delays', delaysMs: [] },
  { strategy: 'fixed', maxAttempts: 1, delayMs: 0, jitter: 0 },
  { strategy: 'delays', delaysMs: [0, 1_000] },
  { strategy: 'delays', delaysMs: [1_000, 5_000, 60_000, 3_600_000], jitter: 1 },
  { strategy: 'fixed', maxAttempts: 3, delayMs: 2_000, jitter: 0 },
  { strategy: 'fixed', maxAttempts: 6, delayMs: 0, jitter: 0 },
  { strategy: 'exponential', maxAttempts: 5, initialDelayMs: 500, factor: 3, maxDelayMs: 10_000, jitter: 0.5 },
];

const FILTERS = [
  [],
  [],
  ['*'],
  ['order.*'],
  ['order.placed', 'transfer.completed'],
  ['delivery.*', 'webhook.*', 'stock.*'],
];
const SCOPES = [
  {},
  {},
  {},
  { transferIds: ['t1'] },
  { stationIds: ['s1'] },
  { partnerIds: ['p1', 'p2'], stationIds: ['s1', 's2'] },
];

/** Settings of a webhook: some of its own, the rest inherited. */
export function webhookSettings(dice: Dice, script: Script) {
  const url = urlOf(dice, script);
  return {
    ...sharedSettings(dice, script),
    url: dice.pick([url, url, url, `/${dice.pick(script.manners)}/1`, null]),
    eventTypes: dice.pick(FILTERS),
    scope: dice.pick(SCOPES),
    routing: dice.hit(0.15) ? ('unmatched' as const) : ('always' as const),
  };
}

/** Settings for all webhooks. */
export function sharedSettings(dice: Dice, script: Script) {
  return {
    url: urlOf(dice, script),
    retry: dice.hit(0.1) ? null : structuredClone(dice.pick(script.plans)),
    timeoutMs: dice.pick([500, 2_000, 15_000]),
    limits: dice.hit(0.2) ? null : limitsOf(dice, script),
    ...rendering(dice),
  };
}

function urlOf(dice: Dice, { manners }: Script): string {
  return `https://receiver.example/${dice.pick(manners)}/${dice.within(1, 3)}`;
}

function limitsOf(dice: Dice, { ratedShare }: Script) {
  const maxConcurrency = dice.pick([1, 1, 1, 2, 4]);
  return { maxConcurrency, ...(dice.hit(ratedShare) ? { ratePerSecond: dice.pick([1, 5, 40]) } : {}) };
}

/** Settings that decide what a first attempt sends. */
function rendering(dice: Dice) {
  return {
    method: dice.pick(['POST', 'POST', 'PUT'] as const),
    payload: dice.pick([{ format: 'default' }, { format: 'standard' }] as const),
  };
}

/** A merge patch that changes one thing of a webhook, or switches it off or on. */
export function webhookPatch(dice: Dice, script: Script) {
  const { url, retry, limits, eventTypes, scope, routing, timeoutMs } = webhookSettings(dice, script);
  return dice.pick([
    { enabled: false },
    { enabled: true },
    { enabled: true },
    { url },
    { retry },
    { limits },
    { eventTypes },
    { eventTypes },
    { scope },
    { routing },
    { timeoutMs },
    rendering(dice),
    rendering(dice),
  ]);
}

const TYPES = ['order.placed', 'order.shipped', 'stock.low', 'transfer.completed', 'schedule.created'];

/** What somebody wants to be sent again: a stretch of the last minutes, to one webhook or to all. */
export function replayRequest(dice: Dice, webhookId: WebhookId, now: number): ReplayRequest {
  return {
    selection: {
      webhookId: dice.hit(0.8) ? webhookId : null,
      from: now - dice.within(0, 600_000),
      to: now + dice.within(-10_000, 1_000),
      states: dice.pick([null, null, ['delivered'], ['exhausted', 'cancelled'], ['retrying', 'pending']]),
      eventTypes: dice.hit(0.2) ? ['order.*'] : null,
      eventIds: null,
    },
    body: dice.pick(['rendered', 'exact']),
    ratePerSecond: dice.pick([null, null, 1, 5]),
    isDryRun: false,
  };
}

/** An event that can be told from all others by its marker. */
export function eventFor(dice: Dice, marker: string) {
  const type = dice.pick(TYPES);
  const transfer = { id: dice.pick(['t1', 't2']), name: marker };
  const schedule = { id: 'c1', name: marker };
  const trade = dice.hit(0.3) ? { station: { id: dice.pick(['s1', 's2', 's3']) }, partner: { id: 'p1' } } : {};
  return { type, data: { marker, transfer, schedule, ...trade } };
}

import type { Dice } from './dice.ts';
import { MANNERS } from './receivers.ts';
import type { Pace } from './timeline.ts';

/** What is to happen in a run, as far as it can be said beforehand. Times are milliseconds. */
export interface Script {
  maxInFlight: number;
  retentionDays: number;
  pace: Pace;
  /** How long publishers publish and faults happen. */
  busyMs: number;
  webhooks: number;
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

const PACES: readonly Pace[] = [
  { slowShare: 0.1, slowMs: 5, stallShare: 0, stallMs: 0 },
  { slowShare: 0.5, slowMs: 20, stallShare: 0.02, stallMs: 50 },
  { slowShare: 0.3, slowMs: 400, stallShare: 0.01, stallMs: 1_000 },
];

export function writeScript(dice: Dice): Script {
  const publications = dice.within(5, 25);
  const crashes = dice.pick([0, 0, 1, 1, 2, 4]);
  return {
    maxInFlight: dice.pick([2, 2, 3, 4, 8, 64]),
    retentionDays: dice.pick([1, 30]),
    pace: dice.pick(PACES),
    busyMs: dice.pick([5_000, 30_000, 120_000, 600_000]),
    webhooks: dice.within(1, 4),
    publishers: dice.within(1, 3),
    publications,
    isFlooded: dice.hit(0.01),
    interventions: dice.pick([0, 10, 30, 50]),
    crashes,
    crashShare: crashes / (publications * dice.within(5, 40)),
    stops: dice.pick([0, 0, 1, 2]),
    fullDisks: dice.pick([0, 0, 1, 2]),
    brokenDisks: dice.pick([0, 0, 0, 0, 1]),
  };
}

const PLANS = [
  { strategy: 'delays', delaysMs: [] },
  { strategy: 'fixed', maxAttempts: 1, delayMs: 0, jitter: 0 },
  { strategy: 'delays', delaysMs: [0, 1_000] },
  { strategy: 'delays', delaysMs: [1_000, 5_000, 60_000, 3_600_000], jitter: 1 },
  { strategy: 'fixed', maxAttempts: 3, delayMs: 2_000, jitter: 0 },
  { strategy: 'fixed', maxAttempts: 6, delayMs: 0, jitter: 0 },
  { strategy: 'exponential', maxAttempts: 5, initialDelayMs: 500, factor: 3, maxDelayMs: 10_000, jitter: 0.5 },
] as const;

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
export function webhookSettings(dice: Dice) {
  return {
    url: `https://receiver.example/${dice.pick(MANNERS)}/${dice.within(1, 3)}`,
    eventTypes: dice.pick(FILTERS),
    scope: dice.pick(SCOPES),
    routing: dice.hit(0.15) ? ('unmatched' as const) : ('always' as const),
    retry: dice.hit(0.1) ? null : dice.pick(PLANS.map((plan) => structuredClone(plan) as never)),
    timeoutMs: dice.pick([500, 2_000, 15_000]),
    limits: dice.hit(0.2) ? null : { maxConcurrency: dice.pick([1, 1, 1, 2, 4]) },
    ...rendering(dice),
  };
}

/** Settings that decide what a first attempt sends. */
function rendering(dice: Dice) {
  return {
    method: dice.pick(['POST', 'POST', 'PUT'] as const),
    payload: dice.pick([{ format: 'default' }, { format: 'standard' }] as const),
  };
}

/** A merge patch that changes one thing of a webhook, or switches it off or on. */
export function webhookPatch(dice: Dice) {
  const { url, retry, limits, eventTypes, timeoutMs } = webhookSettings(dice);
  return dice.pick([
    { enabled: false },
    { enabled: true },
    { enabled: true },
    { url },
    { retry },
    { limits },
    { eventTypes },
    { timeoutMs },
    rendering(dice),
    rendering(dice),
  ]);
}

const TYPES = ['order.placed', 'order.shipped', 'stock.low', 'transfer.completed', 'schedule.created'];

/** An event that can be told from all others by its marker. */
export function eventFor(dice: Dice, marker: string) {
  const type = dice.pick(TYPES);
  const transfer = { id: dice.pick(['t1', 't2']), name: marker };
  const schedule = { id: 'c1', name: marker };
  const trade = dice.hit(0.3) ? { station: { id: dice.pick(['s1', 's2', 's3']) }, partner: { id: 'p1' } } : {};
  return { type, data: { marker, transfer, schedule, ...trade } };
}

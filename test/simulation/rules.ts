import type { DeliveryRow, EventRow, WebhookRow } from './journal.ts';

/*
 * What the documentation promises, said a second time. Nothing here is shared with the code under test: where the two
 * disagree, one of them is wrong.
 */

export type Plan =
  | { strategy: 'delays'; delaysMs: number[]; jitter: number }
  | { strategy: 'fixed'; maxAttempts: number; delayMs: number; jitter: number }
  | {
      strategy: 'exponential';
      maxAttempts: number;
      initialDelayMs: number;
      factor: number;
      maxDelayMs: number;
      jitter: number;
    };

interface Scope {
  transferIds?: string[];
  scheduleIds?: string[];
  stationIds?: string[];
  partnerIds?: string[];
}

/** A webhook as its settings make it: what it sets itself, and the documented default for the rest. */
export interface Facts {
  number: number;
  id: string;
  url: string;
  isEnabled: boolean;
  isPaused: boolean;
  isDeleted: boolean;
  holdUntil: number;
  /** Since when it is left alone because it keeps failing, and until when at least; 0 while it is not. */
  breakerOpenedAt: number;
  probeAt: number;
  eventTypes: readonly string[];
  scope: Scope;
  routing: string;
  plan: Plan;
  maxConcurrency: number;
  ratePerSecond: number | null;
  /** All that decides what a first attempt sends. */
  rendering: string;
}

/** Settings as they are kept: those of a webhook, or those that webhooks inherit. */
export interface Settings {
  url?: string;
  enabled?: boolean;
  eventTypes?: string[];
  scope?: Scope;
  routing?: string;
  retry?: Plan;
  limits?: { maxConcurrency?: number; ratePerSecond?: number | null };
  method?: string;
  contentType?: string;
  payload?: object;
}

const DEFAULT_DELAYS_MS = [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400].map((s) => s * 1000);

const BUILT_IN = {
  enabled: true,
  eventTypes: [],
  scope: {},
  routing: 'always',
  retry: { strategy: 'delays', delaysMs: DEFAULT_DELAYS_MS, jitter: 0.1 },
} as const satisfies Record<string, unknown>;

/** A webhook as its own settings make it, what people have set for all, and what is built in. */
export function factsOf(row: WebhookRow, shared: Settings): Facts {
  const own = JSON.parse(row.config) as Settings;
  const { enabled, eventTypes, scope, routing, retry, method, contentType, payload } = {
    ...BUILT_IN,
    ...shared,
    ...own,
  };
  const limits = { maxConcurrency: 16, ratePerSecond: null, ...shared.limits, ...own.limits };
  return {
    number: row.number,
    id: row.id,
    url: own.url === undefined ? (shared.url ?? '') : new URL(own.url, shared.url).href,
    isEnabled: enabled,
    isPaused: row.paused === 1,
    isDeleted: row.deletedAt !== null,
    holdUntil: row.holdUntil ?? 0,
    breakerOpenedAt: row.breakerOpenedAt ?? 0,
    probeAt: row.probeAt ?? 0,
    eventTypes,
    scope,
    routing,
    plan: retry as Plan,
    maxConcurrency: limits.maxConcurrency,
    ratePerSecond: limits.ratePerSecond,
    rendering: JSON.stringify([method, contentType, payload]),
  };
}

/** The webhooks that an event is owed to. */
export function owedTo(event: EventRow, webhooks: Iterable<Facts>): Facts[] {
  const data = JSON.parse(event.data) as Record<string, { id?: string } | undefined>;
  const isAboutWebhook = /^(webhook|delivery)\./.test(event.type);
  const direct: Facts[] = [];
  const fallback: Facts[] = [];
  for (const webhook of webhooks) {
    const { transferIds, scheduleIds, stationIds, partnerIds } = webhook.scope;
    const isWanted =
      webhook.isEnabled &&
      !webhook.isDeleted &&
      !(isAboutWebhook && data.webhook?.id === webhook.id) &&
      wants(webhook.eventTypes, event.type) &&
      isIn(transferIds, data.transfer?.id) &&
      isIn(scheduleIds, data.schedule?.id) &&
      isIn(stationIds, data.station?.id) &&
      isIn(partnerIds, data.partner?.id);
    if (isWanted) (webhook.routing === 'unmatched' ? fallback : direct).push(webhook);
  }
  const isTrade = data.station?.id !== undefined || data.partner?.id !== undefined;
  const isTaken = direct.some(({ scope }) => (scope.stationIds ?? []).length + (scope.partnerIds ?? []).length > 0);
  return isTrade && !isTaken ? [...direct, ...fallback] : direct;
}

function wants(patterns: readonly string[], type: string): boolean {
  const isAll = patterns.length === 0 || patterns.includes('*');
  if (isAll && type !== 'webhook.test') return true;
  return patterns.some(
    (pattern) => pattern === type || (/\w\.\*$/.test(pattern) && type.startsWith(pattern.slice(0, -1))),
  );
}

function isIn(wanted: readonly string[] | undefined, id: string | undefined): boolean {
  return (wanted ?? []).length === 0 || (id !== undefined && wanted?.includes(id) === true);
}

export function triesOf(plan: Plan): number {
  return plan.strategy === 'delays' ? plan.delaysMs.length + 1 : plan.maxAttempts;
}

function delayAfter(plan: Plan, tries: number): number {
  switch (plan.strategy) {
    case 'delays':
      return plan.delaysMs[tries - 1] as number;
    case 'fixed':
      return plan.delayMs;
    case 'exponential':
      return Math.min(plan.maxDelayMs, plan.initialDelayMs * plan.factor ** (tries - 1));
  }
}

/** What a receiver has said to an attempt, as far as anything follows from it. */
export interface Verdict {
  outcome: 'delivered' | 'failed';
  isGone: boolean;
  /** What it asked for by Retry-After. */
  retryAfterMs: number | null;
  /** When it was heard. */
  at: number;
}

/** What a delivery must become. Instants are bounds: chance stretches a wait by the jitter of the plan. */
export interface Expected {
  state: 'delivered' | 'exhausted' | 'retrying';
  tries: number;
  dueFrom: number;
  dueTo: number;
  /** No other attempt of the webhook before it; 0 for none. */
  holdUntil: number;
}

/**
 * What follows from a verdict. `tries` are those used up before it; `plannedAt` is, of an attempt by hand, the instant
 * of the plan that it has overtaken. A probe uses up none.
 */
export function consequence(
  verdict: Verdict,
  { plan, tries, plannedAt, isProbe }: { plan: Plan; tries: number; plannedAt: number | null; isProbe: boolean },
): Expected {
  const { outcome, isGone, retryAfterMs, at } = verdict;
  const holdUntil = retryAfterMs === null ? 0 : at + retryAfterMs;
  if (outcome === 'delivered') return { state: 'delivered', tries: tries + 1, dueFrom: 0, dueTo: 0, holdUntil: 0 };
  if (isGone) return { state: 'retrying', tries, dueFrom: at, dueTo: at, holdUntil: 0 };
  if (plannedAt !== null || isProbe) {
    const dueAt = Math.max(plannedAt ?? 0, at, holdUntil);
    return { state: 'retrying', tries, dueFrom: dueAt, dueTo: dueAt, holdUntil };
  }
  if (tries + 1 >= triesOf(plan)) return { state: 'exhausted', tries: tries + 1, dueFrom: 0, dueTo: 0, holdUntil };
  const delayMs = delayAfter(plan, tries + 1);
  const dueFrom = Math.max(at + delayMs, holdUntil);
  const dueTo = Math.max(at + Math.ceil(delayMs * (1 + plan.jitter)), holdUntil);
  return { state: 'retrying', tries: tries + 1, dueFrom, dueTo, holdUntil };
}

const ENDED = ['delivered', 'exhausted', 'cancelled'];

export function hasEnded(state: string): boolean {
  return ENDED.includes(state);
}

/** Whether a delivery may go from one state to another (docs/glossary.md draws it). The same state stands for no change. */
export function mayBecome(from: string, to: string): boolean {
  if (from === to) return true;
  switch (from) {
    case 'pending':
    case 'retrying':
      return to === 'delivering' || to === 'cancelled';
    case 'delivering':
      return true;
    default:
      return false;
  }
}

/** What is wrong with a delivery's row in itself, or null. `bootId` names the process that writes. */
export function inconsistency(row: DeliveryRow, bootId: string): string | null {
  const isOpen = !hasEnded(row.state);
  const isInHand = row.state === 'delivering';
  if (isInHand !== (row.heldBy !== null)) return `is ${row.state} and held by ${row.heldBy}`;
  if (isInHand && row.heldBy !== bootId) return `is in the hands of ${row.heldBy}, which is gone`;
  if ((isOpen && !isInHand) !== (row.dueAt !== null)) return `is ${row.state} and due at ${row.dueAt}`;
  if (isOpen !== (row.endedAt === null)) return `is ${row.state} and has ended at ${row.endedAt}`;
  return null;
}

/** Whether an event tells of it when a delivery of that type is given up. */
export function isExhaustionTold(eventType: string): boolean {
  return !/^(webhook|delivery|certificate)\./.test(eventType);
}

/** How often a receiver has failed, as one process has heard it. */
export interface Failing {
  count: number;
  /** Of which deliveries. */
  of: Set<number>;
  /** Since when it is left alone for it; null while it is not. */
  since: number | null;
}

/** What an attempt makes of it: ten failures in a row, of three deliveries or more, and one success, change everything. */
export function noteAttempt(failing: Failing, delivery: number, verdict: Verdict): void {
  if (verdict.outcome === 'delivered') Object.assign(failing, { count: 0, of: new Set(), since: null });
  if (verdict.outcome === 'delivered' || failing.since !== null) return;
  failing.count += 1;
  failing.of.add(delivery);
  if (failing.count >= 10 && failing.of.size >= 3) failing.since = verdict.at;
}

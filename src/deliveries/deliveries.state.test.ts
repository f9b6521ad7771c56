import { describe, expect, test } from 'vitest';
import type { RetryPolicy } from '../kernel/backoff.ts';
import {
  type AttemptEnd,
  DELIVERY_STATES,
  type Decision,
  decide,
  isEnded,
  tellsOfExhaustion,
} from './deliveries.state.ts';

const NOW = 1_700_000_000_000;
const THREE_TRIES: RetryPolicy = { strategy: 'delays', delaysMs: [1_000, 5_000], jitter: 0 };
const FAILED = { code: 'http_status' } as const;
const GONE = { code: 'gone' } as const;

const FIRST: AttemptEnd = {
  trigger: 'initial',
  tries: 0,
  plannedAt: null,
  error: FAILED,
  isProbe: false,
  retryAfterMs: null,
};

describe('decide', () => {
  test.each<[what: string, end: Partial<AttemptEnd>, decision: Decision]>([
    [
      'a first attempt that was taken',
      { error: null },
      { state: 'delivered', tries: 1, holdUntil: null, isGone: false },
    ],
    [
      'a retry that was taken',
      { trigger: 'retry', tries: 2, error: null },
      { state: 'delivered', tries: 3, holdUntil: null, isGone: false },
    ],
    [
      'a Retry-After of one that was taken',
      { error: null, retryAfterMs: 9_000 },
      { state: 'delivered', tries: 1, holdUntil: null, isGone: false },
    ],
    ['a first failure', {}, { state: 'retrying', dueAt: NOW + 1_000, tries: 1, holdUntil: null, isGone: false }],
    [
      'a second failure',
      { trigger: 'retry', tries: 1 },
      { state: 'retrying', dueAt: NOW + 5_000, tries: 2, holdUntil: null, isGone: false },
    ],
    [
      'the last failure',
      { trigger: 'retry', tries: 2 },
      { state: 'exhausted', reason: 'attempts_spent', tries: 3, holdUntil: null, isGone: false },
    ],
    [
      'a probe that failed, with the last try of the plan',
      { trigger: 'retry', tries: 2, isProbe: true },
      { state: 'retrying', dueAt: NOW, tries: 2, holdUntil: null, isGone: false },
    ],
    [
      'a probe whose receiver asks to be left alone',
      { trigger: 'retry', tries: 2, isProbe: true, retryAfterMs: 9_000 },
      { state: 'retrying', dueAt: NOW + 9_000, tries: 2, holdUntil: NOW + 9_000, isGone: false },
    ],
    [
      'a probe that was taken',
      { trigger: 'retry', tries: 2, isProbe: true, error: null },
      { state: 'delivered', tries: 3, holdUntil: null, isGone: false },
    ],
    [
      'a failure beyond a plan that was shortened',
      { trigger: 'retry', tries: 7 },
      { state: 'exhausted', reason: 'attempts_spent', tries: 8, holdUntil: null, isGone: false },
    ],
    [
      'a failure after a crash',
      { trigger: 'recovery', tries: 1 },
      { state: 'retrying', dueAt: NOW + 5_000, tries: 2, holdUntil: null, isGone: false },
    ],
    [
      'a replay that failed',
      { trigger: 'replay' },
      { state: 'retrying', dueAt: NOW + 1_000, tries: 1, holdUntil: null, isGone: false },
    ],
    [
      'a longer Retry-After',
      { retryAfterMs: 60_000 },
      { state: 'retrying', dueAt: NOW + 60_000, tries: 1, holdUntil: NOW + 60_000, isGone: false },
    ],
    [
      'a shorter Retry-After',
      { retryAfterMs: 10 },
      { state: 'retrying', dueAt: NOW + 1_000, tries: 1, holdUntil: NOW + 10, isGone: false },
    ],
    [
      'a Retry-After on the last failure',
      { tries: 2, retryAfterMs: 60_000 },
      { state: 'exhausted', reason: 'attempts_spent', tries: 3, holdUntil: NOW + 60_000, isGone: false },
    ],
    [
      'a template that made no body, with tries left',
      { error: { code: 'template_error' } },
      { state: 'exhausted', reason: 'template_error', tries: 1, holdUntil: null, isGone: false },
    ],
    ['a 410', { error: GONE }, { state: 'retrying', dueAt: NOW, tries: 0, holdUntil: null, isGone: true }],
    [
      'a 410 on the last try',
      { tries: 2, error: GONE },
      { state: 'retrying', dueAt: NOW, tries: 2, holdUntil: null, isGone: true },
    ],
    [
      'a 410 on a try by hand',
      { trigger: 'manual', plannedAt: NOW + 500, error: GONE },
      { state: 'retrying', dueAt: NOW, tries: 0, holdUntil: null, isGone: true },
    ],
    [
      'a try by hand that was taken',
      { trigger: 'manual', tries: 1, plannedAt: NOW + 500, error: null },
      { state: 'delivered', tries: 2, holdUntil: null, isGone: false },
    ],
    [
      'a try by hand before the plan’s',
      { trigger: 'manual', tries: 1, plannedAt: NOW + 500 },
      { state: 'retrying', dueAt: NOW + 500, tries: 1, holdUntil: null, isGone: false },
    ],
    [
      'a try by hand when the plan’s had come due',
      { trigger: 'manual', tries: 1, plannedAt: NOW - 500 },
      { state: 'retrying', dueAt: NOW, tries: 1, holdUntil: null, isGone: false },
    ],
    [
      'a try by hand with a Retry-After',
      { trigger: 'manual', plannedAt: NOW + 500, retryAfterMs: 9_000 },
      { state: 'retrying', dueAt: NOW + 9_000, tries: 0, holdUntil: NOW + 9_000, isGone: false },
    ],
    [
      'a try by hand when all of the plan’s are spent',
      { trigger: 'manual', tries: 2, plannedAt: NOW + 500 },
      { state: 'retrying', dueAt: NOW + 500, tries: 2, holdUntil: null, isGone: false },
    ],
  ])('after %s', (_what, end, decision) => {
    expect(decide({ ...FIRST, ...end }, THREE_TRIES, NOW, 0.5)).toEqual(decision);
  });

  test('a plan of one try is spent by it', () => {
    const decision = decide(FIRST, { strategy: 'delays', delaysMs: [], jitter: 0 }, NOW, 0);
    expect(decision).toMatchObject({ state: 'exhausted', reason: 'attempts_spent' });
  });

  test('jitter stretches the wait, by its full share at most, and never a Retry-After', () => {
    const policy: RetryPolicy = { strategy: 'fixed', maxAttempts: 2, delayMs: 10_000, jitter: 0.5 };
    const dueAfter = (random: number, retryAfterMs: number | null = null) => {
      const decision = decide({ ...FIRST, retryAfterMs }, policy, NOW, random);
      return decision.state === 'retrying' ? decision.dueAt - NOW : null;
    };
    expect([dueAfter(0), dueAfter(0.5), dueAfter(0.999_999)]).toEqual([10_000, 12_500, 15_000]);
    expect(dueAfter(0.5, 12_600)).toBe(12_600);
    expect(dueAfter(0.5, 12_400)).toBe(12_500);
  });
});

test('a delivery has ended in three of its states', () => {
  expect(DELIVERY_STATES.filter(isEnded)).toEqual(['delivered', 'exhausted', 'cancelled']);
});

test.each([
  ['transfer.failed', true],
  ['order.shipped', true],
  ['webhooks.own', true],
  ['webhook.paused', false],
  ['webhook.test', false],
  ['delivery.exhausted', false],
  ['certificate.expiring', false],
])('whether the exhaustion of a delivery of %s is told: %s', (type, isTold) => {
  expect(tellsOfExhaustion(type)).toBe(isTold);
});

import { plannedDelayMs, type RetryPolicy, withJitter } from '../kernel/backoff.ts';

/** The life of a delivery; `docs/glossary.md` draws it. */
export const DELIVERY_STATES = ['pending', 'delivering', 'retrying', 'delivered', 'exhausted', 'cancelled'] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

export type EndedState = 'delivered' | 'exhausted' | 'cancelled';

/** Whether a delivery has ended. An ended one never opens again: trying it once more makes a new delivery. Pure. */
export function isEnded(state: DeliveryState): state is EndedState {
  return state === 'delivered' || state === 'exhausted' || state === 'cancelled';
}

/** What set an attempt off. */
export type Trigger = 'initial' | 'retry' | 'manual' | 'replay' | 'recovery';

/** What became of an attempt. `unknown`: it was sent, perhaps, and nobody was left to hear the answer. */
export type AttemptOutcome = 'delivered' | 'failed' | 'unknown';

export type DeliveryErrorCode =
  | 'egress_refused'
  | 'dns_error'
  | 'connection_refused'
  | 'connection_reset'
  | 'timeout'
  | 'tls_error'
  | 'http_status'
  | 'redirect'
  | 'gone'
  | 'response_invalid'
  | 'auth_token_error'
  | 'template_error';

/** An attempt that has just ended, and where the delivery stood before it. */
export interface AttemptEnd {
  trigger: Trigger;
  /** Tries of the plan used up before this attempt. */
  tries: number;
  /** For an attempt by hand: when the plan would have tried again. */
  plannedAt: number | null;
  error: { code: DeliveryErrorCode } | null;
  /** Whether it was made to see if the receiver is back. */
  isProbe: boolean;
  /** The wait that the receiver asked for by Retry-After, or null. */
  retryAfterMs: number | null;
}

/** What a delivery becomes after an attempt. Instants are epoch milliseconds. */
export type Decision =
  | { state: 'delivered'; tries: number; holdUntil: null; isGone: false }
  | {
      state: 'exhausted';
      reason: 'attempts_spent' | 'template_error';
      tries: number;
      holdUntil: number | null;
      isGone: false;
    }
  | { state: 'retrying'; dueAt: number; tries: number; holdUntil: number | null; isGone: boolean };

/**
 * Decides what a delivery becomes after an attempt. Pure; `random` is in [0, 1).
 * A try made by hand uses up none of the plan's, nor does a probe, and a 410 none either: its webhook is paused and the
 * delivery waits. A template that fails would fail again: the delivery ends with it.
 * A longer `Retry-After` overrules the plan, and every other delivery of the webhook waits for it too.
 * Source: RFC 9110 §10.2.3 and §15.5.11; Standard Webhooks 1.0.0, "Operational considerations".
 */
export function decide(end: AttemptEnd, policy: RetryPolicy, now: number, random: number): Decision {
  const { tries, error, retryAfterMs } = end;
  if (error === null) return { state: 'delivered', tries: tries + 1, holdUntil: null, isGone: false };
  if (error.code === 'gone') return { state: 'retrying', dueAt: now, tries, holdUntil: null, isGone: true };
  if (error.code === 'template_error') {
    return { state: 'exhausted', reason: 'template_error', tries: tries + 1, holdUntil: null, isGone: false };
  }

  const holdUntil = retryAfterMs === null ? null : now + retryAfterMs;
  if (end.trigger === 'manual' && end.plannedAt !== null) {
    const dueAt = Math.max(end.plannedAt, now, holdUntil ?? 0);
    return { state: 'retrying', dueAt, tries, holdUntil, isGone: false };
  }
  if (end.isProbe) return { state: 'retrying', dueAt: Math.max(now, holdUntil ?? 0), tries, holdUntil, isGone: false };
  const delayMs = plannedDelayMs(policy, tries + 1);
  if (delayMs === null) {
    return { state: 'exhausted', reason: 'attempts_spent', tries: tries + 1, holdUntil, isGone: false };
  }
  const dueAt = now + Math.max(withJitter(delayMs, policy.jitter, random), retryAfterMs ?? 0);
  return { state: 'retrying', dueAt, tries: tries + 1, holdUntil, isGone: false };
}

/** Whether the exhaustion of a delivery is told by an event of its own: not for events about Waybill itself. Pure. */
export function tellsOfExhaustion(eventType: string): boolean {
  return !/^(webhook|delivery|certificate)\./.test(eventType);
}

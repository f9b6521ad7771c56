import type { Packing } from '../store/index.ts';
import type { Handed, SentBody } from './handed.ts';
import type { Settlement } from './settlement.ts';

type PackedBody = ReturnType<typeof packBody>;

function packBody(sent: SentBody | null) {
  return sent === null
    ? null
    : ([sent.method, sent.contentType, sent.eventInHeaders, sent.hash, sent.content] as const);
}

function unpackBody(packed: PackedBody): SentBody | null {
  if (packed === null) return null;
  const [method, contentType, eventInHeaders, hash, content] = packed;
  return { method, contentType, eventInHeaders, hash, content };
}

function packSettlement({ attempt: a, firstSent, next, ...s }: Settlement) {
  const attempt = [a.number, a.trigger, a.startedAt, a.durationMs, a.outcome, a.bodyHash, a.exchange] as const;
  const told = [s.status, s.errorCode, s.errorMessage, s.holdUntil, s.breaker, s.isGone, s.news] as const;
  return [s.number, s.webhookId, s.eventSequence, packBody(firstSent), next, ...attempt, ...told] as const;
}

function unpackSettlement(packed: ReturnType<typeof packSettlement>): Settlement {
  const [number, webhookId, eventSequence, body, next, ...rest] = packed;
  const [attemptNumber, trigger, startedAt, durationMs, outcome, bodyHash, exchange, ...told] = rest;
  const [status, errorCode, errorMessage, holdUntil, breaker, isGone, news] = told;
  const attempt = { number: attemptNumber, trigger, startedAt, durationMs, outcome, bodyHash, exchange };
  const firstSent = unpackBody(body);
  const consequences = { status, errorCode, errorMessage, holdUntil, breaker, isGone, news };
  return { number, webhookId, eventSequence, attempt, firstSent, next, ...consequences };
}

/** Settlements on their way to the store. */
export const settlementPacking: Packing<{ settlements: Settlement[]; now: number }> = {
  pack: ({ settlements, now }) => [now, settlements.map(packSettlement)],
  unpack: ([now, packed]: [number, ReturnType<typeof packSettlement>[]]) => ({
    now,
    settlements: packed.map(unpackSettlement),
  }),
};

export type PackedHanded = ReturnType<typeof packHanded>;

/** A delivery on its way from the store. */
export function packHanded({ event: e, sent, ...d }: Handed) {
  const event = [e.sequence, e.id, e.type, e.occurredAt, e.data] as const;
  const delivery = [
    d.number,
    d.id,
    d.webhookId,
    d.sequence,
    d.trigger,
    d.attemptCount,
    d.tries,
    d.plannedAt,
    d.ofReplay,
  ] as const;
  return [packBody(sent), ...delivery, ...event] as const;
}

export function unpackHanded(packed: PackedHanded): Handed {
  const [body, number, id, webhookId, sequence, trigger, attemptCount, tries, plannedAt, ofReplay, ...event] = packed;
  const [eventSequence, eventId, type, occurredAt, data] = event;
  return {
    number,
    id,
    webhookId,
    sequence,
    trigger,
    attemptCount,
    tries,
    plannedAt,
    ofReplay,
    event: { sequence: eventSequence, id: eventId, type, occurredAt, data },
    sent: unpackBody(body),
  };
}

/** What must hold in every run, whatever happens in it. */
export const INVARIANTS = {
  acknowledged: 'What was acknowledged is there, and what was refused is not.',
  onceOnly: 'A request with an Idempotency-Key has one effect, and one answer.',
  answered: 'Every call is answered, unless the process dies.',
  eventNumbers: 'Events are numbered without a gap, in the order of their commits.',
  owed: 'An event is owed once to each webhook that wanted it when it was published, and to no other.',
  sequence: 'What is owed to a webhook is numbered without a gap.',
  life: 'A delivery changes only as its life allows; what has ended never opens again.',
  decision: 'After an attempt a delivery becomes what the outcome, the plan and Retry-After say, when they say it.',
  byHand: 'Only people cancel, pause or retry, and each of it is told.',
  attemptNumbers: 'The attempts of a delivery are numbered without a gap.',
  log: 'An attempt is logged as it was.',
  unknown: 'The outcome of an attempt is unknown only when the process that made it has ended.',
  deadHands: 'Once a process has started, nothing is in the hands of one that is gone.',
  held: 'Nothing is sent to a webhook that is paused, disabled, deleted, or waits for its receiver.',
  breaker: 'While a receiver keeps failing one attempt at a time is made, and each when it is time for it.',
  onlyInHand: 'Nothing is sent but what is in the hands of the process, once each attempt.',
  concurrency: 'A webhook never has more requests under way than its maxConcurrency.',
  rate: 'A webhook never has more attempts started in a time than its ratePerSecond allows.',
  inFlight: 'There is never more sent and not yet settled than WAYBILL_MAX_IN_FLIGHT.',
  duplicates: 'What was delivered is sent again only after a crash, and no more of it than was in flight.',
  sameBytes: 'All attempts of a delivery carry the same bytes, and those of its event.',
  replays: 'A replay makes each of its deliveries once, none after it was cancelled, and ends with the last of them.',
  told: 'A delivery that is given up is told by one event, and so is each pause and its end.',
  ends: 'When everybody is well again, every delivery comes to its end in time.',
  delivered: 'What counts as delivered was taken by its receiver.',
  retention: 'Only what has ended long ago is deleted.',
  search: 'Every event that is kept is found by its words, and none that is deleted.',
  faults: 'Waybill itself makes no mistake.',
} as const;

export type Invariant = keyof typeof INVARIANTS;

/** An invariant that did not hold, and where. */
export interface Violation {
  invariant: Invariant;
  what: string;
  /** The delivery it was seen at; null when it concerns something else. */
  deliveryId: string | null;
}

/** Keeps the first violation: what follows is most likely its consequence. */
export interface Verdicts {
  readonly violation: Violation | null;
  violated(invariant: Invariant, what: string, deliveryId?: string): void;
}

export function createVerdicts(): Verdicts {
  let violation: Violation | null = null;
  return {
    get violation() {
      return violation;
    },
    violated(invariant, what, deliveryId) {
      violation ??= { invariant, what, deliveryId: deliveryId ?? null };
    },
  };
}

import type { AttemptRow, DeliveryRow, EventRow, ReplayRow, WebhookRow } from './journal.ts';
import type { Expected, Facts, Settings, Verdict } from './rules.ts';
import type { Subject } from './trace.ts';

/** One request for a delivery, as those who look on saw it. */
export interface Sent {
  life: number;
  attempt: number;
  /** What method, content type and bytes came to. */
  content: string;
  body: string;
  /** The settings that a first attempt is made by; null where it may have been either side of a change. */
  rendering: string | null;
  /** Whether it was to find out if its receiver is back. */
  isProbe: boolean;
  /** What the connection brought; null while it is open. */
  answer: Verdict | null;
  status: number | null;
  /** What the delivery must become, once the dispatcher has heard the answer. */
  expected: Expected | null;
  isLogged: boolean;
}

/** A delivery, as what was committed and what was sent make it. */
export interface DeliveryPicture {
  row: DeliveryRow;
  /** When its row was written last. */
  changedAt: number;
  attempts: AttemptRow[];
  /** Tries of the plan used up, by our own count. */
  tries: number;
  /** The instant of the plan that a try by hand has overtaken, by our own count. */
  plannedAt: number | null;
  sends: Sent[];
  /** What it has to carry, because it is to repeat another one; null when it is made from its event. */
  content: string | null;
  /** Connection tests are logged as deliveries, and owed to nobody. */
  isTest: boolean;
}

export interface EventPicture {
  row: EventRow;
  marker: string | null;
  /** To how many webhooks it is owed. */
  owedCount: number;
  /** Webhooks that it is owed to and that have no delivery yet. */
  missing: Set<number>;
  isPruned: boolean;
}

export interface ReplayPicture {
  row: ReplayRow;
  /** When its row was written last. */
  changedAt: number;
  /** Each event and webhook that it has made a delivery for. */
  made: Map<string, DeliveryPicture>;
}

/** A run of the process. */
export interface LifePicture {
  number: number;
  bootId: string;
  isStopping: boolean;
  /** Attempts sent and not yet written down. */
  unsettled: Set<string>;
}

/** What those who look on know. Committed is what the database holds; `views` is what the main thread has been told. */
export interface Picture {
  webhookRows: Map<number, WebhookRow>;
  /** What people have set for all webhooks. */
  shared: Settings;
  webhooks: Map<number, Facts>;
  webhooksById: Map<string, Facts>;
  /** More than one while a change is being told: whatever happens meanwhile may go by either. */
  views: Map<string, Facts[]>;
  events: Map<number, EventPicture>;
  eventsById: Map<string, EventPicture>;
  deliveries: Map<number, DeliveryPicture>;
  deliveriesById: Map<string, DeliveryPicture>;
  replays: Map<number, ReplayPicture>;
  life: LifePicture | null;
}

export function createPicture(): Picture {
  return {
    webhookRows: new Map(),
    shared: {},
    webhooks: new Map(),
    webhooksById: new Map(),
    views: new Map(),
    events: new Map(),
    eventsById: new Map(),
    deliveries: new Map(),
    deliveriesById: new Map(),
    replays: new Map(),
    life: null,
  };
}

/** The short names of a delivery, its event and its webhook. */
export function subjectsOf({ row }: DeliveryPicture): [Subject, Subject, Subject] {
  return [`d${row.number}`, `e${row.eventSequence}`, `w${row.webhookNumber}`];
}

import type { DeliveryId, EventId, WebhookId } from '../kernel/ids.ts';
import type { Trigger } from './deliveries.state.ts';

/** A delivery put into the hands of the dispatcher, with all it needs to make an attempt. */
export interface Handed {
  /** The store's own key of it. */
  number: number;
  id: DeliveryId;
  webhookId: WebhookId;
  /** The number that the receiver sees; null for a test. */
  sequence: number | null;
  trigger: Trigger;
  /** Attempts made before this one, of any kind. */
  attemptCount: number;
  /** Tries of the retry plan used up before this one. */
  tries: number;
  plannedAt: number | null;
  /** Whether a replay made it. One that a person had sent again by itself is none of these. */
  ofReplay: boolean;
  /** `data` is JSON text; null when who published the event has its content at hand. */
  event: { sequence: number; id: EventId; type: string; occurredAt: number; data: string | null };
  /** What the first attempt sent, to be sent again; null before it. */
  sent: SentBody | null;
}

/** What an attempt sends and every later one of the delivery sends again. */
export interface SentBody {
  method: string;
  contentType: string;
  /** Whether the event's attributes go out in headers beside it: CloudEvents' binary mode. */
  eventInHeaders: boolean;
  /** Tells it from the other bodies of the same event. */
  hash: string;
  content: string;
}

/** Signalled, after the commit, for each delivery that the dispatcher now has in hand: a `PackedHanded`. */
export const HANDED = 'deliveries.handed';

/** Signalled when something of a webhook falls due at an instant that the dispatcher may not know of. */
export const DUE = 'deliveries.due';
export interface Due {
  webhookId: WebhookId;
  at: number;
}

/** Signalled with the numbers of deliveries that were cancelled: what of them is not being sent must not be. */
export const CANCELLED = 'deliveries.cancelled';
export type Cancelled = readonly number[];

import type { NewEvent } from '../events/index.ts';
import type { WebhookId } from '../kernel/ids.ts';
import type { OpenBreaker } from '../work/index.ts';
import type { AttemptRecord } from './attempts.store.ts';
import type { SentBody } from './handed.ts';

/** What has been decided about a delivery after an attempt. */
export interface Settlement {
  number: number;
  webhookId: WebhookId;
  eventSequence: number;
  attempt: AttemptRecord;
  /** What the log's filters find it by: the answer's HTTP status and the error's code, null without. */
  status: number | null;
  errorCode: string | null;
  /** Why the attempt failed, in words, for the search; null when it did not. */
  errorMessage: string | null;
  /** The bytes of a first attempt, kept with it; null when they are kept already. */
  firstSent: SentBody | null;
  next:
    | { state: 'delivered' | 'exhausted'; reason: string | null; tries: number }
    | { state: 'retrying'; dueAt: number; tries: number; trigger: 'retry' | 'recovery' };
  /** Until when the webhook's other deliveries wait too, or null. */
  holdUntil: number | null;
  /** What becomes of the webhook's breaker; null where it stays as it is. */
  breaker: { becomes: OpenBreaker | null } | null;
  /** Whether the receiver said that the URL is gone: the webhook is paused. */
  isGone: boolean;
  /** Published with it, if the delivery is still ours to settle. */
  news: NewEvent | null;
}

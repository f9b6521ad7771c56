import type { JsonObject } from '../kernel/json.ts';

/** What a body is made from: the event without its id, so that every webhook of one format shares the same bytes. */
export interface EventContent {
  type: string;
  /** Epoch milliseconds, whole. */
  occurredAt: number;
  data: JsonObject;
}

/** Who this instance says it is in MFT Gateway's body: the `settings/instance` document. */
export interface InstanceIdentity {
  name: string;
  /** Empty while nobody has set one. */
  email: string;
  tenantId: number;
  bucketName: string;
}

/** Which names MFT Gateway's identifiers go by: the ones before its release 3.1.1, the ones since, or both. */
export type Identifiers = 'both' | 'old' | 'new';

/** What a webhook wants its bodies to be. `identifiers` speaks of `message.*` and `mdn.*` only; left out it is `both`. */
export type PayloadChoice = { format: 'default'; identifiers?: Identifiers } | { format: 'standard' };

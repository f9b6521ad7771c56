import type { JsonObject } from '../kernel/json.ts';

/** What a body is made from. */
export interface EventContent {
  id: string;
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

/** What a body may say of this instance. */
export interface InstanceFacts extends InstanceIdentity {
  /** What kind of instance it is, such as `production`. */
  environment: string;
}

/** Which names MFT Gateway's identifiers go by: the ones before its release 3.1.1, the ones since, or both. */
export type Identifiers = 'both' | 'old' | 'new';

/**
 * What a webhook wants its bodies to be. `identifiers` speaks of `message.*` and `mdn.*` only; left out it is `both`.
 * `gomft` is what GoMFT's program sends, where `default` is what its documents promise.
 */
export type PayloadChoice =
  | { format: 'default'; identifiers?: Identifiers }
  | { format: 'standard' }
  | { format: 'cloudevents'; mode: 'structured' | 'binary' }
  | { format: 'gomft' };

/** A body as it is sent. */
export interface RenderedBody {
  contentType: string;
  content: string;
}

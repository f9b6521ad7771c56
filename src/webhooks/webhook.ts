import type { TlsOptions } from '../egress/index.ts';
import type { RetryPolicy } from '../kernel/backoff.ts';
import type { WebhookId } from '../kernel/ids.ts';
import type { JsonObject } from '../kernel/json.ts';
import type { PayloadChoice } from '../payloads/index.ts';
import type { Signing } from './signing.ts';

/** A secret inside a configuration: sealed where it is kept, plain only in the directory's memory. */
export type Auth<Secret> =
  | { type: 'none' }
  | { type: 'basic'; username: string; password: Secret }
  | { type: 'api_key'; name: string; value: Secret; in: 'header' | 'query' }
  | { type: 'bearer'; token: Secret }
  | {
      type: 'oauth2';
      tokenUrl: string;
      clientId: string;
      clientSecret: Secret;
      scope?: string;
      clientAuth?: 'basic' | 'body';
    };

/** Which things' events a webhook wants. The non-empty lists are ANDed. */
export interface Scope {
  transferIds: readonly string[];
  scheduleIds: readonly string[];
  stationIds: readonly string[];
  partnerIds: readonly string[];
}

export type Routing = 'always' | 'unmatched';
export type Method = 'POST' | 'PUT' | 'PATCH';

/** Every setting of a webhook with its effective value. */
export interface WebhookConfig<Secret> {
  url: string;
  enabled: boolean;
  method: Method;
  contentType: string;
  auth: Auth<Secret>;
  headers: Readonly<Record<string, string>>;
  eventTypes: readonly string[];
  scope: Scope;
  routing: Routing;
  payload: PayloadChoice;
  retry: RetryPolicy;
  timeoutMs: number;
  limits: Limits;
  signing: Signing;
  tls: Tls<Secret>;
  allowInsecureHttp: boolean;
}

/** How TLS is spoken with the receiver; null is nothing beside what holds for everybody. */
export type Tls<Secret> = Omit<TlsOptions, 'clientKeyPem'> & { clientKeyPem: Secret | null };

export interface Limits {
  /** Requests under way to the receiver at once. */
  maxConcurrency: number;
  /** Attempts started in a second, at most; null for as many as come. */
  ratePerSecond: number | null;
}

/** What a webhook itself sets; whatever is absent is inherited. Secrets are sealed, and the URL may be a relative one. */
export type OwnConfig = Partial<Omit<WebhookConfig<string>, 'tls'>> & { tls?: Partial<Tls<string>> };

/** Every setting that a webhook can inherit. Without a default URL each webhook needs its own. Secrets are sealed. */
export type DefaultConfig = Omit<WebhookConfig<string>, 'url'> & { url: string | null };

/** A breaker that is open. Instants are epoch milliseconds. */
export interface Breaker {
  openedAt: number;
  /** Probes that have failed. */
  probes: number;
  /** When the next one may be sent. */
  probeAt: number;
}

export type PauseReason = 'manual' | 'gone';
export type WebhookState = 'active' | 'paused' | 'disabled';

/** A webhook as it is kept. Instants are epoch milliseconds. */
export interface WebhookRecord {
  /** The key that deliveries refer to it by, inside the store. */
  number: number;
  id: WebhookId;
  name: string;
  config: OwnConfig;
  /** `whsec_…`, sealed. */
  signingSecret: string;
  /** The secret before the latest rotation, sealed, and until when it signs too; null where there is none. */
  previousSecret: { sealed: string; expiresAt: number } | null;
  /** Counts rotations of the signing secret. */
  secretVersion: number;
  paused: boolean;
  pauseReason: PauseReason | null;
  /** Until when its receiver asked to be left alone, or null. */
  holdUntil: number | null;
  /** Since when its receiver has failed again and again and nothing is sent but probes; null while it is not so. */
  breaker: Breaker | null;
  /** Counts changes of the configuration. */
  version: number;
  createdAt: number;
  updatedAt: number;
  deletedAt: number | null;
}

export function stateOf(record: { paused: boolean }, config: { enabled: boolean }): WebhookState {
  if (!config.enabled) return 'disabled';
  return record.paused ? 'paused' : 'active';
}

/** What an event says of a webhook, as the schemas of Waybill's own events have it. Pure. */
export function webhookFacts({
  record,
  config,
}: {
  record: Pick<WebhookRecord, 'id' | 'name' | 'paused' | 'pauseReason'>;
  config: { url: string; enabled: boolean };
}): JsonObject {
  const { id, name, pauseReason } = record;
  return { id, name, url: config.url, state: stateOf(record, config), pauseReason };
}

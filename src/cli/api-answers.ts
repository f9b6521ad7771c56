import type { Json, JsonObject } from '../kernel/json.ts';

/** What the API answers, as far as the commands read it. Whole answers are passed on untouched with `--json`. */
export interface PageAnswer<T> {
  items: T[];
  next: string | null;
}

export interface PublishAnswer {
  id: string;
  deliveryCount: number;
}

export interface EventAnswer {
  id: string;
  type: string;
  occurredAt: string;
  createdAt: string;
  sequence: number;
  data: JsonObject;
  deliveries?: DeliveryAnswer[];
  unmatched?: UnmatchedAnswer[];
}

export interface UnmatchedAnswer {
  webhookId: string;
  name: string;
  because: string;
}

export interface WebhookAnswer {
  id: string;
  name: string;
  url: string;
  state: string;
  pauseReason: string | null;
  eventTypes: string[];
  inherited?: string[];
  signingSecret?: string;
}

export interface LedgerAnswer {
  sequence: number;
  eventId: string;
  deliveryId: string;
  state: string;
}

export interface LogAnswer {
  at: string;
  level: string;
  message: string;
  [field: string]: Json;
}

export interface RotationAnswer {
  signingSecret: string;
  previousExpiresAt: string | null;
}

export interface ExchangeRequest {
  method: string;
  url: string;
  headers: Record<string, string>;
  body: string | null;
}

export interface ExchangeResponse {
  status: number;
  headers: Record<string, string>;
  body: string | null;
  truncated: boolean;
}

export interface TestAnswer {
  ok: boolean;
  request: ExchangeRequest | null;
  response: ExchangeResponse | null;
  remoteAddress: string | null;
  proxy?: string;
  certificate: { subject: string; issuer: string; notBefore: string; notAfter: string; sha256: string } | null;
  timings: Partial<
    Record<'dnsMs' | 'connectMs' | 'tlsMs' | 'sentMs' | 'firstByteMs' | 'totalMs', number | null>
  > | null;
  error: { code: string; message: string; remedy?: string | null } | null;
  curl: string | null;
}

export interface PreviewAnswer {
  body: string | null;
  valid: boolean;
  errors: { detail: string; line: number | null; column: number | null; eventType: string | null }[];
  unknownVariables: { name: string; nearest: string | null }[];
}

export interface PresetAnswer {
  id: string;
  name: string;
  description: string;
  contentType: string;
  template: string;
}

export interface AttemptAnswer {
  number: number;
  trigger: string;
  startedAt: string;
  durationMs: number | null;
  outcome: string;
  request: ExchangeRequest | null;
  response: ExchangeResponse | null;
  error: { code: string; message: string } | null;
}

export interface DeliveryAnswer {
  id: string;
  eventId: string;
  eventType: string;
  webhookId: string;
  state: string;
  reason: string | null;
  createdAt: string;
  attemptCount: number;
  nextAttemptAt: string | null;
  replayOf: string | null;
  attempts?: AttemptAnswer[];
}

export interface ReplayAnswer {
  id: string;
  state: string;
  count: number;
  done: number;
  skipped: number;
  webhookId: string | null;
  from: string | null;
  to: string | null;
  states: string[] | null;
  eventTypes: string[] | null;
  eventIds: string[] | null;
  body: string;
  ratePerSecond: number | null;
  createdAt: string;
  endedAt: string | null;
}

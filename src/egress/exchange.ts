import type { CertificateFacts } from '../kernel/certificates.ts';
import type { TlsSettings } from './tls-settings.ts';

/** One request to somebody else's server. */
export interface OutboundRequest {
  /** Whose connections it may use: the id of a webhook. Lanes never share a connection. */
  lane: string;
  /** An absolute http or https URL. A fragment or credentials in it are not sent. */
  url: string;
  method: 'POST' | 'PUT' | 'PATCH';
  /** name, value, name, value, … without `host`, `content-length` and the other names that framing owns. */
  headers: readonly string[];
  body: Buffer | string;
  /** One deadline over name resolution, connecting, TLS, the answer's headers and its body. */
  timeoutMs: number;
  /** How many connections the lane may hold to this origin. Sends beyond it wait for one, within their deadline. */
  maxConcurrency: number;
  /** Permits plain http to addresses outside the allow list. Lifts no other rule of the guard. */
  allowInsecureHttp: boolean;
  /** How TLS is to be spoken, where it is not to be spoken as with everybody. */
  tls?: TlsSettings | null;
  /** Use a new connection of its own, close it afterwards, and fill in `timings` and `certificate`. */
  fresh?: boolean;
  /** Gives up the send: it then rejects with the signal's reason. */
  signal?: AbortSignal;
}

export type FailureCode =
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
  | 'auth_token_error';

/** Why an exchange did not succeed. `message` is one sentence or two for the operator. */
export interface Failure {
  code: FailureCode;
  message: string;
}

/** What the receiver answered. `body` holds at most 64 KiB; `truncated` says that more was to come. */
export interface OutboundResponse {
  status: number;
  /** Names in lower case; a header that came more than once has its values joined by `, `. */
  headers: Record<string, string>;
  body: string;
  truncated: boolean;
}

/** What it was about TLS that failed, as far as there is a remedy of its own. */
export type TlsTrouble =
  | 'self_signed'
  | 'unknown_authority'
  | 'expired'
  | 'not_yet_valid'
  | 'wrong_name'
  | 'pin_mismatch'
  | 'handshake_refused'
  | 'client_certificate_wanted'
  | 'client_certificate_refused'
  | 'old_version'
  | 'not_tls';

/**
 * How long each phase took, in milliseconds with one decimal. A phase that was not needed (the name of a literal
 * address, TLS on http) or not completed is null. `firstByteMs` counts from the request having been written.
 */
export interface PhaseTimings {
  dnsMs: number | null;
  connectMs: number | null;
  tlsMs: number | null;
  sentMs: number | null;
  firstByteMs: number | null;
  totalMs: number;
}

/** What came of one send. */
export interface Exchange {
  durationMs: number;
  /** Null when no final status line arrived. Present beside a failure when there was one. */
  response: OutboundResponse | null;
  /** Null when the receiver took the request: a 2xx, with its whole body or the first 64 KiB of it. */
  failure: Failure | null;
  /** The wait that `Retry-After` of a 429 or 503 asked for, at most 24 h; null when it asked for none. */
  retryAfterMs: number | null;
  /** The address the connection went to, or null when there was none. */
  remoteAddress: string | null;
  /** The proxy that it went through, `host:port`; the address is the proxy's then. Null unless the request was `fresh`. */
  proxy: string | null;
  /** Null unless the request was `fresh`. */
  timings: PhaseTimings | null;
  /** The receiver's own. Null unless the request was `fresh` and it showed a certificate, trusted or not. */
  certificate: CertificateFacts | null;
  /** Null unless the failure is a `tls_error` of a known kind. */
  tlsTrouble: TlsTrouble | null;
}

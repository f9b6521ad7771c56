import { messageOf } from '../kernel/errors.ts';
import { STATUS_CODES } from '../kernel/http-words.ts';
import type { Failure, FailureCode, TlsTrouble } from './exchange.ts';
import { nameOf, type Target } from './target.ts';

/** An expected failure on its way through undici, which hands errors on as they are. */
export class ConnectFailure extends Error {
  override readonly name = 'ConnectFailure';
  readonly failure: Failure;
  readonly tlsTrouble: TlsTrouble | null;

  constructor(failure: Failure, options: ErrorOptions & { tlsTrouble?: TlsTrouble | null } = {}) {
    super(failure.message, options);
    this.failure = failure;
    this.tlsTrouble = options.tlsTrouble ?? null;
  }
}

const UNKNOWN_ISSUER = 'its issuer is not trusted here, or the receiver does not send the intermediate one';

/** Why verification of a certificate failed: OpenSSL's code (X509_V_ERR_…, without the prefix) in words. */
const DISTRUST: Record<string, [words: string, trouble: TlsTrouble | null]> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: ['it is self-signed', 'self_signed'],
  SELF_SIGNED_CERT_IN_CHAIN: [
    'its chain ends in a certificate authority that is not trusted here',
    'unknown_authority',
  ],
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: [UNKNOWN_ISSUER, 'unknown_authority'],
  UNABLE_TO_GET_ISSUER_CERT: [UNKNOWN_ISSUER, 'unknown_authority'],
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: [UNKNOWN_ISSUER, 'unknown_authority'],
  CERT_HAS_EXPIRED: ['it has expired', 'expired'],
  CERT_NOT_YET_VALID: ['it is not valid yet', 'not_yet_valid'],
  CERT_REVOKED: ['it was revoked', null],
  ERR_TLS_CERT_ALTNAME_INVALID: ['it was issued for another name', 'wrong_name'],
};

/** How a certificate that did not verify is reported. `reason` is what `TLSSocket.authorizationError` holds. */
export function distrusted(target: Target, reason: string): ConnectFailure {
  const [words, tlsTrouble] = DISTRUST[reason] ?? [null, null];
  const why = words === null ? reason.toLowerCase().replaceAll('_', ' ') : `${words} (${reason})`;
  const message = `The certificate of ${nameOf(target)} is not trusted: ${why}.`;
  return new ConnectFailure({ code: 'tls_error', message }, { tlsTrouble });
}

/** How a certificate other than the pinned one is reported. */
export function notPinned(target: Target, sha256: string | null): ConnectFailure {
  const shown = sha256 === null ? 'The receiver shows none' : `Its SHA-256 is ${sha256}`;
  const message = `The certificate of ${nameOf(target)} is not the one that is pinned. ${shown}.`;
  return new ConnectFailure({ code: 'tls_error', message }, { tlsTrouble: 'pin_mismatch' });
}

/** What the TLS library's error codes, or the receiver's alerts in them, mean (RFC 8446 §6.2). The first that fits. */
const HANDSHAKE_TROUBLES: [pattern: RegExp, trouble: TlsTrouble, words: string][] = [
  [/ALERT_CERTIFICATE_REQUIRED/, 'client_certificate_wanted', 'it wants a client certificate'],
  [
    /ALERT_(BAD_CERTIFICATE|UNKNOWN_CA|UNSUPPORTED_CERTIFICATE|CERTIFICATE_\w+|ACCESS_DENIED)/,
    'client_certificate_refused',
    'it refuses our client certificate',
  ],
  [/ALERT_HANDSHAKE_FAILURE/, 'handshake_refused', 'it refused the handshake'],
  [/PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL/, 'old_version', 'it speaks neither TLS 1.2 nor 1.3'],
  [/UNRECOGNIZED_NAME/, 'wrong_name', 'it does not know that name'],
  [/WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|RECORD_LAYER|HTTP_REQUEST/, 'not_tls', 'what answers is not TLS'],
];

function handshakeTrouble(error: unknown) {
  return HANDSHAKE_TROUBLES.find(([pattern]) => pattern.test(codeOf(error))) ?? null;
}

/** The kind of a failure of TLS, or null when it was none, or has no remedy of its own. */
export function tlsTroubleOf(error: unknown): TlsTrouble | null {
  if (error instanceof ConnectFailure) return error.tlsTrouble ?? tlsTroubleOf(error.cause);
  return handshakeTrouble(error)?.[1] ?? null;
}

/** The failure that a name which gives no address amounts to. */
export function unresolved(target: Target, error: unknown): Failure {
  const why =
    codeOf(error) === 'EAI_AGAIN'
      ? 'the name servers do not answer now (EAI_AGAIN)'
      : codeOf(error) || messageOf(error);
  return { code: 'dns_error', message: `The name of ${nameOf(target)} could not be resolved: ${why}.` };
}

/** System errors that say more than "could not be reached". */
const SYSTEM_ERRORS: Record<string, [code: FailureCode, words: string]> = {
  ECONNREFUSED: ['connection_refused', 'refused the connection; nothing listens on that port'],
  EHOSTUNREACH: ['connection_refused', 'cannot be reached; there is no route to the host'],
  ENETUNREACH: ['connection_refused', 'cannot be reached; there is no route to its network'],
  ETIMEDOUT: ['timeout', 'did not respond on the network in time'],
  ECONNRESET: ['connection_reset', 'reset the connection'],
  ECONNABORTED: ['connection_reset', 'reset the connection'],
  EPIPE: ['connection_reset', 'closed the connection while the request was being sent'],
};

/** The failure behind an error from connecting, before any TLS. */
export function unconnected(target: Target, error: unknown): Failure {
  const known = SYSTEM_ERRORS[codeOf(error)];
  if (known !== undefined) return { code: known[0], message: `${nameOf(target)} ${known[1]} (${codeOf(error)}).` };
  return { code: 'connection_refused', message: `${nameOf(target)} could not be connected to: ${messageOf(error)}.` };
}

/** The failure behind an error from the TLS handshake. */
export function handshakeFailed(target: Target, error: unknown): Failure {
  if (codeOf(error) in SYSTEM_ERRORS) {
    return { code: 'connection_reset', message: `${nameOf(target)} closed the connection during the TLS handshake.` };
  }
  return tlsFailed(target, error);
}

/** The failure behind an error from an established connection. `answerBegan`: a first byte of an answer was read. */
export function exchangeBroken(target: Target, error: unknown, answerBegan: boolean): Failure {
  if (error instanceof ConnectFailure) return error.failure;
  const code = codeOf(error);
  const known = SYSTEM_ERRORS[code];
  if (known !== undefined) return { code: known[0], message: `${nameOf(target)} ${known[1]} (${code}).` };
  if (code.startsWith('ERR_SSL_') || code.startsWith('ERR_TLS_')) return tlsFailed(target, error);
  if (code === 'UND_ERR_SOCKET' && !answerBegan) {
    return { code: 'connection_reset', message: `${nameOf(target)} closed the connection without an answer.` };
  }
  return { code: 'response_invalid', message: `The answer of ${nameOf(target)} ${invalidity(code, error)}.` };
}

/** What the status line alone amounts to: null for a 2xx. */
export function judgeStatus(status: number): Failure | null {
  if (status >= 200 && status < 300) return null;
  const answered = `The receiver answered ${`${status} ${STATUS_CODES[status] ?? ''}`.trim()}`;
  if (status >= 300 && status < 400) return { code: 'redirect', message: `${answered}. Redirects are not followed.` };
  if (status === 410) return { code: 'gone', message: `${answered}: it wants no more deliveries.` };
  return { code: 'http_status', message: `${answered}.` };
}

/** The `code` of an error of Node or undici, or an empty text. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

function tlsFailed(target: Target, error: unknown): Failure {
  const reason = error instanceof Error && 'reason' in error ? String(error.reason) : messageOf(error);
  const words = handshakeTrouble(error)?.[2];
  const why = words === undefined ? reason : `${words} (${reason})`;
  return { code: 'tls_error', message: `TLS with ${nameOf(target)} failed: ${why}.` };
}

function invalidity(code: string, error: unknown): string {
  switch (code) {
    case 'UND_ERR_HEADERS_OVERFLOW':
      return 'has headers of more than 16 KiB';
    case 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH':
      return 'does not have the length that its Content-Length announced';
    case 'UND_ERR_SOCKET':
      return 'ended before it was complete';
    default:
      return `is not valid HTTP/1.1: ${messageOf(error)}`;
  }
}

import type { Exchange, TlsTrouble } from '../egress/index.ts';
import type { DeliveryErrorCode } from './deliveries.state.ts';

const REMEDIES: Record<DeliveryErrorCode, string> = {
  egress_refused: 'Use a public address, or add the one named above to WAYBILL_EGRESS_ALLOW and restart Waybill.',
  dns_error: 'Check the host name in the URL, and that the machine Waybill runs on can resolve it.',
  connection_refused:
    'Check that the receiver is running, that host and port are right, and that no firewall is in between.',
  connection_reset:
    'The receiver, or something before it, broke the connection off: look into its log, or into that of its proxy.',
  timeout: 'Have the receiver answer before it does its work, or raise `timeoutMs` of the webhook.',
  tls_error: "Check the receiver's certificate: its name, its dates, and that a known authority issued it.",
  http_status: 'The receiver was reached and refused: look into its log, and check method, URL and credentials.',
  redirect: 'Enter the URL that the receiver redirects to: redirects are never followed.',
  gone: 'The receiver says that this URL is no longer served. Enter a new one, then resume the webhook.',
  response_invalid: 'What came back is not valid HTTP. Check that host and port belong to a web server.',
  template_error:
    'Correct the template with POST /api/v1/templates/preview and this event, then try the delivery again.',
  auth_token_error:
    'Check `tokenUrl`, `clientId`, `clientSecret`, `scope` and `clientAuth` under `auth`; the token server has a log, too.',
};

const STATUS_REMEDIES: Record<number, string> = {
  401: 'Check the credentials under `auth`, and that the receiver expects this kind of authentication.',
  403: 'The receiver knows us and refuses: check the rights behind the credentials, and its allow list.',
  404: 'Check the path of the URL: the receiver has nothing there.',
  405: 'Check `method`: the receiver does not take it at this URL.',
  400: 'The receiver did not understand the request: check `payload` and `contentType` against what it expects.',
  413: 'The receiver takes no body of this size: raise its limit.',
  415: 'Check `contentType`: the receiver does not read it.',
  422: 'The receiver did not understand the body: check `payload` against what it expects.',
  408: 'The receiver waited for the request too long: look into its log, or into that of its proxy.',
  429: 'The receiver asks to be called less often: lower `limits.ratePerSecond` or `limits.maxConcurrency`.',
};

const TLS_REMEDIES: Record<TlsTrouble, (sha256: string) => string> = {
  self_signed: (sha256) =>
    `If ${sha256} is the certificate you expect, put that into \`tls.pinnedSha256\`, or the certificate itself into \`tls.caPem\`.`,
  unknown_authority: () =>
    "Put the certificate of the receiver's authority into `tls.caPem`, or have the receiver send its intermediate certificates too.",
  expired: () => 'Have the receiver renew its certificate; until then only `tls.pinnedSha256` lets it pass.',
  not_yet_valid: () => "Check the clock of this machine, and the dates of the receiver's certificate.",
  wrong_name: () => "Use a host name in the URL that is in the receiver's certificate, or have it issued for this one.",
  pin_mismatch: (sha256) =>
    `If the receiver has a new certificate, ask its owner whether it is ${sha256}, and put that into \`tls.pinnedSha256\`.`,
  handshake_refused: () =>
    'Give `tls.clientCertPem` and `tls.clientKeyPem` if the receiver wants a client certificate; else look at its ciphers.',
  client_certificate_wanted: () =>
    'Give the certificate and key that the receiver knows us by as `tls.clientCertPem` and `tls.clientKeyPem`.',
  client_certificate_refused: () =>
    'Check with the receiver which client certificates it takes, and whether `tls.clientCertPem` holds all up to its authority.',
  old_version: () => 'Have the receiver offer TLS 1.2 or 1.3: older versions are not spoken.',
  not_tls: () => 'Check the port, or use `http:` in the URL: what answers there does not speak TLS.',
};

const PROXY_REMEDY =
  'Check that the proxy is right and lets us through to this host and port, or name the host in WAYBILL_NO_PROXY.';
/** What most likely fails between us and the receiver where a proxy is in between. */
const PROXY_CODES: ReadonlySet<string> = new Set(['dns_error', 'connection_refused']);

/** What an operator can do about a failed exchange, in one sentence. */
export function remedyFor(
  failure: { code: DeliveryErrorCode },
  { tlsTrouble, certificate, proxy, response }: Pick<Exchange, 'tlsTrouble' | 'certificate' | 'proxy' | 'response'>,
): string {
  if (proxy !== null && PROXY_CODES.has(failure.code)) return PROXY_REMEDY;
  if (tlsTrouble !== null) return TLS_REMEDIES[tlsTrouble](certificate?.sha256 ?? 'the fingerprint above');
  return remedyOf(failure.code, response?.status ?? null);
}

/** `remedyFor` where only code and status are known, as in the log. `status`: of the answer, if one came. */
function remedyOf(code: DeliveryErrorCode, status: number | null): string {
  return (code === 'http_status' && status !== null ? STATUS_REMEDIES[status] : undefined) ?? REMEDIES[code];
}

/** `remedyOf` for a code that may come from a server of another version: null for one that is not known here. */
export function findRemedy(code: string, status: number | null): string | null {
  return code in REMEDIES ? remedyOf(code as DeliveryErrorCode, status) : null;
}

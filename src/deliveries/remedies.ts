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
  auth_token_error:
    'Check `tokenUrl`, `clientId`, `clientSecret`, `scope` and `clientAuth` under `auth`; the token server has a log, too.',
};

const STATUS_REMEDIES: Record<number, string> = {
  401: 'Check the credentials under `auth`, and that the receiver expects this kind of authentication.',
  403: 'The receiver knows us and refuses: check the rights behind the credentials, and its allow list.',
  404: 'Check the path of the URL: the receiver has nothing there.',
  405: 'Check `method`: the receiver does not take it at this URL.',
  413: 'The receiver takes no body of this size: raise its limit.',
  415: 'Check `contentType`: the receiver does not read it.',
  422: 'The receiver did not understand the body: check `payload` against what it expects.',
  429: 'The receiver asks to be called less often: lower `limits.maxConcurrency`.',
};

/** What an operator can do about a failed exchange, in one sentence or two. `status`: of the answer, if one came. */
export function remedyOf(code: DeliveryErrorCode, status: number | null): string {
  return (code === 'http_status' && status !== null ? STATUS_REMEDIES[status] : undefined) ?? REMEDIES[code];
}

/** `remedyOf` for a code that may come from a server of another version: null for one that is not known here. */
export function findRemedy(code: string, status: number | null): string | null {
  return code in REMEDIES ? remedyOf(code as DeliveryErrorCode, status) : null;
}

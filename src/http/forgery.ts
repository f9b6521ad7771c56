import { timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { Refusal } from '../kernel/errors.ts';

export const CSRF_HEADER = 'x-csrf-token';

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Whether a method may change something (RFC 9110 §9.2.1). */
export function isUnsafe(method: string): boolean {
  return !SAFE_METHODS.has(method);
}

/**
 * Refuses (403) what a page of another origin had a browser send. `Sec-Fetch-Site` tells, where the browser sends it: to
 * https and to this very machine. Elsewhere `Origin` must be the origin that was asked, or the public one. A request with
 * neither does not come from a page. Sources: W3C Fetch Metadata §2.3, RFC 6454 §7.
 */
export function refuseForeignPage(headers: IncomingHttpHeaders, publicOrigin: string | null): void {
  if (isOfForeignPage(headers, publicOrigin)) {
    throw new Refusal('forbidden', 'A page of another site may change nothing here.');
  }
}

function isOfForeignPage(headers: IncomingHttpHeaders, publicOrigin: string | null): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site !== 'same-origin' && site !== 'none';
  const { origin, host } = headers;
  return origin !== undefined && origin !== publicOrigin && URL.parse(origin)?.host !== host;
}

/** Refuses (403) a request without the token that only the pages of its session can have read. */
export function refuseWithoutToken(headers: IncomingHttpHeaders, csrfToken: string): void {
  const given = Buffer.from(String(headers[CSRF_HEADER] ?? ''));
  const wanted = Buffer.from(csrfToken);
  if (given.length === wanted.length && timingSafeEqual(given, wanted)) return;
  throw new Refusal('forbidden', `Send \`csrfToken\` of GET /api/v1/session in the header ${CSRF_HEADER}.`);
}

const LONGEST_WAIT_MS = 24 * 60 * 60 * 1000;

/** IMF-fixdate, RFC 850 and asctime: the three forms of an HTTP-date (RFC 9110 §5.6.7). All of them mean UTC. */
const HTTP_DATE = /^[A-Z][a-z]{2,8},? [0-9A-Za-z :-]+?( GMT)?$/;

/**
 * The wait that a `Retry-After` header asks for, in milliseconds from `now`: never negative, at most 24 h. Null when
 * the header is absent or is neither a whole number of seconds nor an HTTP-date. Pure. Source: RFC 9110 §10.2.3.
 */
export function parseRetryAfter(value: string | undefined, now: number): number | null {
  if (value === undefined) return null;
  const text = value.trim();
  const waitMs = /^[0-9]+$/.test(text) ? Number(text) * 1000 : millisecondsUntil(text, now);
  return waitMs === null ? null : Math.min(LONGEST_WAIT_MS, Math.max(0, waitMs));
}

function millisecondsUntil(text: string, now: number): number | null {
  const match = HTTP_DATE.exec(text);
  if (match === null) return null;
  const instant = Date.parse(match[1] === undefined ? `${text} GMT` : text);
  return Number.isNaN(instant) ? null : instant - now;
}

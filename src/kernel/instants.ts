/** An instant as users see it: RFC 3339 in UTC with milliseconds. */
export function formatInstant(ms: number): string {
  return new Date(ms).toISOString();
}

/** `formatInstant`, for a column that may be empty. */
export function formatInstantOrNull(ms: number | null): string | null {
  return ms === null ? null : formatInstant(ms);
}

const RFC_3339 = /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.(\d+))?(?:[Zz]|([+-])(\d{2}):(\d{2}))$/;

/**
 * The epoch milliseconds of an RFC 3339 date-time (§5.6), or null when the text is none. Fractions finer than a
 * millisecond are cut off; a leap second counts as the second before it. An offset must not lead out of the years 0000 to
 * 9999, which are all that an instant can be shown in.
 */
export function parseInstant(text: string): number | null {
  return parsePlainUtc(text) ?? parseAnyForm(text);
}

/** `2026-01-31T12:00:00Z`, the form nearly everyone writes, without the pattern for all forms. */
function parsePlainUtc(text: string): number | null {
  if (text.length !== 20 || text[4] !== '-' || text[7] !== '-' || text[10] !== 'T' || text[19] !== 'Z') return null;
  const ms = Date.parse(text);
  // A day that the month has not got is carried over into the next by Date.parse, and refused here.
  return new Date(ms).getUTCDate() === Number(text.slice(8, 10)) ? ms : null;
}

function parseAnyForm(text: string): number | null {
  const match = RFC_3339.exec(text);
  if (!match) return null;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const offsetHours = Number(match[9] ?? 0);
  const offsetMinutes = Number(match[10] ?? 0);
  const inRange =
    month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month) && hour <= 23 && minute <= 59 && second <= 60;
  if (!inRange || offsetHours > 23 || offsetMinutes > 59) return null;
  const milliseconds = Number(`${match[7] ?? ''}000`.slice(0, 3));
  const utc = new Date(0);
  utc.setUTCFullYear(year, month - 1, day);
  utc.setUTCHours(hour, minute, Math.min(second, 59), milliseconds);
  const offsetMs = (offsetHours * 60 + offsetMinutes) * 60_000 * (match[8] === '-' ? -1 : 1);
  const ms = utc.getTime() - offsetMs;
  return ms >= FIRST && ms <= LAST ? ms : null;
}

/** The first and the last instant that can be written with a year of four digits, in UTC. */
const FIRST = Date.parse('0000-01-01T00:00:00.000Z');
const LAST = Date.parse('9999-12-31T23:59:59.999Z');

function daysIn(year: number, month: number): number {
  return new Date(Date.UTC(year % 400 || 400, month, 0)).getUTCDate();
}

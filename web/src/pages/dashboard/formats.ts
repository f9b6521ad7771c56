import type { Range } from './figures.ts';

/** A whole number as people of that language write it. */
export function count(value: number, language: string): string {
  return new Intl.NumberFormat(language).format(value);
}

/** A span as people say it, to three digits; a dash where there was nothing to measure. */
export function span(ms: number | null, language: string): string {
  if (ms === null) return '–';
  const [unit, divisor] = ms < 1_000 ? (['millisecond', 1] as const) : unitOf(ms);
  const options = { style: 'unit', unit, unitDisplay: 'short', maximumSignificantDigits: 3 } as const;
  return new Intl.NumberFormat(language, options).format(ms / divisor);
}

function unitOf(ms: number): readonly ['second' | 'minute' | 'hour', number] {
  if (ms < 60_000) return ['second', 1_000];
  return ms < 3_600_000 ? ['minute', 60_000] : ['hour', 3_600_000];
}

/** When a bucket begins, as its axis and its table name it. */
export function bucketName(at: string, range: Range, language: string): string {
  // Days are those of UTC.
  const options: Intl.DateTimeFormatOptions =
    range === '24h' ? { timeStyle: 'short' } : { weekday: 'short', day: 'numeric', month: 'short', timeZone: 'UTC' };
  return new Intl.DateTimeFormat(language, options).format(Date.parse(at));
}

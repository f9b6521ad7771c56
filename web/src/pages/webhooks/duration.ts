const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
  ['ms', 1],
] as const;

/** Other spellings of the units above. */
const ALIASES: Readonly<Record<string, string>> = { m: 'min', sec: 's', std: 'h' };
const PART = /(\d+(?:[.,]\d+)?)\s*([a-z]+)/g;

/** A span of time as people read it, such as “1 h 30 min”. Exact. */
export function formatDuration(ms: number): string {
  const parts: string[] = [];
  let rest = Math.round(ms);
  for (const [unit, unitMs] of UNITS) {
    const count = Math.floor(rest / unitMs);
    if (count > 0) parts.push(`${count} ${unit}`);
    rest -= count * unitMs;
  }
  return parts.length === 0 ? '0 s' : parts.join(' ');
}

/** A span of time that people measure rather than choose, cut to what matters: “12.3 ms”, “1.25 s”. */
export function formatMeasured(ms: number): string {
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(2)} s`;
}

/** Milliseconds of a span of time such as “15 s” or “1 h 30 min”; null when it is none. */
export function parseDuration(text: string): number | null {
  const given = text.trim().toLowerCase();
  if (/^0+$/.test(given)) return 0;
  if (given === '' || given.replaceAll(PART, '').trim() !== '') return null;
  let ms = 0;
  for (const [, count = '', name = ''] of given.matchAll(PART)) {
    const unit = UNITS.find(([known]) => known === (ALIASES[name] ?? name));
    if (unit === undefined) return null;
    ms += Number(count.replace(',', '.')) * unit[1];
  }
  return Math.round(ms);
}

/** Milliseconds of each span in a list with commas or line breaks between them; null when one of them is none. */
export function parseDurations(text: string): number[] | null {
  const given = text.split(/[\n;]|,(?!\d)/).map((part) => part.trim());
  const spans = given.filter((part) => part !== '').map(parseDuration);
  return spans.every((span) => span !== null) ? spans : null;
}

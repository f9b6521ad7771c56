import { useEffect, useSyncExternalStore } from 'react';
import { useTranslation } from 'react-i18next';
import { later } from '../api/connection.ts';
import { createObservable } from '../api/observable.ts';
import { serverNow } from '../api/server-clock.ts';

const UNITS = [
  ['year', 365 * 86_400_000],
  ['month', 30 * 86_400_000],
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
] as const;

const TICK_MS = 1_000;
const now = createObservable(serverNow());
let watchers = 0;

/** Now by the server's clock, in ms. All that ask tick together, each second. */
export function useNow(): number {
  useTicking();
  return useSyncExternalStore(now.watch, now.get);
}

function useTicking(): void {
  useEffect(() => {
    watchers += 1;
    if (watchers === 1) tick();
    return () => {
      watchers -= 1;
    };
  }, []);
}

function tick(): void {
  if (watchers === 0) return;
  now.set(serverNow());
  later(TICK_MS, tick);
}

/** Formats are dear to make, and a list shows hundreds of instants. */
function perLanguage<T>(make: (language: string) => T): (language: string) => T {
  const made = new Map<string, T>();
  return (language) => {
    const format = made.get(language) ?? make(language);
    made.set(language, format);
    return format;
  };
}

const relativeFormat = perLanguage((language) => new Intl.RelativeTimeFormat(language, { numeric: 'auto' }));
const absoluteFormat = perLanguage(
  (language) => new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'medium' }),
);

/** How long before or after now something is, in words such as “3 minutes ago”. */
export function relativeTime(atMs: number, nowMs: number, language: string): string {
  const differenceMs = atMs - nowMs;
  const [unit, unitMs] = UNITS.find(([, ms]) => Math.abs(differenceMs) >= ms) ?? (['second', 1_000] as const);
  return relativeFormat(language).format(Math.trunc(differenceMs / unitMs), unit);
}

interface InstantProps {
  /** RFC 3339. */
  at: string;
  /** What is shown; the title has the rest, and the time in UTC. */
  show?: 'relative' | 'absolute' | 'both';
}

/** An instant as the reader's own clock has it, and how long that is from now. Renders again only when the words change. */
export function Instant({ at, show = 'relative' }: InstantProps) {
  const { i18n } = useTranslation();
  useTicking();
  const atMs = Date.parse(at);
  const relative = useSyncExternalStore(now.watch, () => relativeTime(atMs, now.get(), i18n.language));
  const absolute = absoluteFormat(i18n.language).format(atMs);
  const shown = { relative, absolute, both: `${absolute} (${relative})` }[show];
  return (
    <time dateTime={at} title={`${show === 'relative' ? absolute : relative} · ${new Date(atMs).toISOString()}`}>
      {shown}
    </time>
  );
}

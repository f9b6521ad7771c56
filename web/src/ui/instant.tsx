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
  useEffect(() => {
    watchers += 1;
    if (watchers === 1) tick();
    return () => {
      watchers -= 1;
    };
  }, []);
  return useSyncExternalStore(now.watch, now.get);
}

function tick(): void {
  if (watchers === 0) return;
  now.set(serverNow());
  later(TICK_MS, tick);
}

/** How long before or after now something is, in words such as “3 minutes ago”. */
export function relativeTime(atMs: number, nowMs: number, language: string): string {
  const differenceMs = atMs - nowMs;
  const [unit, unitMs] = UNITS.find(([, ms]) => Math.abs(differenceMs) >= ms) ?? (['second', 1_000] as const);
  const format = new Intl.RelativeTimeFormat(language, { numeric: 'auto' });
  return format.format(Math.trunc(differenceMs / unitMs), unit);
}

interface InstantProps {
  /** RFC 3339. */
  at: string;
  /** What is shown; the title has the rest, and the time in UTC. */
  show?: 'relative' | 'absolute' | 'both';
}

/** An instant as the reader's own clock has it, and how long that is from now. */
export function Instant({ at, show = 'relative' }: InstantProps) {
  const { i18n } = useTranslation();
  const nowMs = useNow();
  const date = new Date(at);
  const absolute = new Intl.DateTimeFormat(i18n.language, { dateStyle: 'medium', timeStyle: 'medium' }).format(date);
  const relative = relativeTime(date.getTime(), nowMs, i18n.language);
  const shown = { relative, absolute, both: `${absolute} (${relative})` }[show];
  return (
    <time dateTime={at} title={`${show === 'relative' ? absolute : relative} · ${date.toISOString()}`}>
      {shown}
    </time>
  );
}

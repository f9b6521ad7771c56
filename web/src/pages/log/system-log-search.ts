import { given, type ListSearch, readListSearch, readText } from '../list-search.ts';
import { readTimeSearch, type TimeSearch } from '../time-range.ts';

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** What the URL of the system log says. */
export interface SystemLogSearch extends ListSearch, TimeSearch {
  q?: string;
  /** This level and those above it. */
  level?: LogLevel;
  /** Whether new lines come by themselves. */
  follow?: true;
}

export function readSystemLogSearch(search: Record<string, unknown>): SystemLogSearch {
  const { q, level, follow } = search;
  return {
    ...readListSearch(search),
    ...readTimeSearch(search),
    ...given<Pick<SystemLogSearch, 'q' | 'level' | 'follow'>>({
      q: readText(q),
      level: isLogLevel(level) ? level : undefined,
      follow: follow === true ? true : undefined,
    }),
  };
}

export function isLogLevel(value: unknown): value is LogLevel {
  return (LOG_LEVELS as readonly unknown[]).includes(value);
}

import { given, type ListSearch, readListSearch, readText } from '../list-search.ts';
import { readTimeSearch, type TimeSearch } from '../time-range.ts';

/** Which events are listed. */
export interface EventFilter extends TimeSearch {
  type?: string;
  q?: string;
}

/** What the URL of the list says. */
export interface EventSearch extends EventFilter, ListSearch {}

export function readEventSearch(search: Record<string, unknown>): EventSearch {
  return {
    ...readListSearch(search),
    ...readTimeSearch(search),
    ...given<EventFilter>({ type: readText(search.type), q: readText(search.q) }),
  };
}

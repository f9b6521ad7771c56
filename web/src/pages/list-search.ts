/** What the URL of every list says: which page of it. */
export interface ListSearch {
  cursor?: string;
}

/** Reads it; whatever else the URL says is left out. */
export function readListSearch(search: Record<string, unknown>): ListSearch {
  return typeof search.cursor === 'string' ? { cursor: search.cursor } : {};
}

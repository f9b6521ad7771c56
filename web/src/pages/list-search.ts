/** What the URL of every list says: which page of it. */
export interface ListSearch {
  cursor?: string;
}

/** Reads it; whatever else the URL says is left out. */
export function readListSearch(search: Record<string, unknown>): ListSearch {
  return typeof search.cursor === 'string' ? { cursor: search.cursor } : {};
}

/** A text of the URL, which reads digits as a number; undefined where there is none. */
export function readText(value: unknown): string | undefined {
  const isText = (typeof value === 'string' && value !== '') || typeof value === 'number';
  return isText ? String(value) : undefined;
}

/** Without the members that are undefined, which neither a URL nor a request has. */
export function given<T extends object>(members: { [Key in keyof T]: T[Key] | undefined }): T {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as T;
}

import { Refusal } from './errors.ts';

/** A page of a list, newest first. `next` is the cursor of the following page, or null at the end. */
export interface Page<T> {
  items: T[];
  next: string | null;
}

/** What a list is asked for. `before` is the key of the last item already seen, or null for the first page. */
export interface PageRequest {
  /** Names the list, so that it does not take the cursors of another one. */
  list: string;
  limit: number;
  before: string | null;
}

export const DEFAULT_PAGE_LIMIT = 50;
export const MAX_PAGE_LIMIT = 250;

/** Wraps the key of a page's last item, so that callers do not come to depend on what is inside. */
export function encodeCursor(list: string, key: string): string {
  return Buffer.from(`${list}:${key}`).toString('base64url');
}

/** The key inside a cursor. Refuses (400) what `encodeCursor` did not make for this list. */
export function decodeCursor(list: string, cursor: string): string {
  const text = Buffer.from(cursor, 'base64url').toString();
  const key = text.slice(list.length + 1);
  if (encodeCursor(list, key) !== cursor) {
    throw new Refusal('validation_failed', 'This cursor is not one of ours; use `next` of the page before, as it is.', {
      errors: [{ pointer: '?cursor', detail: 'Not a cursor of this list.' }],
    });
  }
  return key;
}

/** A page of a list that is at hand whole, newest first: what `keyOf` orders it by falls from one item to the next. */
export function pageOfList<T>(
  newestFirst: readonly T[],
  page: PageRequest,
  keyOf: (item: T) => string | number,
): Page<T> {
  const { before, limit } = page;
  const isOlder = (key: string | number): boolean =>
    before === null || (typeof key === 'number' ? key < Number(before) : key < before);
  const older = newestFirst.filter((item) => isOlder(keyOf(item)));
  return toPage(older.slice(0, limit + 1), page, (item) => String(keyOf(item)));
}

/**
 * Cuts `limit + 1` rows down to a page. The extra row only tells that there is more.
 */
export function toPage<T>(rows: readonly T[], { list, limit }: PageRequest, keyOf: (row: T) => string): Page<T> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, next: rows.length > limit && last !== undefined ? encodeCursor(list, keyOf(last)) : null };
}

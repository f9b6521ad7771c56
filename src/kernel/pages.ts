import { Refusal } from './errors.ts';

/** A page of a list, newest first. `next` is the cursor of the following page, or null at the end. */
export interface Page<T> {
  items: T[];
  next: string | null;
}

/** What a list is asked for. `before` is the key of the last item already seen, or null for the first page. */
export interface PageRequest {
  limit: number;
  before: string | null;
}

export const DEFAULT_PAGE_LIMIT = 50;
export const MAX_PAGE_LIMIT = 250;

/** Wraps the key of a page's last item, so that callers do not come to depend on what is inside. */
export function encodeCursor(key: string): string {
  return Buffer.from(`c1:${key}`).toString('base64url');
}

/** The key inside a cursor. Refuses (400) what `encodeCursor` did not make. */
export function decodeCursor(cursor: string): string {
  const text = Buffer.from(cursor, 'base64url').toString();
  if (!text.startsWith('c1:') || encodeCursor(text.slice(3)) !== cursor) {
    throw new Refusal('validation_failed', 'This cursor is not one of ours; use `next` of the page before, as it is.', {
      errors: [{ pointer: '?cursor', detail: 'Not a cursor of this list.' }],
    });
  }
  return text.slice(3);
}

/**
 * Cuts `limit + 1` rows down to a page. The extra row only tells that there is more.
 */
export function toPage<T>(rows: readonly T[], limit: number, keyOf: (row: T) => string): Page<T> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, next: rows.length > limit && last !== undefined ? encodeCursor(keyOf(last)) : null };
}

import type { ListPage } from '../ui/list-view.tsx';

/** The most pages that are read to find the first item: a search looks through a part of a list at a time. */
const MOST_PAGES = 20;

/** A page of a searched list: such a page may be empty although there is more, and then the next one is read. */
export async function readOn<T>(
  read: (cursor: string | undefined) => Promise<ListPage<T>>,
  cursor: string | undefined,
): Promise<ListPage<T>> {
  let page = await read(cursor);
  for (let pages = 1; page.items.length === 0 && page.next !== null && pages < MOST_PAGES; pages += 1) {
    page = await read(page.next);
  }
  return page;
}

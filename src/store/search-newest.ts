/** How many rows a leap takes from an index, and what each costs: it lies by itself. */
export const LEAP_ROWS = 1_000;
export const LEAP_ROW_COST = 6;

/** How many events that have not been indexed one look reads, and what each costs: its data is taken apart. */
const MOST_UNINDEXED = 200;
const UNINDEXED_COST = 40;

/** What a part of a search has brought. */
export interface Found<R> {
  /** What matches, newest first. */
  hits: R[];
  /** Everything from this number on has been looked at; null: everything there is. */
  reach: number | null;
  /** What it cost, in rows that lie side by side. */
  looked: number;
}

/** Two ways to go on below a number (null: from the top), by turns. */
export interface SearchWays<R> {
  /** Reads through the next `count` rows, which is quick where there is much to be found, or little to read. */
  look(below: number | null, count: number): Promise<Found<R>>;
  /** Asks an index of words, which is quick where there is little to be found. `reach` may be `below`: it does not help. */
  leap(below: number | null): Promise<Found<R>>;
}

/** Rows of a page, and below which number the next page goes on; null at the end. A page may be short all the same. */
export interface NewestPage<R> {
  rows: R[];
  next: number | null;
}

/** What one page may cost, in rows that lie side by side: some 30 ms. */
const MOST_LOOKED = 12_000;
/** How many rows are read through first, and how many then: mostly the first ones are enough. */
const FIRST_LOOK = 500;
const LATER_LOOK = 3_000;

/**
 * A page of search results. What a search costs depends on the words, so it has a bound: where that is reached, the
 * page has what was found so far, perhaps nothing, and `next` goes on from there.
 */
export async function searchNewest<R>(
  ways: SearchWays<R>,
  { below, limit, keyOf }: { below: number | null; limit: number; keyOf: (row: R) => number },
): Promise<NewestPage<R>> {
  const rows: R[] = [];
  let reach = below;
  let looked = 0;
  for (let turn = 0; looked < MOST_LOOKED; turn += 1) {
    const count = turn === 0 ? FIRST_LOOK : LATER_LOOK;
    const found = await (turn % 2 === 0 ? ways.look(reach, count) : ways.leap(reach));
    rows.push(...found.hits);
    looked += found.looked + 1;
    reach = found.reach;
    if (rows.length > limit || reach === null) break;
  }
  return cutPage(rows, { reach, limit, keyOf });
}

/** Rows that a look has read, as far as it may: their words are null while their event has not been indexed. */
export function affordable<R extends { words: string | null }>(
  read: readonly R[],
  rowCost: number,
): { rows: readonly R[]; isCut: boolean; looked: number } {
  let unindexed = 0;
  const end = read.findIndex((row) => {
    if (row.words === null) unindexed += 1;
    return unindexed > MOST_UNINDEXED;
  });
  const rows = end < 0 ? read : read.slice(0, end);
  return { rows, isCut: end >= 0, looked: rows.length * rowCost + unindexed * UNINDEXED_COST };
}

/** Cuts what was found in order down to a page. */
export function cutPage<R>(
  found: readonly R[],
  { reach, limit, keyOf }: { reach: number | null; limit: number; keyOf: (row: R) => number },
): NewestPage<R> {
  const rows = found.slice(0, limit);
  return { rows, next: found.length > limit ? keyOf(rows.at(-1) as R) : reach };
}

import type { Param, ReadTx } from './command.ts';

/** Some rows of a table that an index holds in the order of their number: a WHERE clause and its parameters. */
export interface Range {
  where: string;
  params: readonly Param[];
  /** The index that holds it in that order, to be named where the database might take another. */
  index?: string;
  /** The numbers to read, if not all: from `from` on, below `below`. */
  from?: number;
  below?: number;
}

interface Options<R> {
  columns: string;
  /** The table with the name by which ranges call it. */
  table: string;
  joins?: string;
  /** The column that rows are in the order of, as SQL. */
  key: string;
  keyOf: (row: R) => number;
  ranges: readonly Range[];
  /** Only numbers below it; null for all. */
  below: number | null;
}

/** Rows of several ranges as one list, the highest number first. */
export interface NewestFirst<R> {
  /** The next rows: as many as asked for, or fewer at the end. A row that is in two ranges comes once. */
  take(count: number): Promise<R[]>;
}

const SMALLEST_READ = 8;
const LARGEST_READ = 512;

interface Reading<R> {
  range: Range;
  /** Read and not yet taken, the highest first. */
  rows: R[];
  /** Numbers below it have not been read. */
  below: number;
  count: number;
  isRead: boolean;
}

/**
 * Reads ranges side by side, each in its own order, so that the work is for what is taken and not for what is there:
 * a seek for each range, and a few rows of each more than are needed.
 */
export function newestFirst<R>(tx: ReadTx, options: Options<R>): NewestFirst<R> {
  const { columns, table, joins = '', key, keyOf, ranges } = options;
  const readings: Reading<R>[] = ranges.map((range) => {
    const below = Math.min(options.below ?? Number.MAX_SAFE_INTEGER, range.below ?? Number.MAX_SAFE_INTEGER);
    return { range, rows: [], below, count: 0, isRead: below <= (range.from ?? 0) };
  });
  let ready: R[] = [];

  async function read(reading: Reading<R>, count: number): Promise<void> {
    const { where, params, from = 0, index } = reading.range;
    const select = `SELECT ${columns} FROM ${indexed(table, index)} ${joins}`;
    const sql = `${select} WHERE ${where} AND ${key} < ? AND ${key} >= ? ORDER BY ${key} DESC LIMIT ?`;
    const rows = await tx.all<R>(sql, ...params, reading.below, from, count);
    reading.rows.push(...rows);
    reading.count = count;
    reading.isRead = rows.length < count;
    const last = rows.at(-1);
    if (last !== undefined) reading.below = keyOf(last);
  }

  /** Reads on where nothing is left, twice as much as the last time. */
  async function refill(wanted: number): Promise<void> {
    const share = Math.ceil((2 * wanted) / readings.length);
    const first = readings.length === 1 ? wanted : Math.min(Math.max(share, SMALLEST_READ), wanted);
    for (const reading of readings) {
      if (reading.isRead || reading.rows.length > 0) continue;
      await read(reading, readings.length === 1 ? wanted : Math.min(Math.max(reading.count * 2, first), LARGEST_READ));
    }
  }

  /** Takes what is certain to come next: no range can still bring anything between. */
  function takeCertain(): R[] {
    const certainFrom = Math.max(0, ...readings.filter((reading) => !reading.isRead).map((reading) => reading.below));
    const certain: R[] = [];
    for (const reading of readings) {
      const end = reading.rows.findIndex((row) => keyOf(row) < certainFrom);
      certain.push(...reading.rows.splice(0, end < 0 ? reading.rows.length : end));
    }
    if (readings.length === 1) return certain;
    certain.sort((a, b) => keyOf(b) - keyOf(a));
    return certain.filter((row, at) => at === 0 || keyOf(row) !== keyOf(certain[at - 1] as R));
  }

  return {
    async take(count) {
      const taken: R[] = [];
      while (taken.length < count) {
        if (ready.length === 0) {
          await refill(count - taken.length);
          ready = takeCertain();
          if (ready.length === 0) break;
        }
        taken.push(...ready.splice(0, count - taken.length));
      }
      return taken;
    },
  };
}

/** A table as it stands after FROM, to be read by that index; by whichever where none is named. */
export function indexed(table: string, index: string | undefined): string {
  return index === undefined ? table : `${table} INDEXED BY ${index}`;
}

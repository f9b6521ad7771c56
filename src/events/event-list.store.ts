import { firstIdAt } from '../kernel/ids.ts';
import { haveWords, type SearchTerm, searchTerms } from '../kernel/words.ts';
import {
  affordable,
  cutPage,
  type Found,
  LEAP_ROW_COST,
  LEAP_ROWS,
  type NewestPage,
  newestFirst,
  type Range,
  type ReadTx,
  searchNewest,
} from '../store/index.ts';
import type { EventSearch } from './search.store.ts';

/** What a list of events is limited to. Null: not by that. */
export interface EventFilter {
  type: string | null;
  /** On `createdAt`, epoch milliseconds; from inclusive, to exclusive. */
  from: number | null;
  to: number | null;
}

interface Request extends EventFilter {
  q: string | null;
  before: number | null;
  limit: number;
}

/** An event as far as a search looks at it. `words` is null while it has not been indexed. */
interface Looked {
  sequence: number;
  id: string;
  words: string | null;
}

/** An event that an index of words has found. */
interface Candidate extends Looked {
  type: string;
  created_at: number;
}

const LIST = { columns: 'e.sequence' };
const WORDS = 'LEFT JOIN event_words s ON s.event_sequence = e.sequence';
const LOOK = { columns: 'e.sequence, NULL AS id, s.words', joins: WORDS };
const LOOK_WITH_IDS = { columns: 'e.sequence, e.id, s.words', joins: WORDS };
const CANDIDATE = `SELECT e.sequence, e.id, s.words, e.type, e.created_at
  FROM events e ${WORDS} WHERE e.sequence = ?`;
const BY_ID = 'SELECT sequence FROM events WHERE id >= ? AND id < ? LIMIT ?';

const keyOf = (row: { sequence: number }): number => row.sequence;
const EVENTS = { table: 'events e', key: 'e.sequence', keyOf };

/** A page of events by their sequences. A search finds those in whose words, or at the beginning of whose id, each term of `q` is. */
export async function listOfEvents(
  tx: ReadTx,
  request: Request,
  search: EventSearch,
): Promise<NewestPage<{ sequence: number }>> {
  const { q, limit, before } = request;
  const ranges = await rangesOf(tx, request);
  if (q !== null) return searchEvents(tx, ranges, { ...request, q }, search);
  const list = newestFirst<{ sequence: number }>(tx, { ...LIST, ...EVENTS, ranges, below: before });
  return cutPage(await list.take(limit + 1), { reach: null, limit, keyOf });
}

/** A connection test gets its id when it begins, and its sequence when it is over. */
const TEST_TYPE = 'webhook.test';

/**
 * Sequences rise with the time of creation, so that instants are sequences: all but exactly, because events that were
 * made in the same moments may have been written in another order. So some more are read, and judged by their instant.
 */
const OUT_OF_ORDER = 100;
const FIRST_FROM = `SELECT MIN(sequence) AS sequence FROM
  (SELECT sequence FROM events WHERE id >= ? AND type <> '${TEST_TYPE}' ORDER BY id LIMIT ${OUT_OF_ORDER})`;
const LAST_BEFORE = `SELECT MAX(sequence) AS sequence FROM
  (SELECT sequence FROM events WHERE id < ? AND type <> '${TEST_TYPE}' ORDER BY id DESC LIMIT ${OUT_OF_ORDER})`;

async function rangesOf(tx: ReadTx, { type, from, to }: EventFilter): Promise<Range[]> {
  const ofType = { where: type === null ? '1 = 1' : 'e.type = ?', params: type === null ? [] : [type] };
  if (from === null && to === null) return [ofType];
  const times: [number, number] = [from ?? 0, to ?? Number.MAX_SAFE_INTEGER];
  const within = 'e.created_at >= ? AND e.created_at < ?';
  const bounds = await sequencesBetween(tx, times);
  const ranges = [{ where: `${ofType.where} AND ${within}`, params: [...ofType.params, ...times], ...bounds }];
  const tests = { where: `e.type = '${TEST_TYPE}' AND ${within}`, params: times };
  if (type === null) return [...ranges, tests];
  return type === TEST_TYPE ? [tests] : ranges;
}

async function sequencesBetween(tx: ReadTx, [from, to]: [number, number]): Promise<{ from: number; below: number }> {
  const first = await tx.get<{ sequence: number | null }>(FIRST_FROM, firstIdAt('evt', from));
  const last = await tx.get<{ sequence: number | null }>(LAST_BEFORE, firstIdAt('evt', to));
  return { from: first?.sequence ?? Number.MAX_SAFE_INTEGER, below: (last?.sequence ?? -1) + 1 };
}

const ID = /^evt_/;

async function searchEvents(
  tx: ReadTx,
  ranges: readonly Range[],
  { q, before, limit, type, from, to }: Request & { q: string },
  search: EventSearch,
): Promise<NewestPage<{ sequence: number }>> {
  const terms = searchTerms(q);
  const ids = terms.filter(({ text }) => ID.test(text));
  if (terms.length === 0) return { rows: [], next: null };

  async function matching<R extends Looked>(rows: readonly R[]): Promise<R[]> {
    const hits: R[] = [];
    for (const row of rows) {
      const words = row.words ?? (await search.unindexedWords(tx, row.sequence));
      const isIn = (term: SearchTerm) =>
        haveWords(words, term.words) || (ids.includes(term) && row.id.startsWith(term.text));
      if (terms.every(isIn)) hits.push(row);
    }
    return hits;
  }

  async function look(below: number | null, count: number): Promise<Found<Looked>> {
    const source = ids.length > 0 ? LOOK_WITH_IDS : LOOK;
    const list = newestFirst<Looked>(tx, { ...source, ...EVENTS, ranges, below });
    const read = await list.take(count);
    const { rows, isCut, looked } = affordable(read, 1);
    const isEnd = read.length < count && !isCut;
    return { hits: await matching(rows), reach: isEnd ? null : (rows.at(-1) as Looked).sequence, looked };
  }

  async function leap(below: number | null): Promise<Found<Looked>> {
    const { sequences, reach } = await candidates(below ?? Number.MAX_SAFE_INTEGER);
    const rows: Candidate[] = [];
    for (const sequence of sequences) {
      const row = await tx.get<Candidate>(CANDIDATE, sequence);
      if (row !== undefined && isWanted(row)) rows.push(row);
    }
    return { hits: await matching(rows), reach: reach === 0 ? null : reach, looked: sequences.length * LEAP_ROW_COST };
  }

  function isWanted(row: Candidate): boolean {
    return (
      (type === null || row.type === type) &&
      (from === null || row.created_at >= from) &&
      (to === null || row.created_at < to)
    );
  }

  /** Events among which all that match are, newest first, as far down as `reach`. */
  async function candidates(below: number): Promise<{ sequences: number[]; reach: number }> {
    const [id] = ids;
    if (id !== undefined) {
      const named = await tx.all<{ sequence: number }>(BY_ID, id.text, `${id.text}{`, LEAP_ROWS);
      // As words it may stand in any event: that is left to looking, like the beginning of very many ids.
      const others = await search.newest(tx, id.words, { atMost: below - 1, limit: LEAP_ROWS });
      if (named.length === LEAP_ROWS || others.reach > 0) return { sequences: [], reach: below };
      const all = new Set([...named.map(keyOf), ...others.sequences].filter((sequence) => sequence < below));
      return { sequences: [...all].sort((a, b) => b - a), reach: 0 };
    }
    const words = terms.flatMap((term) => term.words);
    return search.newest(tx, words, { atMost: below - 1, limit: LEAP_ROWS });
  }

  return searchNewest({ look, leap }, { below: before, limit, keyOf });
}

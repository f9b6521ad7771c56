import type { EventSearch } from '../events/index.ts';
import type { SearchTerm } from '../kernel/words.ts';
import { LEAP_ROWS, newestFirst, type ReadTx } from '../store/index.ts';
import type { FacetRow } from './facets.store.ts';

/** A term of a search, and what it may stand for besides words of the event. */
export interface Term extends SearchTerm {
  /** Whether it may be the beginning of an event's or delivery's id. */
  isId: boolean;
  /** Webhooks whose name or id it is, by number. */
  webhooks: ReadonlySet<number>;
  /** Reasons for which attempts failed, by id. */
  errorTexts: ReadonlySet<number>;
}

type Candidate = FacetRow & { number: number; inOrder: number };

/** Deliveries that may match, found by an index of words. */
export interface Candidates {
  rows: Candidate[];
  /** Of the deliveries with this number or a higher one, all that match are among them. 0: all there are. */
  reach: number;
}

/** Made with its event, and so in the order of the events. */
const IN_ORDER = 'replay_of IS NULL AND replay_number IS NULL AND sequence IS NOT NULL';

const CANDIDATES = `SELECT d.number, d.event_sequence, d.webhook_number, d.event_type, d.state, d.last_status,
    d.error_code, d.created_at, ${IN_ORDER} AS "inOrder"
  FROM deliveries d`;
const OF_EVENTS = `${CANDIDATES} WHERE d.event_sequence IN (SELECT value FROM json_each(?)) AND d.number < ?`;
const OF_NUMBERS = `${CANDIDATES} WHERE d.number IN (SELECT value FROM json_each(?))`;
const EVENTS_BY_ID = 'SELECT sequence FROM events WHERE id >= ? AND id < ? LIMIT ?';
const DELIVERIES_BY_ID = 'SELECT number FROM deliveries WHERE id >= ? AND id < ? LIMIT ?';
const REPLAYED = `SELECT number FROM deliveries INDEXED BY deliveries_replayed
  WHERE (replay_of IS NOT NULL OR replay_number IS NOT NULL) AND number >= ? AND number < ? ORDER BY number DESC LIMIT ?`;
const TESTED = `SELECT number FROM deliveries INDEXED BY deliveries_tested
  WHERE sequence IS NULL AND number >= ? AND number < ? ORDER BY number DESC LIMIT ?`;
const NEXT_IN_ORDER = `SELECT event_sequence FROM deliveries WHERE number >= ? AND number < ? AND ${IN_ORDER} ORDER BY number LIMIT 1`;

/** Of how many events the deliveries are asked for at once. */
const EVENTS_AT_ONCE = 25;

const keyOf = (row: { number: number }): number => row.number;

/** Whether nothing but the words of events can match. */
function isOfEventsOnly({ isId, webhooks, errorTexts }: Term): boolean {
  return !isId && webhooks.size === 0 && errorTexts.size === 0;
}

/** How many terms are tried beside the words of events, each for some 10 ms. */
const MOST_TRIED = 3;

/** The candidates of the term that brings the search on furthest: all the others can only take some of them away. */
export async function findCandidates(
  tx: ReadTx,
  terms: readonly Term[],
  below: number,
  search: EventSearch,
): Promise<Candidates> {
  const words = terms.filter(isOfEventsOnly).flatMap((term) => term.words);
  let best: Candidates = { rows: [], reach: below };
  if (words.length > 0) best = await byEventWords(tx, words, below, search);
  for (const term of terms.filter((one) => !isOfEventsOnly(one)).slice(0, MOST_TRIED)) {
    if (best.reach === 0) break;
    const found = await byTerm(tx, term, below, search);
    if (found.reach < best.reach) best = found;
  }
  return best;
}

/** All that a term may stand for, together: as far as the one that reaches least. */
async function byTerm(tx: ReadTx, term: Term, below: number, search: EventSearch): Promise<Candidates> {
  const parts = [
    await byEventWords(tx, term.words, below, search),
    await byRanges(
      tx,
      'deliveries d',
      'd.number',
      [...term.webhooks].map((number) => ({ where: 'd.webhook_number = ?', params: [number] })),
      below,
    ),
    await byRanges(
      tx,
      'delivery_errors d',
      'd.delivery_number',
      [...term.errorTexts].map((id) => ({ where: 'd.text_id = ?', params: [id] })),
      below,
    ),
    ...(term.isId ? [await byId(tx, term.text, below)] : []),
  ];
  const rows = new Map(parts.flatMap((part) => part.rows.map((row) => [row.number, row])));
  return { rows: [...rows.values()], reach: Math.max(...parts.map((part) => part.reach)) };
}

async function byNumbers(tx: ReadTx, numbers: readonly number[]): Promise<Candidate[]> {
  return numbers.length === 0 ? [] : tx.all<Candidate>(OF_NUMBERS, JSON.stringify(numbers));
}

async function byRanges(
  tx: ReadTx,
  table: string,
  key: string,
  ranges: readonly { where: string; params: number[] }[],
  below: number,
): Promise<Candidates> {
  const list = newestFirst<{ number: number }>(tx, { columns: `${key} AS number`, table, key, keyOf, ranges, below });
  const numbers = (await list.take(LEAP_ROWS)).map(keyOf);
  return { rows: await byNumbers(tx, numbers), reach: numbers.length < LEAP_ROWS ? 0 : (numbers.at(-1) as number) };
}

/** What an id names. The beginning of very many ids is no help. */
async function byId(tx: ReadTx, text: string, below: number): Promise<Candidates> {
  const after = `${text}{`;
  const events = await tx.all<{ sequence: number }>(EVENTS_BY_ID, text, after, LEAP_ROWS);
  const deliveries = await tx.all<{ number: number }>(DELIVERIES_BY_ID, text, after, LEAP_ROWS);
  if (events.length === LEAP_ROWS || deliveries.length === LEAP_ROWS) return { rows: [], reach: below };
  const sequences = events.map(({ sequence }) => sequence);
  const ofEvents = await ofEventsWithin(tx, sequences, below);
  return {
    rows: [...ofEvents.rows, ...(await byNumbers(tx, deliveries.map(keyOf)))],
    reach: ofEvents.isWhole ? 0 : below,
  };
}

/** The deliveries of events, as far as there are not too many of them. */
async function ofEventsWithin(
  tx: ReadTx,
  sequences: readonly number[],
  below: number,
): Promise<{ rows: Candidate[]; isWhole: boolean }> {
  const rows: Candidate[] = [];
  let at = 0;
  while (at < sequences.length && rows.length < LEAP_ROWS) {
    const some = JSON.stringify(sequences.slice(at, at + EVENTS_AT_ONCE));
    rows.push(...(await tx.all<Candidate>(OF_EVENTS, some, below)));
    at += EVENTS_AT_ONCE;
  }
  return { rows, isWhole: at >= sequences.length };
}

async function byEventWords(
  tx: ReadTx,
  words: readonly string[],
  below: number,
  search: EventSearch,
): Promise<Candidates> {
  const atMost = await newestEventBelow(tx, below);
  const found = await search.newest(tx, words, { atMost, limit: LEAP_ROWS });
  const { rows, isWhole } = await ofEventsWithin(tx, found.sequences, below);
  if (isWhole && found.reach === 0) return { rows, reach: 0 };
  // Deliveries come in the order of their events, so of the events not found yet, none has one above the last here.
  const inOrder = rows.filter((row) => row.inOrder === 1).map(keyOf);
  const reach = inOrder.length === 0 ? below : Math.min(...inOrder);
  return withOutOfOrder(tx, { rows, reach }, below);
}

/** The candidates together with what may be of any event before: replays, and tests. */
async function withOutOfOrder(tx: ReadTx, { rows, reach }: Candidates, below: number): Promise<Candidates> {
  const known = new Set(rows.map(keyOf));
  const others = new Set<number>();
  let reached = reach;
  for (const sql of [REPLAYED, TESTED]) {
    const numbers = (await tx.all<{ number: number }>(sql, reach, below, LEAP_ROWS)).map(keyOf);
    if (numbers.length === LEAP_ROWS) reached = Math.max(reached, numbers.at(-1) as number);
    for (const number of numbers) if (!known.has(number)) others.add(number);
  }
  return { rows: [...rows, ...(await byNumbers(tx, [...others]))], reach: reached };
}

const FIRST_WINDOW = 256;

/**
 * An event than which none is newer whose delivery, made with it, is below the number. Where replays lie side by side it
 * is looked for in windows ever farther off: it may then be a good deal newer, which costs some candidates in vain.
 */
async function newestEventBelow(tx: ReadTx, below: number): Promise<number> {
  const newest = await tx.get<{ number: number }>('SELECT number FROM deliveries ORDER BY number DESC LIMIT 1');
  for (let at = below, step = FIRST_WINDOW; at <= (newest?.number ?? 0); at += step, step *= 2) {
    const row = await tx.get<{ event_sequence: number }>(NEXT_IN_ORDER, at, at + FIRST_WINDOW);
    if (row !== undefined) return row.event_sequence;
  }
  return Number.MAX_SAFE_INTEGER;
}

import type { JsonObject } from '../kernel/json.ts';
import { haveWords, joinWords } from '../kernel/words.ts';
import { command, type Handler, handleCommand, handleQuery, query, type ReadTx, type Tx } from '../store/index.ts';
import { eventWords } from './event-words.ts';

/**
 * Makes some more events findable by their words. It takes a few milliseconds at most, because publishers wait
 * meanwhile. `isMore` says that others are left.
 */
export const indexEvents = command<null, { isMore: boolean }>('events.index');

/** Whether there are events that have not been indexed. */
export const isIndexBehind = query<null, boolean>('events.is_index_behind');

/** Events found by words, newest first. */
export interface FoundEvents {
  sequences: number[];
  /** Of the events from this sequence on, all that match have been found. 0: all there are. */
  reach: number;
}

/** Finds events by the words of their type and of the names in their data. */
export interface EventSearch {
  /**
   * The newest events, from the sequence `atMost` down, that have every one of the words, each perhaps as the beginning
   * of a longer one; some `limit` of them. Also those that have not been indexed yet. Where a word is the beginning of
   * very many, there may be some among them that lack it: whoever asks looks again.
   */
  newest(tx: ReadTx, words: readonly string[], range: { atMost: number; limit: number }): Promise<FoundEvents>;
  /** The words of an event that has not been indexed, as `haveWords` takes them. */
  unindexedWords(tx: ReadTx, sequence: number): Promise<string>;
}

/** How far indexing has come: a sequence. */
const INDEXED_TO = 'search.indexed_to';

/** How long one command of indexing may take, and how many events it may come to. */
const STEP_MS = 3;
const STEP_EVENTS = 400;
/** Pages of the index that are merged with each step: some three times what a step adds (measured). */
const MERGED_PAGES = 16;
/** Words remembered as written already; most events have the same few. */
const REMEMBERED_WORDS = 20_000;
/** How many whole words a beginning may stand for. Each costs some 20 µs; one that has more is looked for by reading. */
const MOST_WORDS = 512;
/** Events not indexed yet through which one search reads: some 10 µs each. */
const MOST_UNINDEXED = 500;

const READ_PROGRESS = 'SELECT value FROM settings WHERE name = ?';
const WRITE_PROGRESS =
  'INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value';
const NEXT_EVENT = 'SELECT sequence, type, data FROM events WHERE sequence > ? ORDER BY sequence LIMIT 1';
const ADD_WORDS = 'INSERT INTO event_words (event_sequence, words) VALUES (?, ?)';
const ADD_TO_SEARCH = 'INSERT INTO event_search (rowid, words) VALUES (?, ?)';
const ADD_WORD = 'INSERT INTO search_words (word) VALUES (?) ON CONFLICT (word) DO NOTHING';
const MERGE = "INSERT INTO event_search (event_search, rank) VALUES ('merge', ?)";
const WHOLE_WORDS = 'SELECT word FROM search_words WHERE word >= ? AND word < ? LIMIT ?';
const MATCHING =
  'SELECT rowid AS sequence FROM event_search WHERE event_search MATCH ? AND rowid <= ? ORDER BY rowid DESC LIMIT ?';
const UNINDEXED =
  'SELECT sequence, type, data FROM events WHERE sequence > ? AND sequence <= ? ORDER BY sequence DESC LIMIT ?';
const KEPT_WORDS = 'SELECT words FROM event_words WHERE event_sequence = ?';
const ONE_EVENT = 'SELECT sequence, type, data FROM events WHERE sequence = ?';
const FORGET_WORDS = 'DELETE FROM event_words WHERE event_sequence = ?';
const FORGET_SEARCH = 'DELETE FROM event_search WHERE rowid = ?';
const IS_USED = 'SELECT rowid FROM event_search WHERE event_search MATCH ? LIMIT 1';
const FORGET_WORD = 'DELETE FROM search_words WHERE word = ?';

interface ContentRow {
  sequence: number;
  type: string;
  data: string;
}

async function indexedTo(tx: ReadTx): Promise<number> {
  return Number((await tx.get<{ value: string }>(READ_PROGRESS, INDEXED_TO))?.value ?? 0);
}

function joinedWords({ type, data }: ContentRow): string {
  return joinWords(eventWords(type, JSON.parse(data) as JsonObject));
}

/**
 * The index that `EventSearch` reads, as the writing side of the store keeps it. Publishing does nothing for it: events
 * are indexed some time after their commit.
 */
export interface SearchIndex {
  handlers: Handler[];
  /** Takes events out, in the caller's transaction, with the words that no other event has. */
  forget(tx: Tx, sequences: readonly number[]): Promise<void>;
}

export function createSearchIndex({ monotonicMs }: { monotonicMs: () => number }): SearchIndex {
  const written = new Set<string>();

  async function addWord(tx: Tx, word: string): Promise<void> {
    if (written.has(word)) return;
    if (written.size >= REMEMBERED_WORDS) written.clear();
    await tx.run(ADD_WORD, word);
    written.add(word);
  }

  async function index(tx: Tx, event: ContentRow): Promise<void> {
    const words = joinedWords(event);
    await tx.run(ADD_WORDS, event.sequence, words);
    await tx.run(ADD_TO_SEARCH, event.sequence, words);
    for (const word of words.split(' ')) if (word !== '') await addWord(tx, word);
  }

  async function step(tx: Tx): Promise<{ isMore: boolean }> {
    tx.onRollback(() => written.clear());
    const endsAtMs = monotonicMs() + STEP_MS;
    const start = await indexedTo(tx);
    let at = start;
    let isMore = true;
    for (let count = 0; count < STEP_EVENTS && monotonicMs() < endsAtMs; count += 1) {
      const event = await tx.get<ContentRow>(NEXT_EVENT, at);
      isMore = event !== undefined;
      if (event === undefined) break;
      await index(tx, event);
      at = event.sequence;
    }
    if (at > start) {
      await tx.run(MERGE, MERGED_PAGES);
      await tx.run(WRITE_PROGRESS, INDEXED_TO, String(at));
    }
    return { isMore };
  }

  return {
    handlers: [
      handleCommand(indexEvents, step),
      handleQuery(isIndexBehind, async (tx) => (await tx.get(NEXT_EVENT, await indexedTo(tx))) !== undefined),
    ],
    async forget(tx, sequences) {
      const words = new Set<string>();
      for (const sequence of sequences) {
        const kept = await tx.get<{ words: string }>(KEPT_WORDS, sequence);
        if (kept === undefined) continue;
        await tx.run(FORGET_WORDS, sequence);
        await tx.run(FORGET_SEARCH, sequence);
        for (const word of kept.words.split(' ')) if (word !== '') words.add(word);
      }
      for (const word of words) {
        if ((await tx.get(IS_USED, `"${word}"`)) !== undefined) continue;
        await tx.run(FORGET_WORD, word);
        written.delete(word);
      }
    },
  };
}

/**
 * What FTS5 is asked for events with a word that begins so: an OR of whole words, because it answers for a beginning
 * only after it has read through all of their events. `none` when there is no such word, `many` when there are too many.
 */
async function expressionOf(tx: ReadTx, beginning: string): Promise<string | 'none' | 'many'> {
  const rows = await tx.all<{ word: string }>(WHOLE_WORDS, beginning, `${beginning}\u{10ffff}`, MOST_WORDS + 1);
  if (rows.length === 0) return 'none';
  // Words are letters, digits and signs, never a quote.
  return rows.length > MOST_WORDS ? 'many' : `(${rows.map(({ word }) => `"${word}"`).join(' OR ')})`;
}

/** The indexed events that have the words. Where every word is among too many, nobody can say: `reach` is `atMost + 1`. */
async function newestIndexed(
  tx: ReadTx,
  words: readonly string[],
  { atMost, limit }: { atMost: number; limit: number },
): Promise<FoundEvents> {
  const expressions: string[] = [];
  for (const word of words) {
    const expression = await expressionOf(tx, word);
    if (expression === 'none') return { sequences: [], reach: 0 };
    if (expression !== 'many') expressions.push(expression);
  }
  if (expressions.length === 0) return { sequences: [], reach: atMost + 1 };
  const rows = await tx.all<{ sequence: number }>(MATCHING, expressions.join(' AND '), atMost, limit);
  const sequences = rows.map(({ sequence }) => sequence);
  return { sequences, reach: rows.length < limit ? 0 : (sequences.at(-1) as number) };
}

export function createEventSearch(): EventSearch {
  return {
    async newest(tx, words, { atMost, limit }) {
      const indexed = await indexedTo(tx);
      const rows = await tx.all<ContentRow>(UNINDEXED, indexed, atMost, MOST_UNINDEXED);
      const fresh = rows.filter((row) => haveWords(joinedWords(row), words)).map(({ sequence }) => sequence);
      const last = rows.at(-1);
      if (rows.length === MOST_UNINDEXED && last !== undefined) return { sequences: fresh, reach: last.sequence };
      const older = await newestIndexed(tx, words, { atMost: Math.min(atMost, indexed), limit });
      return { sequences: [...fresh, ...older.sequences], reach: older.reach };
    },
    async unindexedWords(tx, sequence) {
      const event = await tx.get<ContentRow>(ONE_EVENT, sequence);
      return event === undefined ? '' : joinedWords(event);
    },
  };
}

import type { EventSearch } from '../events/index.ts';
import { haveWords, joinWords, searchTerms, wordsOf } from '../kernel/words.ts';
import {
  affordable,
  type Found,
  LEAP_ROW_COST,
  type NewestPage,
  newestFirst,
  type ReadTx,
  searchNewest,
} from '../store/index.ts';
import { readErrorTexts } from './error-texts.store.ts';
import type { DeliveryScope } from './facets.store.ts';
import { findCandidates, type Term } from './search-candidates.store.ts';

/** A delivery as far as a search looks at it. */
interface Looked {
  number: number;
  event_sequence: number;
  webhook_number: number;
  /** 1 where an attempt may have failed. */
  failed: number;
  /** Null while the event has not been indexed. */
  words: string | null;
  id: string;
  eventId: string;
}

const LOOKED = `d.number, d.event_sequence, d.webhook_number, s.words,
    d.state <> 'delivered' OR d.attempt_count > 1 AS failed`;
const WORDS = 'LEFT JOIN event_words s ON s.event_sequence = d.event_sequence';
const EVENTS = 'JOIN events e ON e.sequence = d.event_sequence';

/** Ids cost a look at each event, so they are read only where a term may be one. */
const LOOK = { columns: `${LOOKED}, NULL AS id, NULL AS "eventId"`, joins: WORDS };
const LOOK_WITH_IDS = { columns: `${LOOKED}, d.id, e.id AS "eventId"`, joins: `${EVENTS} ${WORDS}` };

const ERRORS_OF = 'SELECT text_id FROM delivery_errors WHERE delivery_number = ?';
const WEBHOOKS = 'SELECT number, id, name FROM webhooks';
const ID = /^(evt|dlv)_/;

async function readTerms(tx: ReadTx, q: string): Promise<Term[]> {
  const terms = searchTerms(q);
  const webhooks = await tx.all<{ number: number; id: string; name: string }>(WEBHOOKS);
  const named = webhooks.map(({ number, id, name }) => ({ number, id, words: joinWords(wordsOf(name)) }));
  const texts = await readErrorTexts(tx);
  return terms.map(({ text, words }) => {
    const isWebhookId = text.startsWith('wh_');
    const meant = named.filter(
      (webhook) => haveWords(webhook.words, words) || (isWebhookId && webhook.id.startsWith(text)),
    );
    const reasons = texts.filter((reason) => haveWords(reason.words, words));
    return {
      text,
      words,
      isId: ID.test(text),
      webhooks: new Set(meant.map(({ number }) => number)),
      errorTexts: new Set(reasons.map(({ id }) => id)),
    };
  });
}

/**
 * A page of the deliveries of a scope in which every term of `q` is found: in the words of the event, the name or id of
 * the webhook, an id, or why an attempt failed.
 */
export async function searchDeliveries(
  tx: ReadTx,
  scope: DeliveryScope,
  { q, below, limit, search }: { q: string; below: number | null; limit: number; search: EventSearch },
): Promise<NewestPage<{ number: number }>> {
  const terms = await readTerms(tx, q);
  if (terms.length === 0) return { rows: [], next: null };
  const source = terms.some(({ isId }) => isId) ? LOOK_WITH_IDS : LOOK;
  const one = `SELECT ${source.columns} FROM deliveries d ${source.joins} WHERE d.number = ?`;

  async function matches(row: Looked): Promise<boolean> {
    const words = row.words ?? (await search.unindexedWords(tx, row.event_sequence));
    for (const term of terms) if (!(await matchesTerm(term, row, words))) return false;
    return true;
  }

  async function matchesTerm(term: Term, row: Looked, words: string): Promise<boolean> {
    if (haveWords(words, term.words) || term.webhooks.has(row.webhook_number)) return true;
    if (term.isId && (row.id.startsWith(term.text) || row.eventId.startsWith(term.text))) return true;
    if (term.errorTexts.size === 0 || row.failed === 0) return false;
    const errors = await tx.all<{ text_id: number }>(ERRORS_OF, row.number);
    return errors.some((error) => term.errorTexts.has(error.text_id));
  }

  async function matching(rows: readonly Looked[]): Promise<Looked[]> {
    const hits: Looked[] = [];
    for (const row of rows) if (await matches(row)) hits.push(row);
    return hits;
  }

  async function look(under: number | null, count: number): Promise<Found<Looked>> {
    const { ranges } = scope;
    const list = newestFirst<Looked>(tx, {
      ...source,
      table: 'deliveries d',
      key: 'd.number',
      keyOf,
      ranges,
      below: under,
    });
    const read = await list.take(count);
    const { rows, isCut, looked } = affordable(read, ranges.length > 1 ? LEAP_ROW_COST : 1);
    const isEnd = read.length < count && !isCut;
    return { hits: await matching(rows), reach: isEnd ? null : (rows.at(-1) as Looked).number, looked };
  }

  async function leap(under: number | null): Promise<Found<Looked>> {
    const below = under ?? Number.MAX_SAFE_INTEGER;
    const { rows, reach } = await findCandidates(tx, terms, below, search);
    const inScope = rows.filter((row) => row.number < below && row.number >= reach && scope.includes(row));
    const numbers = inScope.map(keyOf).sort((a, b) => b - a);
    const read: Looked[] = [];
    for (const number of numbers) read.push((await tx.get<Looked>(one, number)) as Looked);
    const looked = (rows.length + read.length) * LEAP_ROW_COST;
    return { hits: await matching(read), reach: reach === 0 ? null : reach, looked };
  }

  return searchNewest({ look, leap }, { below, limit, keyOf });
}

function keyOf(row: { number: number }): number {
  return row.number;
}

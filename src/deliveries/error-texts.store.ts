import { joinWords, wordsOf } from '../kernel/words.ts';
import type { ReadTx, Tx } from '../store/index.ts';

/**
 * Why attempts failed, kept for the search: each text once, with the deliveries that it stands for. Receivers fail in
 * few ways, so there are few texts.
 */
export interface ErrorTexts {
  /** Notes that an attempt of the delivery failed so, in the caller's transaction. */
  note(tx: Tx, deliveryNumber: number, text: string): Promise<void>;
  /** Forgets why attempts of the deliveries failed, in the caller's transaction. */
  forget(tx: Tx, deliveryNumbers: readonly number[]): Promise<void>;
}

/** The `message` of an error is a sentence or two. */
const LONGEST_TEXT = 500;
const REMEMBERED = 1000;

const ADD_TEXT = 'INSERT INTO error_texts (id, text, words) VALUES (?, ?, ?)';
const FIND_TEXT = 'SELECT id FROM error_texts WHERE text = ?';
const ADD =
  'INSERT INTO delivery_errors (delivery_number, text_id) VALUES (?, ?) ON CONFLICT (delivery_number, text_id) DO NOTHING';
const OF_DELIVERY = 'SELECT text_id FROM delivery_errors WHERE delivery_number = ?';
const FORGET = 'DELETE FROM delivery_errors WHERE delivery_number = ?';
const FORGET_TEXT =
  'DELETE FROM error_texts WHERE id = ? AND NOT EXISTS (SELECT 1 FROM delivery_errors WHERE text_id = ?)';

export function createErrorTexts(): ErrorTexts {
  const ids = new Map<string, number>();

  async function idOf(tx: Tx, text: string): Promise<number> {
    const known = ids.get(text) ?? (await tx.get<{ id: number }>(FIND_TEXT, text))?.id;
    const id = known ?? (await tx.next('error_texts'));
    if (known === undefined) await tx.run(ADD_TEXT, id, text, joinWords(wordsOf(text)));
    if (ids.size >= REMEMBERED) ids.clear();
    ids.set(text, id);
    return id;
  }

  return {
    async note(tx, deliveryNumber, text) {
      tx.onRollback(() => ids.clear());
      await tx.run(ADD, deliveryNumber, await idOf(tx, text.slice(0, LONGEST_TEXT)));
    },
    async forget(tx, deliveryNumbers) {
      const textIds = new Set<number>();
      for (const number of deliveryNumbers) {
        for (const row of await tx.all<{ text_id: number }>(OF_DELIVERY, number)) textIds.add(row.text_id);
        await tx.run(FORGET, number);
      }
      for (const id of textIds) {
        if ((await tx.run(FORGET_TEXT, id, id)) > 0) ids.clear();
      }
    },
  };
}

/** Of how many texts a search looks at the newest: some 10 ms. */
const MOST_TEXTS = 10_000;

/** The texts by their ids, with their words as `haveWords` takes them. */
export async function readErrorTexts(tx: ReadTx): Promise<{ id: number; words: string }[]> {
  return tx.all<{ id: number; words: string }>(
    'SELECT id, words FROM error_texts ORDER BY id DESC LIMIT ?',
    MOST_TEXTS,
  );
}

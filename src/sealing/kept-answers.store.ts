import { withReplacements } from '../kernel/sealing.ts';
import type { SealedPart, SealedSecret } from './sealed.store.ts';

/** Finds the sealed secrets in the answer of a command; none in the answers of other modules' commands. */
export type SecretsInAnswer = (answer: unknown) => SealedSecret[];

/** What a kept answer's own secrets are bound to. */
export type PlaceOfAnswer = (answer: { scope: string; key: string }) => string;

interface Row {
  scope: string;
  key: string;
  answer: string;
  aside: string | null;
}

/** How many answers are looked through at once. Of most, their text alone is looked at. */
const PAGE = 500;

const SELECT =
  'SELECT scope, key, answer, aside FROM idempotency_keys WHERE (scope, key) > (?, ?) ORDER BY scope, key LIMIT ?';
const SELECT_ONE = 'SELECT scope, key, answer, aside FROM idempotency_keys WHERE scope = ? AND key = ?';
const UPDATE = 'UPDATE idempotency_keys SET answer = ?, aside = ? WHERE scope = ? AND key = ? AND answer = ?';

/**
 * The secrets in answers that are kept for whoever asks again (`Idempotency-Key`): what a command answered with, and what
 * is sealed beside it.
 */
export function keptAnswers(placeOf: PlaceOfAnswer, finders: readonly SecretsInAnswer[]): SealedPart {
  function secretsIn(row: Row): SealedSecret[] {
    const inAnswer = row.answer.includes('"s1.') ? secretsInAnswer(row.answer, finders) : [];
    return row.aside === null ? inAnswer : [...inAnswer, { place: placeOf(row), sealed: row.aside }];
  }

  return {
    async page(tx, after) {
      const [scope, key] = after === null ? ['', ''] : keyOf(after);
      const rows = await tx.all<Row>(SELECT, scope, key, PAGE);
      const holders = rows.map((row) => ({ key: textOf(row), secrets: secretsIn(row) }));
      return { holders, next: rows.length < PAGE ? null : (holders.at(-1)?.key ?? null) };
    },
    async replace(tx, holder, replacements) {
      const row = await tx.get<Row>(SELECT_ONE, ...keyOf(holder));
      if (row === undefined) return;
      const { scope, key, answer, aside } = row;
      const asideAfter = aside === null ? null : withReplacements(aside, replacements);
      await tx.run(UPDATE, withReplacements(answer, replacements), asideAfter, scope, key, answer);
    },
  };
}

function secretsInAnswer(answer: string, finders: readonly SecretsInAnswer[]): SealedSecret[] {
  const parsed: unknown = JSON.parse(answer);
  return finders.flatMap((find) => find(parsed));
}

function textOf({ scope, key }: Row): string {
  return JSON.stringify([scope, key]);
}

function keyOf(text: string): [scope: string, key: string] {
  return JSON.parse(text) as [string, string];
}

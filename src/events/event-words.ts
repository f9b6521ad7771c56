import { isJsonObject, type Json, type JsonObject, ownMember } from '../kernel/json.ts';
import { wordsOf } from '../kernel/words.ts';

/** What an event is found by besides its type, as paths into its data. */
const SEARCHED: readonly (readonly string[])[] = [
  ['transfer', 'id'],
  ['transfer', 'name'],
  ['transfer', 'error', 'code'],
  ['transfer', 'error', 'message'],
  ['schedule', 'id'],
  ['schedule', 'name'],
  ['run', 'id'],
  ['message', 'id'],
  ['message', 'as2MessageId'],
  ['message', 'subject'],
  ['mdn', 'as2MessageId'],
  ['station', 'name'],
  ['station', 'as2Id'],
  ['partner', 'name'],
  ['partner', 'as2Id'],
  ['webhook', 'name'],
  ['error', 'code'],
  ['error', 'message'],
];

/** How much of each counts: names are shorter, and whoever writes a novel into one is found by its beginning. */
const LONGEST_TEXT = 300;

/** The words that an event is found by: of its type, and of the names in its data. Pure. */
export function eventWords(type: string, data: JsonObject): string[] {
  const texts = SEARCHED.map((path) => textAt(data, path)).filter((text) => text !== '');
  return wordsOf([type, ...texts].join(' '));
}

function textAt(data: JsonObject, path: readonly string[]): string {
  let value: Json | undefined = data;
  for (const member of path) {
    if (!isJsonObject(value)) return '';
    value = ownMember(value, member);
  }
  return typeof value === 'string' || typeof value === 'number' ? String(value).slice(0, LONGEST_TEXT) : '';
}

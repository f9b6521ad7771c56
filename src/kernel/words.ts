/** A sign of a script that is written without spaces, or an emoji: a word by itself. */
const SIGN = '[\\p{Ideographic}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Extended_Pictographic}]';
const WORD = new RegExp(`${SIGN}|(?:(?!${SIGN})[\\p{L}\\p{N}])+`, 'gu');
const PLAIN_WORD = /[a-z0-9]+/g;
const ACCENT = /\p{M}+/gu;
const ASCII = /^[\0-\x7f]*$/;

/** The length at which a word is cut, in texts and in searches alike. */
const LONGEST_WORD = 64;

/**
 * The words that a text is found by, each once, in the order in which they first come: letters and digits in one
 * spelling, lower case and without accents. Pure.
 */
export function wordsOf(text: string): string[] {
  const words = ASCII.test(text)
    ? text.toLowerCase().match(PLAIN_WORD)
    : text.normalize('NFKD').replaceAll(ACCENT, '').toLowerCase().match(WORD);
  return [...new Set((words ?? []).map((word) => word.slice(0, LONGEST_WORD)))];
}

/** Words as one text, for `haveWords`: each has a space before it. Pure. */
export function joinWords(words: readonly string[]): string {
  return words.map((word) => ` ${word}`).join('');
}

/** Whether each of the beginnings begins one of the joined words. Pure. */
export function haveWords(joined: string, beginnings: readonly string[]): boolean {
  return beginnings.every((beginning) => joined.includes(` ${beginning}`));
}

/** One part of a search: what stood between two spaces, and its words. */
export interface SearchTerm {
  text: string;
  words: string[];
}

/** How much of a search counts. What is longer was pasted by mistake, and finds nothing in any case. */
const MOST_TERMS = 32;

/**
 * The terms of what somebody typed into a search field, each of which must be found. Signs between words do not count,
 * and of more than 32 terms the longest do. Any text will do. Pure.
 */
export function searchTerms(q: string): SearchTerm[] {
  const texts = [...new Set(q.split(/\s+/u))];
  if (texts.length > MOST_TERMS) texts.sort((a, b) => b.length - a.length);
  return texts
    .slice(0, MOST_TERMS)
    .map((text) => ({ text, words: wordsOf(text).slice(0, MOST_TERMS) }))
    .filter((term) => term.words.length > 0);
}

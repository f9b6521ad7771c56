import { describe, expect, test } from 'vitest';
import { haveWords, joinWords, searchTerms, wordsOf } from './words.ts';

describe('the words of a text', () => {
  test.each([
    ['Daily Backup, daily', ['daily', 'backup']],
    ['transfer.completed_with_errors', ['transfer', 'completed', 'with', 'errors']],
    ['<20230915.0815@acme.example>', ['20230915', '0815', 'acme', 'example']],
    ['Übergrößen Ñandú', ['ubergroßen', 'nandu']],
    ['🚀deploy v2', ['🚀', 'deploy', 'v2']],
    ['日次 backup', ['日', '次', 'backup']],
    ['', []],
    ['"*() -', []],
  ])('of %j are %j', (text, words) => {
    expect(wordsOf(text)).toEqual(words);
  });

  test('are found by their beginnings, and by nothing within them', () => {
    const joined = joinWords(wordsOf('Daily Backup'));
    expect(haveWords(joined, ['back'])).toBe(true);
    expect(haveWords(joined, ['back', 'daily'])).toBe(true);
    expect(haveWords(joined, ['back', 'weekly'])).toBe(false);
    expect(haveWords(joined, ['up'])).toBe(false);
  });

  test('are cut alike in a text and in a search', () => {
    const long = 'x'.repeat(10_000);
    expect(haveWords(joinWords(wordsOf(`${long}y`)), wordsOf(long))).toBe(true);
  });
});

describe('the terms of a search', () => {
  test('are what stands between spaces, each once, without those that have no word', () => {
    expect(searchTerms(' daily  evt_01 -- daily ')).toEqual([
      { text: 'daily', words: ['daily'] },
      { text: 'evt_01', words: ['evt', '01'] },
    ]);
  });

  test('are at most 32, the longest', () => {
    const texts = searchTerms(Array.from({ length: 1000 }, (_, n) => 'x'.repeat(n + 1)).join(' '));
    expect(texts).toHaveLength(32);
    expect(texts[0]?.text).toHaveLength(1000);
    expect(searchTerms(Array(5000).fill('-.').join('x '))[0]?.words.length).toBeLessThanOrEqual(32);
  });
});

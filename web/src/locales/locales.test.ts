import { describe, expect, test } from 'vitest';
import { de } from './de/index.ts';
import { en } from './en/index.ts';

/** Every text by the path of its key. */
function textsOf(catalogue: object, prefix = ''): Map<string, string> {
  return new Map(
    Object.entries(catalogue).flatMap(([key, value]): [string, string][] =>
      typeof value === 'string' ? [[prefix + key, value]] : [...textsOf(value as object, `${prefix}${key}.`)],
    ),
  );
}

/** What is filled in, such as `{{name}}`. */
function gapsOf(text = ''): string[] {
  return [...text.matchAll(/\{\{\s*(\w+)/g)].map(([, name]) => String(name)).toSorted();
}

describe('the German texts', () => {
  const [english, german] = [textsOf(en), textsOf(de)];

  test('are as many as the English ones, under the same keys', () => {
    expect([...german.keys()].toSorted()).toEqual([...english.keys()].toSorted());
  });

  test('have the same gaps to fill in', () => {
    for (const [key, text] of english) expect([key, gapsOf(german.get(key))]).toEqual([key, gapsOf(text)]);
  });

  test('say something each', () => {
    for (const [key, text] of german) expect([key, text.trim()]).not.toEqual([key, '']);
  });
});

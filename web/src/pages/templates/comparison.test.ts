import { expect, test } from 'vitest';
import { compareBodies } from './comparison.ts';

const json = (content: string) => ({ content, contentType: 'application/json' });

test('two bodies are compared as they are laid out, not as they were written', () => {
  const usual = json('{"type":"a","status":"failed"}');
  const made = json('{\n      "type": "a", "error": "disk full" }');
  expect(compareBodies(usual, made)).toEqual([
    { in: 'both', lines: ['{', '  "type": "a",'] },
    { in: 'default', lines: ['  "status": "failed"'] },
    { in: 'template', lines: ['  "error": "disk full"'] },
    { in: 'both', lines: ['}'] },
  ]);
});

test('of a template that makes nothing, all of the default body is missing', () => {
  expect(compareBodies(json('{}'), json(''))).toEqual([{ in: 'default', lines: ['{}'] }]);
});

test('a body of another kind has nothing in common with it', () => {
  const runs = compareBodies(json('{"a":1}'), { content: '<a>1</a>', contentType: 'application/xml' });
  expect(runs?.map((run) => run.in)).toEqual(['default', 'template']);
});

test('bodies that have thousands of lines and none in common are not compared', () => {
  const lines = (text: string) => json(`[${Array.from({ length: 5_000 }, (_, n) => `"${text}${n}"`).join()}]`);
  expect(compareBodies(lines('a'), lines('b'))).toBeNull();
});

import { expect, test } from 'vitest';
import { chunksOf, formatOf, linesOf } from './pretty.ts';

function pretty(text: string): string {
  return [...linesOf(text, formatOf(text))].join('\n');
}

test('JSON is laid out with every token as it was written', () => {
  const text = '{"n":12345678901234567890.10,"a":[1,{}, [] ,"x,\\"{"],"n":true}';
  expect(pretty(text)).toBe(
    [
      '{',
      '  "n": 12345678901234567890.10,',
      '  "a": [',
      '    1,',
      '    {},',
      '    [],',
      '    "x,\\"{"',
      '  ],',
      '  "n": true',
      '}',
    ].join('\n'),
  );
});

test('XML is laid out with an element of text on one line', () => {
  const text = '<?xml version="1.0"?><a x="1"><!-- <b> --><b>one two</b><c/><d><![CDATA[<e>]]></d></a>';
  expect(pretty(text)).toBe(
    [
      '<?xml version="1.0"?>',
      '<a x="1">',
      '  <!-- <b> -->',
      '  <b>one two</b>',
      '  <c/>',
      '  <d>',
      '    <![CDATA[<e>]]>',
      '  </d>',
      '</a>',
    ].join('\n'),
  );
});

test.each(['{"a":', 'plain', '{"a":1} and more', '<html><p>no XML', '<!doctype html><br>'])(
  '%j is shown as it is',
  (text) => {
    expect(formatOf(text)).toBeNull();
    expect(pretty(text)).toBe(text);
  },
);

test.each([
  ['{"a":'.repeat(100_000), null],
  [`${'['.repeat(100_000)}${']'.repeat(100_000)}`, 'json'],
  ['<'.repeat(500_000), null],
  ['<a>'.repeat(100_000), 'xml'],
  ['<a "'.repeat(100_000), 'xml'],
])('a hostile text makes a bounded number of characters, in bounded time', (text, format) => {
  expect(formatOf(text)).toBe(format);
  const length = [...linesOf(text, formatOf(text))].reduce((sum, line) => sum + line.length, 0);
  expect(length).toBeLessThan(text.length * 90);
});

test('a long text is cut into chunks that together are all of it', () => {
  const text = `${'x'.repeat(100_000)}\n${'y\n'.repeat(1_000)}`;
  const chunks = [...chunksOf(linesOf(text, null))];
  expect(chunks.join('').replaceAll('\n', '')).toBe(text.replaceAll('\n', ''));
  for (const chunk of chunks) expect(chunk.length).toBeLessThan(20_000);
});

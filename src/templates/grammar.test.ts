import { XmlDocument } from 'libxml2-wasm';
import { describe, expect, test } from 'vitest';
import { grammarOf, JsonText } from './grammar.ts';

/** Writes texts of a template (as they are) and values (in a list of one) in turn. */
function written(contentType: string, pieces: (string | [value: unknown])[]): string {
  const grammar = grammarOf(contentType);
  return pieces
    .map((piece) => {
      if (Array.isArray(piece)) return grammar.spell(piece[0]);
      grammar.follow(piece);
      return piece;
    })
    .join('');
}

const ANYTHING = `"'\\</a>&]]>-->--\r\n\t\u0000\u001f\ud800\u2028\u{1F600}{{x}}%20 `;

describe('JSON', () => {
  test.each([
    ['text inside of quotes', ['"', [ANYTHING], '"'], ANYTHING],
    ['text after an escaped quote', ['"\\"', ['a"b'], '"'], '"a"b'],
    ['text after an escaped backslash', ['["\\\\", "', ['a"b'], '"]'], ['\\', 'a"b']],
    ['text after a backslash that ends a piece', ['"\\', '"', ['a"b'], '"'], '"a"b'],
    ['text of JSON', [[new JsonText('{"a":"b"}')]], { a: 'b' }],
    ['text of JSON inside of quotes', ['"', [new JsonText('"b"')], '"'], '"b"'],
    ['a number', [[1.5]], 1.5],
    ['true', [[true]], true],
    ['an object', [[{ a: [1] }]], { a: [1] }],
    ['an object inside of quotes', ['"', [{ a: '"' }], '"'], '{"a":"\\""}'],
    ['nothing', [[undefined]], null],
    ['nothing inside of quotes', ['"', [undefined], '"'], ''],
    ['null', [[null]], null],
    ['a quotient by zero', [[Number.POSITIVE_INFINITY]], null],
  ] as [string, (string | [unknown])[], unknown][])('%s', (_what, pieces, value) => {
    expect(JSON.parse(written('application/vnd.acme+json', pieces))).toEqual(value);
  });

  test('tells of text that stands outside of quotes, and of nothing else', () => {
    const grammar = grammarOf('application/json');
    expect([grammar.isMisplaced('a'), grammar.isMisplaced(1), grammar.isMisplaced(undefined)]).toEqual([
      true,
      false,
      false,
    ]);
    grammar.follow('"');
    expect(grammar.isMisplaced('a')).toBe(false);
  });
});

describe('XML', () => {
  const shown = ['\0', '\u001f', '\ud800'].reduce((text, forbidden) => text.replace(forbidden, '\uFFFD'), ANYTHING);

  test.each([
    ['an element', ['<a>', [ANYTHING], '</a>'], '/a'],
    ['an attribute of double quotes', ['<a b="', [ANYTHING], '"/>'], '/a/@b'],
    ['an attribute of single quotes', ["<a b='", [ANYTHING], "'/>"], '/a/@b'],
    ['a CDATA section', ['<a><![CDATA[', [ANYTHING], ']]></a>'], '/a'],
    ['an element after a CDATA section', ['<a><![CDATA[', 'x', ']]>', [ANYTHING], '</a>'], '/a'],
  ] as [string, (string | [unknown])[], string][])('%s has the whole text', (_what, pieces, path) => {
    using document = XmlDocument.fromString(written('application/xml', pieces));
    expect(document.get(path)?.content).toBe(pieces.includes('x') ? `x${shown}` : shown);
  });

  test('a CDATA section stays one, whatever stands beside a value', () => {
    for (const [before, value, after] of [
      ['a]]', '>', ''],
      ['a', ']]', '>'],
      ['', ']', ']>'],
      ['', ']]>', ''],
    ] as const) {
      using document = XmlDocument.fromString(written('text/xml', ['<a><![CDATA[', before, [value], after, ']]></a>']));
      expect(document.get('/a')?.content).toBe(`${before}${value}${after}`);
    }
  });

  test('a comment stays one', () => {
    for (const value of [ANYTHING, '-', '--', '-->', 'a-']) {
      using document = XmlDocument.fromString(written('text/xml', ['<a><!--', [value], '--><b/></a>']));
      expect(document.get('/a/b')).not.toBeNull();
    }
  });

  test('what is missing is nothing', () => {
    expect(written('text/xml', ['<a>', [null], [undefined], '</a>'])).toBe('<a></a>');
  });
});

test('a form has each value percent-encoded', () => {
  expect(written('application/x-www-form-urlencoded; charset=utf-8', ['a=', ['b&c=d +%\ud800'], '&e=', [null]])).toBe(
    'a=b%26c%3Dd%20%2B%25%EF%BF%BD&e=',
  );
});

test('plain text has each value as it is', () => {
  expect(written('text/plain', ['a ', ['"<&'], ' ', [1], ' ', [{ b: 1 }], [null]])).toBe('a "<& 1 {"b":1}');
});

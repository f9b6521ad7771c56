import fc from 'fast-check';
import { XmlDocument, type XmlElement } from 'libxml2-wasm';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../kernel/json.ts';
import { xmlDocument } from './xml.ts';

const HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<event xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">';

function membersOf(body: JsonObject): string {
  const text = xmlDocument(body);
  expect(text.startsWith(HEAD)).toBe(true);
  return text.slice(HEAD.length, -'</event>\n'.length);
}

describe('a body as XML', () => {
  it.each<[string, JsonObject, string]>([
    ['a member is an element', { type: 'a.b' }, '<type>a.b</type>'],
    ['members keep their order', { b: 1, a: 2 }, '<b>1</b><a>2</a>'],
    ['numbers and truth values are text', { n: -1.5, t: true, f: false }, '<n>-1.5</n><t>true</t><f>false</f>'],
    ['null is an empty element with xsi:nil', { a: null }, '<a xsi:nil="true"/>'],
    ['empty text is an empty element', { a: '' }, '<a/>'],
    ['an empty object is an empty element', { a: {} }, '<a/>'],
    ['an object nests', { a: { b: { c: 'd' } } }, '<a><b><c>d</c></b></a>'],
    ['an array is its element repeated', { a: [1, 'x', null] }, '<a>1</a><a>x</a><a xsi:nil="true"/>'],
    ['an empty array is nothing', { a: [], b: 1 }, '<b>1</b>'],
    [
      'an array inside an array has items',
      { a: [[1, 2], [], [3]] },
      '<a><item>1</item><item>2</item></a><a/><a><item>3</item></a>',
    ],
    ['a key that is no name is a member', { '1st file': 1 }, '<member name="1st file">1</member>'],
    ['an empty key is a member', { '': 1 }, '<member name="">1</member>'],
    ['a key with a colon is a member', { 'a:b': 1 }, '<member name="a:b">1</member>'],
    [
      'a key breaks out of no attribute',
      { '"><x\n\t': null },
      '<member name="&quot;&gt;&lt;x&#10;&#9;" xsi:nil="true"/>',
    ],
    ['other scripts are names too', { größe: 1, 名: 2 }, '<größe>1</größe><名>2</名>'],
    ['text breaks out of no element', { a: '</a>&]]>"\'' }, "<a>&lt;/a&gt;&amp;]]&gt;&quot;'</a>"],
    ['a carriage return survives', { a: 'x\r\ny' }, '<a>x&#13;\ny</a>'],
    ['what XML cannot hold is U+FFFD', { a: '\0\u001b\ud800x\ufffe😀' }, '<a>\ufffd\ufffd\ufffdx\ufffd😀</a>'],
    [
      'a hostile key is a member like any other',
      JSON.parse('{"__proto__":{"a":1}}'),
      '<__proto__><a>1</a></__proto__>',
    ],
  ])('%s', (_rule, body, xml) => {
    expect(membersOf(body)).toBe(xml);
  });

  it('is a document that a parser reads back, whatever the text is', () => {
    const text = fc.string({ unit: 'binary', maxLength: 20 });
    fc.assert(
      fc.property(
        fc.dictionary(text, fc.oneof(text, fc.constant(null), fc.array(text, { maxLength: 3 })), { maxKeys: 5 }),
        (members) => {
          using document = XmlDocument.fromString(xmlDocument(members as JsonObject));
          const texts = Object.values(members).flat();
          const elements = document.root.find('*') as XmlElement[];
          expect(elements.map((element) => element.content)).toEqual(texts.map((value) => readable(value ?? '')));
        },
      ),
    );
  });
});

/** The text as XML can hold it. */
function readable(text: string): string {
  return [...text].map((character) => (isChar(character.codePointAt(0) as number) ? character : '\ufffd')).join('');
}

/** `Char` of XML 1.0, written another way than the code has it. */
function isChar(point: number): boolean {
  if (point < 0x20) return point === 0x9 || point === 0xa || point === 0xd;
  if (point >= 0xd800 && point <= 0xdfff) return false;
  return point !== 0xfffe && point !== 0xffff;
}

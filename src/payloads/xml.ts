import { isJsonObject, type Json, type JsonObject } from '../kernel/json.ts';

const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n';
const XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"';

/** A `Name` of XML 1.0 (production 5) without a colon, which would make it a name of another namespace. */
const NAME =
  /^[A-Z_a-z\u{C0}-\u{D6}\u{D8}-\u{F6}\u{F8}-\u{2FF}\u{370}-\u{37D}\u{37F}-\u{1FFF}\u{200C}-\u{200D}\u{2070}-\u{218F}\u{2C00}-\u{2FEF}\u{3001}-\u{D7FF}\u{F900}-\u{FDCF}\u{FDF0}-\u{FFFD}\u{10000}-\u{EFFFF}][-.0-9A-Z_a-z\u{B7}\u{C0}-\u{D6}\u{D8}-\u{F6}\u{F8}-\u{37D}\u{37F}-\u{1FFF}\u{200C}-\u{200D}\u{203F}-\u{2040}\u{2070}-\u{218F}\u{2C00}-\u{2FEF}\u{3001}-\u{D7FF}\u{F900}-\u{FDCF}\u{FDF0}-\u{FFFD}\u{10000}-\u{EFFFF}]*$/u;

/** What is no `Char` of XML 1.0 (production 2), half a surrogate pair too. */
const FORBIDDEN = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  // A parser makes a line feed of each, and spaces of all of them in an attribute (XML 1.0 §2.11, §3.3.3).
  '\r': '&#13;',
};

/**
 * A document whose root `event` has the members of the object as elements, in their order: an array is its element
 * repeated, null an empty one with `xsi:nil`. A key that is no name of XML becomes `<member name="…">`; what XML cannot
 * hold becomes U+FFFD. Pure.
 */
export function xmlDocument(body: JsonObject): string {
  return `${DECLARATION}<event ${XSI}>${elementsOf(body)}</event>\n`;
}

/** Text between tags or inside an attribute, nothing in it being markup. Pure. */
function escapeXml(text: string): string {
  return text.replace(FORBIDDEN, '\u{FFFD}').replace(/[&<>"\r]/g, (character) => ENTITIES[character] as string);
}

function elementsOf(object: JsonObject): string {
  return Object.entries(object)
    .map(([key, value]) => elementOf(key, value))
    .join('');
}

function elementOf(key: string, value: Json): string {
  // What is inside an array inside an array has no key of its own.
  if (Array.isArray(value)) {
    return value.map((item) => elementOf(key, Array.isArray(item) ? { item } : item)).join('');
  }
  const [open, close] = NAME.test(key) ? [key, key] : [`member name="${escapeAttribute(key)}"`, 'member'];
  if (value === null) return `<${open} xsi:nil="true"/>`;
  const content = isJsonObject(value) ? elementsOf(value) : escapeXml(String(value));
  return content === '' ? `<${open}/>` : `<${open}>${content}</${close}>`;
}

function escapeAttribute(text: string): string {
  return escapeXml(text).replaceAll('\t', '&#9;').replaceAll('\n', '&#10;');
}

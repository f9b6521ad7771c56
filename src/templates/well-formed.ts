import { messageOf } from '../kernel/errors.ts';
import { mediaKindOf } from '../payloads/index.ts';

/** What is wrong with a document, and at which offset of it; null where it cannot be said. */
export interface Malformation {
  detail: string;
  offset: number | null;
}

/** Loads what reads XML: a megabyte that most never need. */
let readXml: ((text: string) => void) | null = null;

/** Whether documents of the media type can be read now. */
export function isReadyFor(contentType: string): boolean {
  return readXml !== null || mediaKindOf(contentType) !== 'xml';
}

/** Makes `malformationOf` ready for documents of the media type. */
export async function prepareFor(contentType: string): Promise<void> {
  if (isReadyFor(contentType)) return;
  const { XmlDocument } = await import('libxml2-wasm');
  readXml = (text) => XmlDocument.fromString(text).dispose();
}

/** Why the text is no document of the media type, or null. Only JSON and XML are read; `prepareFor` comes before. */
export function malformationOf(text: string, contentType: string): Malformation | null {
  switch (mediaKindOf(contentType)) {
    case 'json':
      return jsonMalformation(text);
    case 'xml':
      return xmlMalformation(text);
    case 'other':
      return null;
  }
}

function jsonMalformation(text: string): Malformation | null {
  try {
    JSON.parse(text);
    return null;
  } catch (error) {
    const offset = firstFaultOf(text);
    const found = offset < text.length ? `at ${JSON.stringify(text.slice(offset, offset + 20))}` : 'at its end';
    return { detail: `The body is not JSON ${found}: ${messageOf(error)}.`, offset };
  }
}

const SPACE = /[ \t\n\r]*/y;
const SIGN_OR_SCALAR = /[{}[\],:]|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;
/** What may come next: a value, a key, `:`, or what follows a value; `first` is what follows `{` or `[`. */
type Wanted = 'value' | 'first' | 'key' | 'colon' | 'rest';

/** Where a text that is not JSON (RFC 8259) stops being it: V8's own message often does not say. */
function firstFaultOf(text: string): number {
  const open: string[] = [];
  let wanted: Wanted = 'value';
  for (let end = 0; ; ) {
    SPACE.lastIndex = end;
    SPACE.test(text);
    const start = SPACE.lastIndex;
    end = endOfToken(text, start);
    const isString = text[start] === '"';
    const next: Wanted | null = end < 0 ? null : afterToken(isString ? 'string' : text.slice(start, end), wanted, open);
    if (next === null) return start;
    wanted = next;
  }
}

/** Behind the token that begins there, or -1 where none does. */
function endOfToken(text: string, start: number): number {
  if (text[start] === '"') return endOfString(text, start);
  SIGN_OR_SCALAR.lastIndex = start;
  return SIGN_OR_SCALAR.test(text) ? SIGN_OR_SCALAR.lastIndex : -1;
}

const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;

/** Character by character, because a pattern would need a stack as deep as the string is long. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    const character = text[at] as string;
    if (character === '"') return at + 1;
    if (character < ' ') return -1;
    if (character === '\\') {
      ESCAPE.lastIndex = at;
      if (!ESCAPE.test(text)) return -1;
      at = ESCAPE.lastIndex - 1;
    }
  }
  return -1;
}

/** What may come after a token, or null where it may not come itself. Keeps what is open. */
function afterToken(token: string, wanted: Wanted, open: string[]): Wanted | null {
  const inside = open.at(-1);
  switch (token) {
    case '{':
    case '[':
      if (wanted !== 'value' && !(wanted === 'first' && inside === '[')) return null;
      open.push(token);
      return 'first';
    case '}':
    case ']':
      if (inside !== (token === '}' ? '{' : '[') || (wanted !== 'rest' && wanted !== 'first')) return null;
      open.pop();
      return 'rest';
    case ',':
      if (wanted !== 'rest' || inside === undefined) return null;
      return inside === '{' ? 'key' : 'value';
    case ':':
      return wanted === 'colon' ? 'value' : null;
    case 'string':
      if (wanted === 'key' || (wanted === 'first' && inside === '{')) return 'colon';
      return wanted === 'value' || wanted === 'first' ? 'rest' : null;
    default:
      return wanted === 'value' || (wanted === 'first' && inside === '[') ? 'rest' : null;
  }
}

const DECLARED_ENCODING = /^<\?xml[^>]*?\sencoding\s*=\s*["']([^"']*)["']/;

function xmlMalformation(text: string): Malformation | null {
  if (readXml === null) throw new Error('XML is to be read before its reader is there.');
  const [, encoding = 'UTF-8'] = DECLARED_ENCODING.exec(text) ?? [];
  if (!/^(utf-?8|us-ascii)$/i.test(encoding)) {
    return { detail: `The body says that it is ${encoding}, and is sent as UTF-8.`, offset: 0 };
  }
  try {
    readXml(text);
    return null;
  } catch (error) {
    const [first] = (error as { details?: { message: string; line: number; col: number }[] }).details ?? [];
    if (first === undefined) return { detail: `The body is not well-formed XML: ${messageOf(error)}.`, offset: null };
    return {
      detail: `The body is not well-formed XML: ${first.message.trim()}.`,
      offset: offsetOf(text, first.line, first.col),
    };
  }
}

/** The column is what libxml2 has read to, just behind the fault. */
function offsetOf(text: string, line: number, column: number): number {
  const lines = text.split('\n');
  const before = lines.slice(0, line - 1).join('\n').length + (line > 1 ? 1 : 0);
  return Math.min(before + Math.max(0, column - 1), text.length);
}

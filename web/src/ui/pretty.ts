/** What a text can be laid out as; null: only shown as it is. */
export type TextFormat = 'json' | 'xml' | null;

/** Hostile nesting must not make a text many times its own size. */
const DEEPEST_INDENT = 40;

/** What a text is, by what its sender says of it or else by how it begins. JSON only where all of it is valid. */
export function formatOf(text: string, contentType = ''): TextFormat {
  if (/^\s*[[{]/.test(text)) return isJson(text) ? 'json' : null;
  const looksLikeXml = /^\s*<[!?a-z_]/i.test(text);
  return looksLikeXml && !/\bhtml\b/i.test(contentType) && !/^\s*<(!doctype html|html)/i.test(text) ? 'xml' : null;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** A text in lines, laid out as its format wants it; with null the lines are its own. */
export function linesOf(text: string, format: TextFormat): Iterable<string> {
  if (format === 'json') return jsonLines(text);
  return format === 'xml' ? xmlLines(text) : ownLines(text);
}

function* ownLines(text: string): Generator<string> {
  for (let at = 0; at <= text.length; ) {
    const found = text.indexOf('\n', at);
    const end = found === -1 ? text.length : found;
    yield text.slice(at, end);
    at = end + 1;
  }
}

const JSON_TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]|[^\s{}[\],:"]+/g;

/** Valid JSON, each token as it was written: no number loses digits, and no member is dropped for another of its name. */
function* jsonLines(text: string): Generator<string> {
  let line = '';
  let depth = 0;
  let previous = '';
  for (const [token] of text.matchAll(JSON_TOKEN)) {
    const closes = token === '}' || token === ']';
    const wasOpened = previous === '{' || previous === '[';
    if (closes) depth -= 1;
    // An object or array without members stays together.
    if (previous === ',' || (previous !== '' && wasOpened !== closes)) {
      yield line;
      line = indent(depth);
    }
    line += previous === ':' ? ` ${token}` : token;
    if (token === '{' || token === '[') depth += 1;
    previous = token;
  }
  yield line;
}

/** XML with each element on a line of its own. One that holds nothing but text stays together. */
function* xmlLines(text: string): Generator<string> {
  let line = '';
  let depth = 0;
  /** Whether the line holds an element that is open, with at most text in it. */
  let isOpen = false;
  for (const piece of xmlPieces(text)) {
    const isTag = piece.startsWith('<');
    if (!isTag && piece.trim() === '') continue;
    const closes = piece.startsWith('</');
    if (closes) depth = Math.max(0, depth - 1);
    const staysOnLine = isOpen && (closes || !isTag);
    if (!staysOnLine && line !== '') {
      yield line;
      line = '';
    }
    line = line === '' ? indent(depth) + piece.trim() : line + piece;
    const opens = isTag && /^<[^!?/]/.test(piece) && !piece.endsWith('/>');
    if (opens) depth += 1;
    isOpen = opens || (isOpen && !isTag);
  }
  if (line !== '') yield line;
}

/** Tags, comments, and the texts between them. What is not closed is one piece, up to the end. */
function* xmlPieces(text: string): Generator<string> {
  for (let at = 0; at < text.length; ) {
    const end = text[at] === '<' ? endOfTag(text, at) : text.indexOf('<', at);
    const until = end === -1 ? text.length : end;
    yield text.slice(at, until);
    at = until;
  }
}

function endOfTag(text: string, at: number): number {
  const [, close = '>'] = [
    ['<!--', '-->'],
    ['<![CDATA[', ']]>'],
  ].find(([open = '']) => text.startsWith(open, at)) ?? ['', '>'];
  const found = text.indexOf(close, at);
  return found === -1 ? -1 : found + close.length;
}

function indent(depth: number): string {
  return '  '.repeat(Math.min(depth, DEEPEST_INDENT));
}

const LONGEST_PIECE = 4_096;
const LINES_OF_CHUNK = 100;
const CHARACTERS_OF_CHUNK = 8_192;

/** Lines in chunks that a browser can lay out one by one. A very long line is cut into several. */
export function* chunksOf(lines: Iterable<string>): Generator<string> {
  let chunk: string[] = [];
  let length = 0;
  for (const line of lines) {
    for (const piece of piecesOf(line)) {
      chunk.push(piece);
      length += piece.length;
      if (chunk.length < LINES_OF_CHUNK && length < CHARACTERS_OF_CHUNK) continue;
      yield chunk.join('\n');
      chunk = [];
      length = 0;
    }
  }
  if (chunk.length > 0) yield chunk.join('\n');
}

function* piecesOf(line: string): Generator<string> {
  if (line.length <= LONGEST_PIECE) return yield line;
  for (let at = 0; at < line.length; at += LONGEST_PIECE) yield line.slice(at, at + LONGEST_PIECE);
}

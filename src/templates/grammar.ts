import { escapeXml, mediaKindOf } from '../payloads/index.ts';

/** JSON text that a filter has made of a value: it stands by itself where a document may hold a value. */
export class JsonText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  toString(): string {
    return this.text;
  }

  toJSON(): string {
    return this.text;
  }
}

/** How values are written into a document of one kind, so that none of them can end what it stands in. */
export interface Grammar {
  /** Takes note of a text of the template itself, which leads to where the next value stands. */
  follow(text: string): void;
  /** The value as it is written there. */
  spell(value: unknown): string;
  /** Whether the value is text, and stands where text breaks the document. */
  isMisplaced(value: unknown): boolean;
}

/** The grammar of a media type. JSON and XML as `mediaKindOf` knows them; forms; anything else is plain text. */
export function grammarOf(contentType: string): Grammar {
  switch (mediaKindOf(contentType)) {
    case 'json':
      return jsonGrammar();
    case 'xml':
      return xmlGrammar();
    case 'other':
      return isForm(contentType) ? FORM : PLAIN;
  }
}

function isForm(contentType: string): boolean {
  return /^\s*application\/x-www-form-urlencoded\s*(;|$)/i.test(contentType);
}

/** A value as text: what is no text is its JSON, and what is missing is nothing. Pure. */
export function plainText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (isMissing(value)) return '';
  return value instanceof JsonText ? value.text : JSON.stringify(value);
}

/** No number of JSON is one of these, and a quotient by zero has nothing to say. */
function isMissing(value: unknown): boolean {
  return value === undefined || value === null || (typeof value === 'number' && !Number.isFinite(value));
}

const PLAIN: Grammar = {
  follow: () => undefined,
  spell: (value) => plainText(value).toWellFormed(),
  isMisplaced: () => false,
};

const FORM: Grammar = { ...PLAIN, spell: (value) => encodeURIComponent(plainText(value).toWellFormed()) };

const QUOTE_OR_BACKSLASH = /["\\]/g;

/**
 * Inside a string a value is the string's content; outside, numbers, booleans, objects and what is missing are JSON
 * values, and text is still only content, which needs quotes around it. Where a string begins and ends is told by the
 * texts of the template alone: no value has a quote of its own.
 */
function jsonGrammar(): Grammar {
  let isInString = false;
  let isEscaped = false;

  function follow(text: string): void {
    let at = 0;
    if (isEscaped && text.length > 0) {
      at = 1;
      isEscaped = false;
    }
    for (;;) {
      QUOTE_OR_BACKSLASH.lastIndex = at;
      const found = isInString ? (QUOTE_OR_BACKSLASH.exec(text)?.index ?? -1) : text.indexOf('"', at);
      if (found < 0) return;
      at = found + 1;
      if (text[found] === '"') isInString = !isInString;
      else if (at === text.length) isEscaped = true;
      else at += 1;
    }
  }

  return {
    follow,
    spell(value) {
      if (isInString || typeof value === 'string') return JSON.stringify(plainText(value)).slice(1, -1);
      return isMissing(value) ? 'null' : plainText(value);
    },
    isMisplaced: (value) => typeof value === 'string' && !isInString,
  };
}

const SECTIONS = {
  markup: { cdata: '<![CDATA[', comment: '<!--' },
  cdata: { markup: ']]>' },
  comment: { markup: '-->' },
} as const;

/** Character data and attributes take entities; a CDATA section and a comment do not know any. */
function xmlGrammar(): Grammar {
  let section: keyof typeof SECTIONS = 'markup';

  return {
    follow(text) {
      for (let at = 0; ; ) {
        const next = nextSection(text, at, section);
        if (next === null) return;
        section = next.section;
        at = next.at;
      }
    },
    spell(value) {
      const text = plainText(value);
      if (section === 'cdata') return inCdata(text);
      return section === 'comment' ? inComment(text) : escapeXmlFully(text);
    },
    isMisplaced: () => false,
  };
}

function nextSection(text: string, from: number, section: keyof typeof SECTIONS) {
  const found = Object.entries(SECTIONS[section])
    .map(([to, sign]) => ({ section: to as keyof typeof SECTIONS, at: text.indexOf(sign, from), sign }))
    .filter(({ at }) => at >= 0)
    .sort((a, b) => a.at - b.at)[0];
  return found === undefined ? null : { section: found.section, at: found.at + found.sign.length };
}

/** As `escapeXml`, for an attribute of either quotes. */
function escapeXmlFully(text: string): string {
  return escapeXml(text).replaceAll("'", '&#39;').replaceAll('\t', '&#9;').replaceAll('\n', '&#10;');
}

/** Whatever might end the section, alone or with what is beside it, stands between two sections. */
function inCdata(text: string): string {
  return /[\]>\r]/.test(text) ? `]]>${escapeXml(text)}<![CDATA[` : withoutEntities(text);
}

/** A comment holds no two hyphens in a row, nor one at its end (XML 1.0 §2.5). */
function inComment(text: string): string {
  return withoutEntities(text)
    .replace(/^-/, ' -')
    .replaceAll(/-(?=-|$)/g, '- ');
}

/** Only what XML cannot hold at all is replaced. */
function withoutEntities(text: string): string {
  return text.replaceAll(/[^&<>"\r]+/g, (run) => escapeXml(run));
}

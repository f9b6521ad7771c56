import { isJsonObject, type Json, type JsonObject } from '../kernel/json.ts';

/** Texts that end what they stand in unless they are escaped. Any of them may turn up in a name or in a message. */
const HOSTILE_TEXTS = {
  'quotes and backslashes': `say "hi" or 'hi' in C:\\temp\\ \\" \\u0041 "`,
  'line breaks and tabs': 'first\nsecond\r\nthird\tfourth\u2028fifth',
  'markup and ]]>': ']]> --> <b a="1"> & &amp; <!-- -- <![CDATA[ ?> %22&a=b+c',
  'control characters': `${String.fromCharCode(...Array.from({ length: 32 }, (_, code) => code), 127, 128, 159)}\ufffe\ud800`,
  emoji: '\u{1F600}\u{1F468}\u200D\u{1F469} \u05E9\u05DC\u05D5\u05DD \u202Eabc e\u0301',
  'braces of a template': '{{ event.id }} {% if %} {# #} %s',
  'ten thousand characters': 'x'.repeat(10_000),
};

/** Members that hold one of a few words, by which templates choose: another one would lead past what they write. */
const WORDS = new Set(['status', 'state', 'direction', 'mode', 'trigger', 'pauseReason']);

/** An event's data with hostile texts in it, and what they are. */
export interface HostileSample {
  texts: string;
  data: JsonObject;
}

/** The data once for each kind of hostile text, which stands in place of every text of it; once even of the words. Pure. */
export function hostileSamplesOf(data: JsonObject): HostileSample[] {
  const samples = Object.entries(HOSTILE_TEXTS).map(([texts, text]) => ({
    texts,
    data: withTexts(data, (member, value) => (WORDS.has(member) ? value : text)) as JsonObject,
  }));
  const [texts, text] = Object.entries(HOSTILE_TEXTS)[0] as [string, string];
  return [
    ...samples,
    { texts: `${texts}, also in words such as the status`, data: withTexts(data, () => text) as JsonObject },
  ];
}

function withTexts(value: Json, replace: (member: string, value: string) => string, member = ''): Json {
  if (typeof value === 'string') return replace(member, value);
  if (Array.isArray(value)) return value.map((item) => withTexts(item, replace, member));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, withTexts(inner, replace, name)]));
}

const LONGEST_SHOWN = 100;

/** The data as people are shown it: long texts are cut. Pure. */
export function shownSample(data: JsonObject): JsonObject {
  const cut = (text: string): string => (text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text);
  return withTexts(data, (_member, text) => cut(text)) as JsonObject;
}

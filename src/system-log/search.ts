import type { Clock } from '../kernel/clock.ts';
import { formatInstant } from '../kernel/instants.ts';
import { isJsonObject, type Json, type JsonObject } from '../kernel/json.ts';
import type { Source } from './segments.ts';

/** How grave a line is, the least first. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface LogQuery {
  /** Lines of this level and above, or null for all. */
  level: LogLevel | null;
  /** In the line as it is written, whatever the case; null for all. */
  q: string | null;
  /** Epoch milliseconds; from inclusive, to exclusive. */
  from: number | null;
  to: number | null;
  limit: number;
  /** Only what was written before this position, or null. */
  before: number | null;
}

/** A line as it is shown: when, how grave, what, and the fields that go with it. */
export interface LogItem extends JsonObject {
  at: string;
  level: LogLevel;
  message: string;
}

export interface LogPage {
  items: LogItem[];
  /** Where to go on, or null at the beginning of what is kept. */
  next: number | null;
}

/** How much is read at a time: a third of a millisecond's work. */
const CHUNK_BYTES = 64 * 1024;
/** How long one search may take. What it has not looked at by then is for the next page. */
const BUDGET_MS = 300;
/** What every line begins with. */
const HEAD = /^\{"level":"(\w+)","time":"([^"]{24})"/;
const HEAD_BYTES = 64;

/**
 * Looks through the log backwards until the page is full, the instants asked for lie behind, or the time is up: a page
 * may be short, and even empty, while there is more. Reads in small steps, so that nobody else waits for it.
 */
export async function searchLog(sources: readonly Source[], query: LogQuery, clock: Clock): Promise<LogPage> {
  const startedAtMs = clock.monotonicMs();
  const matches = matcherOf(query);
  const items: LogItem[] = [];
  for (const source of sources.toReversed()) {
    if (source.position >= (query.before ?? Number.POSITIVE_INFINITY) || (await beginsTooLate(source, query.to)))
      continue;
    for await (const chunk of chunksBackwards(source, query.before)) {
      for (const { position, line } of linesBackwards(chunk)) {
        const verdict = matches(line);
        if (verdict === 'too old') return { items, next: null };
        if (verdict === 'no') continue;
        items.push(itemOf(line));
        if (items.length === query.limit) return { items, next: position };
      }
      if (clock.monotonicMs() - startedAtMs >= BUDGET_MS) return { items, next: chunk.position };
    }
  }
  return { items, next: null };
}

/** Whether all of a stretch was written after what is asked for. */
async function beginsTooLate(source: Source, to: number | null): Promise<boolean> {
  if (to === null) return false;
  const [, , time] = HEAD.exec((await source.read(0, Math.min(HEAD_BYTES, source.length))).toString()) ?? [];
  return time !== undefined && time >= formatInstant(to);
}

interface Chunk {
  position: number;
  /** Whole lines. */
  bytes: Buffer;
}

/** The bytes of a stretch in whole lines, the last ones first. */
async function* chunksBackwards(source: Source, before: number | null): AsyncGenerator<Chunk> {
  let end = Math.min(source.length, (before ?? Number.POSITIVE_INFINITY) - source.position);
  let rest: Buffer = Buffer.alloc(0);
  while (end > 0) {
    const start = Math.max(0, end - CHUNK_BYTES);
    const bytes = Buffer.concat([await source.read(start, end), rest]);
    // Where the first line begins that is whole; what comes before it belongs to the chunk before.
    const whole = start === 0 ? 0 : bytes.indexOf('\n') + 1;
    rest = whole === 0 && start > 0 ? bytes : bytes.subarray(0, whole);
    if (whole > 0 || start === 0) yield { position: source.position + start + whole, bytes: bytes.subarray(whole) };
    end = start;
  }
}

function* linesBackwards({ position, bytes }: Chunk): Generator<{ position: number; line: string }> {
  let at = position + bytes.length;
  for (const line of bytes.toString().split('\n').slice(0, -1).reverse()) {
    at -= Buffer.byteLength(line) + 1;
    yield { position: at, line };
  }
}

/** Makes a function that says whether a line is asked for, without parsing it. */
function matcherOf({ level, q, from, to }: LogQuery): (line: string) => 'yes' | 'no' | 'too old' {
  const least = level === null ? 0 : LOG_LEVELS.indexOf(level);
  const earliest = from === null ? '' : formatInstant(from);
  const latest = to === null ? '~' : formatInstant(to);
  // As it stands in JSON, where quotes and line breaks are escaped.
  const needle = q === null ? '' : JSON.stringify(q).slice(1, -1).toLowerCase();
  return (line) => {
    const [, lineLevel, time = ''] = HEAD.exec(line) ?? [];
    if (lineLevel === undefined) return 'no';
    if (time < earliest) return 'too old';
    if (time >= latest || LOG_LEVELS.indexOf(lineLevel as LogLevel) < least) return 'no';
    return needle === '' || line.toLowerCase().includes(needle) ? 'yes' : 'no';
  };
}

function itemOf(line: string): LogItem {
  const parsed = parse(line);
  const { level, time, msg, ...fields } = isJsonObject(parsed) ? parsed : {};
  return { at: String(time), level: level as LogLevel, message: String(msg ?? ''), ...fields };
}

/** A line that was cut off in the middle is shown without its fields. */
function parse(line: string): Json {
  try {
    return JSON.parse(line) as Json;
  } catch {
    const [, level = 'info', time = ''] = HEAD.exec(line) ?? [];
    return { level, time, msg: line };
  }
}

import { describe, expect, test } from 'vitest';
import { systemClock } from '../kernel/clock.ts';
import { type LogPage, type LogQuery, searchLog } from './search.ts';
import type { Source } from './segments.ts';

const START = Date.parse('2026-01-01T00:00:00Z');
const ALL: LogQuery = { level: null, q: null, from: null, to: null, limit: 250, before: null };

interface Line {
  level?: string;
  time?: number;
  msg?: string;
  more?: object;
}

function lineOf({ level = 'info', time = START, msg = 'something', more = {} }: Line): string {
  return `${JSON.stringify({ level, time: new Date(time).toISOString(), ...more, msg })}\n`;
}

/** Stretches of the log, each of these lines. */
function sourcesOf(...stretches: (Line | string)[][]): Source[] {
  let position = 1000;
  return stretches.map((lines) => {
    const bytes = Buffer.from(lines.map((line) => (typeof line === 'string' ? line : lineOf(line))).join(''));
    const source: Source = {
      position,
      length: bytes.length,
      read: async (start, end) => bytes.subarray(start, end),
    };
    position += bytes.length;
    return source;
  });
}

function search(sources: Source[], query: Partial<LogQuery> = {}): Promise<LogPage> {
  return searchLog(sources, { ...ALL, ...query }, systemClock);
}

const messagesOf = ({ items }: LogPage): string[] => items.map(({ message }) => message);

test('lines come newest first, with when, how grave, what, and their fields', async () => {
  const sources = sourcesOf([{ msg: 'first', more: { pid: 1 } }], [{ level: 'warn', msg: 'second', time: START + 5 }]);
  expect(await search(sources)).toEqual({
    items: [
      { at: '2026-01-01T00:00:00.005Z', level: 'warn', message: 'second' },
      { at: '2026-01-01T00:00:00.000Z', level: 'info', message: 'first', pid: 1 },
    ],
    next: null,
  });
  expect(await search([])).toEqual({ items: [], next: null });
});

describe('a search', () => {
  const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'];
  const minutes = levels.map((level, at) => ({ level, msg: level, time: START + at * 60_000 }));
  const sources = sourcesOf(minutes.slice(0, 2), minutes.slice(2, 5), minutes.slice(5));

  test.each([
    ['info', ['fatal', 'error', 'warn', 'info']],
    ['error', ['fatal', 'error']],
    ['trace', levels.toReversed()],
  ] as const)('by the level %s finds it and all above', async (level, expected) => {
    expect(messagesOf(await search(sources, { level }))).toEqual(expected);
  });

  test('by time takes the first instant in and leaves the last one out', async () => {
    const range = { from: START + 60_000, to: START + 4 * 60_000 };
    expect(messagesOf(await search(sources, range))).toEqual(['warn', 'info', 'debug']);
    expect((await search(sources, { from: START + 6 * 60_000 })).items).toEqual([]);
    expect((await search(sources, { to: START })).items).toEqual([]);
  });

  test.each([
    ['CONNECTION', 'a connection broke'],
    ['dlv_7', 'attempted'],
    ['say "hi"', 'they say "hi"'],
    ['größe', 'Die GRÖSSE ist Größe'],
    ['two\nlines', 'two\nlines'],
  ])('for the text %j finds the line it is in, whatever the case', async (q, expected) => {
    const texts = ['a connection broke', 'they say "hi"', 'Die GRÖSSE ist Größe', 'two\nlines'];
    const found = await search(
      sourcesOf([...texts.map((msg) => ({ msg })), { msg: 'attempted', more: { id: 'dlv_7' } }]),
      { q },
    );
    expect(messagesOf(found)).toEqual([expected]);
  });
});

test.each([1, 3, 7, 100])(
  'pages of %i lines hold every line once, in order, whatever is written meanwhile',
  async (limit) => {
    // Lines of many lengths, over several chunks, some longer than one, and with characters of several bytes.
    const lines = Array.from({ length: 300 }, (_, at) => ({
      msg: `${at}`,
      more: { text: 'ü'.repeat((at * 7919) % 1_000) },
    }));
    lines.splice(100, 0, { msg: 'long', more: { text: 'ü'.repeat(100_000) } });
    const stretches = [lines.slice(0, 90), lines.slice(90, 210), lines.slice(210)];
    const seen: string[] = [];
    for (let before: number | null | undefined; before !== null; ) {
      const newer = before === undefined ? [] : [[{ msg: 'newer' }]];
      const page: LogPage = await search(sourcesOf(...stretches, ...newer), { limit, before: before ?? null });
      expect(page.items.length).toBeLessThanOrEqual(limit);
      seen.push(...messagesOf(page));
      before = page.next;
    }
    expect(seen).toEqual(lines.map(({ msg }) => msg).reverse());
  },
);

test('a search that takes long ends early, and the next one goes on where it was', async () => {
  const lines = Array.from({ length: 3_000 }, (_, at) => ({
    msg: at === 0 ? 'needle' : 'hay',
    more: { text: 'x'.repeat(500) },
  }));
  let nowMs = 0;
  const slow = { ...systemClock, monotonicMs: () => (nowMs += 100) };
  const sources = sourcesOf(lines);
  const pages: LogPage[] = [];
  for (let before: number | null | undefined; before !== null; before = pages.at(-1)?.next) {
    pages.push(await searchLog(sources, { ...ALL, q: 'needle', before: before ?? null }, slow));
  }
  expect(pages[0]).toEqual({ items: [], next: expect.any(Number) });
  expect(pages.flatMap(messagesOf)).toEqual(['needle']);
  expect(pages.length).toBeGreaterThan(3);
});

test('what is no line of ours is passed over, and one cut off in the middle is shown as far as it goes', async () => {
  const cut = '{"level":"error","time":"2026-01-01T00:00:00.000Z","err":{"mess\n';
  const page = await search(sourcesOf(['\n', 'garbage\n', cut, { msg: 'whole' }]));
  expect(page.items).toEqual([
    expect.objectContaining({ message: 'whole' }),
    { at: '2026-01-01T00:00:00.000Z', level: 'error', message: cut.trimEnd() },
  ]);
});

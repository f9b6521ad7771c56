import { join } from 'node:path';
import { type Logger, pino } from 'pino';
import { type Clock, delay } from '../kernel/clock.ts';
import { formatInstant } from '../kernel/instants.ts';
import type { Outlet } from './outlet.ts';
import { type LogPage, type LogQuery, searchLog } from './search.ts';
import { createSegments } from './segments.ts';
import { createPrettyStdout, createStdout } from './stdout.ts';

export type Log = Logger;

/** What the server tells of itself: on stdout, and for a while in its data folder. */
export interface SystemLog {
  log: Log;
  /** The line that `log.info` would write of plain values, one at least, at less than half its cost (measured: 1.0 against 3 to 7 µs). */
  note(fields: object, message: string): void;
  /**
   * Writes a warning on stdout alone, for whoever has started the server: what it tells is not for everybody who may read
   * the log.
   */
  announce(message: string): void;
  /** Lines newest first, those included that have just been written. */
  search(query: LogQuery): Promise<LogPage>;
  /** Resolves when every line has been written, or that takes too long. Nothing may be logged after it. */
  end(): Promise<void>;
}

/** A write for each line would cost more than making it: lines wait this long for company, or until there are so many. */
const GATHER_MS = 50;
const GATHER_LINES = 256;
/** Somebody may have stopped reading. */
const LAST_WRITES_MS = 2_000;

/** One JSON object a line on stdout, or lines for people on a terminal; and JSON in files of `<dataDir>/logs`. */
export function createSystemLog(options: { format: 'json' | 'pretty'; dataDir: string; clock: Clock }): SystemLog {
  const { format, dataDir, clock } = options;
  const segments = createSegments({ folder: join(dataDir, 'logs'), clock });
  const stdout = format === 'pretty' ? createPrettyStdout() : createStdout(clock);
  const gatherer = createGatherer(clock, [stdout, segments]);
  const instant = createInstants(clock);
  let searched: Promise<unknown> = Promise.resolve();

  const log = pino(
    {
      base: null,
      timestamp: () => `,"time":"${instant()}"`,
      formatters: { level: (label: string) => ({ level: label }) },
    },
    gatherer,
  );

  return {
    log,
    note(fields, message) {
      const rest = JSON.stringify(fields).slice(1, -1);
      gatherer.write(`{"level":"info","time":"${instant()}",${rest},"msg":${JSON.stringify(message)}}\n`);
    },
    announce(msg) {
      gatherer.handOver();
      stdout.add(Buffer.from(`${JSON.stringify({ level: 'warn', time: instant(), msg })}\n`));
    },
    search(query) {
      // One at a time: nobody who looks something up may hold up deliveries more than that.
      const found = searched.then(() => {
        gatherer.handOver();
        return searchLog(segments.sources(), query, clock);
      });
      searched = found.catch(() => undefined);
      return found;
    },
    async end() {
      gatherer.handOver();
      await Promise.race([Promise.all([stdout.written(), segments.close()]), delay(clock, LAST_WRITES_MS)]);
    },
  };
}

/**
 * Gathers lines and hands them over many at once. pino's own destination measures every line in bytes, which costs three
 * times as much as making it (measured: 16 of 25 µs under load).
 */
function createGatherer(clock: Clock, outlets: readonly Outlet[]): { write(line: string): void; handOver(): void } {
  let lines: string[] = [];
  let isScheduled = false;

  function handOver(): void {
    if (lines.length === 0) return;
    const bytes = Buffer.from(lines.join(''));
    lines = [];
    for (const outlet of outlets) outlet.add(bytes);
  }

  return {
    handOver,
    write(line) {
      lines.push(line);
      if (lines.length >= GATHER_LINES) handOver();
      if (isScheduled) return;
      isScheduled = true;
      clock.after(GATHER_MS, () => {
        isScheduled = false;
        handOver();
      });
    },
  };
}

/** Makes a function that tells the time as lines show it. Many lines share a millisecond, and making its text is dear. */
function createInstants(clock: Clock): () => string {
  let lastMs = 0;
  let text = '';
  return () => {
    const now = clock.now();
    if (now !== lastMs) {
      lastMs = now;
      text = formatInstant(now);
    }
    return text;
  };
}

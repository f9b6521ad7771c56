import { write, writeSync } from 'node:fs';
import { type Logger, pino, stdTimeFunctions } from 'pino';
import { type Clock, systemClock } from './kernel/clock.ts';

export type Log = Logger;

const STDOUT = 1;
/** A write for each line would cost more than making it: lines wait this long for company, or until there are so many. */
const GATHER_MS = 50;
const GATHER_LINES = 256;

const options = {
  base: null,
  timestamp: stdTimeFunctions.isoTime,
  formatters: { level: (label: string) => ({ level: label }) },
};

/** The system log: one JSON object a line on stdout, or lines for people on a terminal. */
export function createLog(format: 'json' | 'pretty'): { log: Log; flush: () => void } {
  if (format === 'pretty') return { log: pino(options, { write: writePretty }), flush: () => undefined };
  const lines = createLineBuffer(systemClock);
  return { log: pino(options, lines), flush: lines.flush };
}

/**
 * Gathers lines and writes many at once. pino's own destination measures every line in bytes, which costs three times
 * as much as making it (measured: 16 of 25 µs under load).
 */
function createLineBuffer(clock: Clock): { write(line: string): void; flush(): void } {
  let lines: string[] = [];
  let isWriting = false;
  let isScheduled = false;

  function writeOut(): void {
    isScheduled = false;
    if (isWriting || lines.length === 0) return;
    const bytes = Buffer.from(lines.join(''));
    lines = [];
    isWriting = true;
    writeAll(bytes, () => {
      isWriting = false;
      writeOut();
    });
  }

  return {
    write(line) {
      lines.push(line);
      if (lines.length >= GATHER_LINES) writeOut();
      if (isScheduled) return;
      isScheduled = true;
      clock.after(GATHER_MS, writeOut);
    },
    /** Writes out, before it returns, what is still in memory. */
    flush() {
      if (lines.length > 0) writeSync(STDOUT, lines.join(''));
      lines = [];
    },
  };
}

/** A pipe takes what it has room for; whoever does not read it loses lines rather than stopping the server. */
function writeAll(bytes: Buffer, done: () => void): void {
  write(STDOUT, bytes, (error, written) => {
    if (error === null && written < bytes.length) writeAll(bytes.subarray(written), done);
    else if ((error as NodeJS.ErrnoException | null)?.code === 'EAGAIN')
      systemClock.after(GATHER_MS, () => writeAll(bytes, done));
    else done();
  });
}

function writePretty(line: string): void {
  const { level, time, msg, ...rest } = JSON.parse(line) as Record<string, unknown>;
  const facts = Object.entries(rest)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name}=${typeof value === 'object' ? JSON.stringify(value) : String(value)}`);
  process.stdout.write(`${[String(time).slice(11, 23), String(level).padEnd(5), String(msg), ...facts].join(' ')}\n`);
}

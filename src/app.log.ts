import { destination, type Logger, pino, stdTimeFunctions } from 'pino';

export type Log = Logger;

/** A write for each line would cost more than making it: lines wait this long, or for this much company. */
const GATHER_BYTES = 65_536;
const MAX_WRITE_BYTES = 1_048_576;
const GATHER_MS = 50;

const GATHERING = {
  dest: 1,
  sync: false,
  minLength: GATHER_BYTES,
  maxWrite: MAX_WRITE_BYTES,
  periodicFlush: GATHER_MS,
};

/** The system log: one JSON object a line on stdout, or lines for people on a terminal. */
export function createLog(format: 'json' | 'pretty'): Log {
  const options = {
    base: null,
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  return format === 'json' ? pino(options, destination(GATHERING)) : pino(options, { write: writePretty });
}

/** Writes out what is still in memory; the process may end after it. */
export function flushLog(log: Log): Promise<void> {
  return new Promise((resolve) => {
    log.flush(() => resolve());
  });
}

function writePretty(line: string): void {
  const { level, time, msg, ...rest } = JSON.parse(line) as Record<string, unknown>;
  const facts = Object.entries(rest)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name}=${typeof value === 'object' ? JSON.stringify(value) : String(value)}`);
  process.stdout.write(`${[String(time).slice(11, 23), String(level).padEnd(5), String(msg), ...facts].join(' ')}\n`);
}

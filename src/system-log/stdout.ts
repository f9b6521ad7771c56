import { write } from 'node:fs';
import type { Clock } from '../kernel/clock.ts';
import { MAX_WAITING_BYTES, type Outlet } from './outlet.ts';

const STDOUT = 1;
const RETRY_MS = 50;

/** Writes lines to stdout as they are. Whoever does not read them loses some rather than stopping the server. */
export function createStdout(clock: Clock): Outlet {
  let waiting: Buffer[] = [];
  let waitingBytes = 0;
  let isWriting = false;
  const onWritten: (() => void)[] = [];

  function writeOut(): void {
    if (isWriting) return;
    if (waiting.length === 0) {
      for (const resolve of onWritten.splice(0)) resolve();
      return;
    }
    const bytes = Buffer.concat(waiting);
    waiting = [];
    waitingBytes = 0;
    isWriting = true;
    writeAll(bytes, () => {
      isWriting = false;
      writeOut();
    });
  }

  /** A pipe takes what it has room for. */
  function writeAll(bytes: Buffer, done: () => void): void {
    write(STDOUT, bytes, (error, written) => {
      if (error === null && written < bytes.length) writeAll(bytes.subarray(written), done);
      else if (error?.code === 'EAGAIN') clock.after(RETRY_MS, () => writeAll(bytes, done));
      else done();
    });
  }

  return {
    add(lines) {
      if (waitingBytes > MAX_WAITING_BYTES) {
        waiting = [];
        waitingBytes = 0;
      }
      waiting.push(lines);
      waitingBytes += lines.length;
      writeOut();
    },
    written() {
      return new Promise((resolve) => {
        onWritten.push(resolve);
        writeOut();
      });
    },
  };
}

/** Writes lines to a terminal, for people. */
export function createPrettyStdout(): Outlet {
  return {
    add: (lines) => void process.stdout.write(lines.toString().replaceAll(/.+\n/g, prettyLine)),
    written: async () => undefined,
  };
}

function prettyLine(line: string): string {
  const { level, time, msg, ...rest } = JSON.parse(line) as Record<string, unknown>;
  const facts = Object.entries(rest)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name}=${typeof value === 'object' ? JSON.stringify(value) : String(value)}`);
  return `${[String(time).slice(11, 23), String(level).padEnd(5), String(msg), ...facts].join(' ')}\n`;
}

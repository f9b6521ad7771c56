import { closeSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { type FileHandle, mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../kernel/clock.ts';
import { MAX_WAITING_BYTES, type Outlet } from './outlet.ts';

/** A stretch of the log. Its bytes are whole lines, from `position` on, counted over all that was ever written. */
export interface Source {
  position: number;
  length: number;
  /** Bytes from `start` to `end`, counted from the beginning of the stretch; empty when it is no longer kept. */
  read(start: number, end: number): Promise<Buffer>;
}

/** The files of the log, and what has not reached them yet. */
export interface Segments extends Outlet {
  /** All that can be read now, the oldest first. */
  sources(): Source[];
  /** Waits until what was added has been written, or cannot be, and closes the file. */
  close(): Promise<void>;
}

interface Segment {
  path: string;
  position: number;
  length: number;
}

interface Options {
  folder: string;
  clock: Clock;
  /** How large a file may be, and how many there may be. */
  maxBytes?: number;
  maxFiles?: number;
}

const MEBIBYTE = 1024 * 1024;
const RETRY_MS = 5_000;
const NAME = /^(\d{16})\.ndjson$/;
const LINE_BREAK = 10;

/**
 * Keeps lines in files of a bounded number and size; the oldest makes room. A file is named for the position of its
 * first byte, so a place in the log stays the same however files come and go. What the disk does not take stays in
 * memory, up to a bound, and is tried again. Throws nothing.
 */
export function createSegments({ folder, clock, maxBytes = 8 * MEBIBYTE, maxFiles = 8 }: Options): Segments {
  const files = existingFiles(folder);
  const waiting: { position: number; bytes: Buffer }[] = [];
  let handle: FileHandle | null = null;
  let waitingBytes = 0;
  let isWriting = false;
  let isRetrying = false;
  const onWritten: (() => void)[] = [];
  let end = endOf(files.at(-1));

  function add(bytes: Buffer): void {
    waiting.push({ position: end, bytes });
    end += bytes.length;
    waitingBytes += bytes.length;
    // The first one may be being written.
    while (waitingBytes > MAX_WAITING_BYTES && waiting.length > 2) {
      waitingBytes -= waiting.splice(1, 1)[0]?.bytes.length ?? 0;
    }
    if (!(isWriting || isRetrying)) void writeOut();
  }

  async function writeOut(): Promise<void> {
    isWriting = true;
    try {
      for (let [next] = waiting; next !== undefined; [next] = waiting) {
        await write(next.position, next.bytes);
        waiting.shift();
        waitingBytes -= next.bytes.length;
      }
    } catch {
      // A full disk, or a folder that is no longer there: it goes on from memory. To log it here would feed on itself.
      isRetrying = true;
      clock.after(RETRY_MS, () => {
        isRetrying = false;
        void writeOut();
      });
    }
    isWriting = false;
    for (const resolve of onWritten.splice(0)) resolve();
  }

  async function write(position: number, bytes: Buffer): Promise<void> {
    const [file, handle] = await fileFor(position, bytes.length);
    // At its own place, so that one that was written in part is written over.
    const at = position - file.position;
    for (let done = 0; done < bytes.length; ) {
      done += (await handle.write(bytes, done, bytes.length - done, at + done)).bytesWritten;
    }
    file.length = at + bytes.length;
  }

  /** The last file where the bytes still fit and belong there, else a new one. */
  async function fileFor(position: number, length: number): Promise<[Segment, FileHandle]> {
    const last = files.at(-1);
    if (last !== undefined && endOf(last) === position && last.length + length <= maxBytes) {
      handle ??= await open(last.path, 'r+').catch(() => null);
      if (handle !== null) return [last, handle];
    }
    return startFile(position);
  }

  async function startFile(position: number): Promise<[Segment, FileHandle]> {
    await handle?.close();
    handle = null;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    while (files.length >= maxFiles) await rm((files.shift() as Segment).path, { force: true });
    const path = join(folder, `${String(position).padStart(16, '0')}.ndjson`);
    handle = await open(path, 'w', 0o600);
    const file = { path, position, length: 0 };
    files.push(file);
    return [file, handle];
  }

  // A process that was killed may have left half a line.
  if (lastByteOf(files.at(-1)) !== LINE_BREAK) add(Buffer.from('\n'));

  async function written(): Promise<void> {
    if (isRetrying || !(isWriting || waiting.length > 0)) return;
    await new Promise<void>((resolve) => onWritten.push(resolve));
  }

  return {
    add,
    written,
    async close() {
      await written();
      await handle?.close();
      handle = null;
    },
    sources: () => [
      ...files.map(({ path, position, length }) => ({ position, length, read: readerOf(path) })),
      ...waiting.map(({ position, bytes }) => ({
        position,
        length: bytes.length,
        read: async (start: number, stop: number) => bytes.subarray(start, stop),
      })),
    ],
  };
}

function endOf(file: Segment | undefined): number {
  return file === undefined ? 0 : file.position + file.length;
}

/** What an earlier process has left, the oldest first. */
function existingFiles(folder: string): Segment[] {
  try {
    return readdirSync(folder)
      .filter((name) => NAME.test(name))
      .sort()
      .map((name) => ({
        path: join(folder, name),
        position: Number.parseInt(name, 10),
        length: statSync(join(folder, name)).size,
      }));
  } catch {
    return [];
  }
}

/** The last byte of a file; that of a line's end when there is none. */
function lastByteOf(file: Segment | undefined): number {
  const last = Buffer.of(LINE_BREAK);
  if (file === undefined || file.length === 0) return LINE_BREAK;
  const descriptor = openSync(file.path, 'r');
  readSync(descriptor, last, 0, 1, file.length - 1);
  closeSync(descriptor);
  return last.readUInt8();
}

function readerOf(path: string): Source['read'] {
  return async (start, end) => {
    let handle: FileHandle | null = null;
    try {
      handle = await open(path, 'r');
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(end - start), 0, end - start, start);
      return buffer.subarray(0, bytesRead);
    } catch {
      // It has just made room for a newer one.
      return Buffer.alloc(0);
    } finally {
      await handle?.close();
    }
  };
}

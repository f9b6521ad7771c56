import { statSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { makeSmallDisk, noSmallDisk } from '../../../test/chaos/small-disk.ts';
import { listNotes, note, readNote, recall } from '../suite-commands.fixture.ts';
import { type Connection, classify, resultCode } from './driver.ts';
import { databasePath, openWritable } from './files.ts';
import { openStore } from './open-store.fixture.ts';

const PAGE_BYTES = 4096;
/** A frame of the log: a page and its header (sqlite.org/fileformat2.html, "The WAL File Format"). */
const FRAME_BYTES = PAGE_BYTES + 24;
/** The frames that the first 32 KiB of the shared-memory file tell of; the next one needs 32 KiB more. */
const FRAMES_OF_FIRST_INDEX = 4062;
const FULL = 13;
const IOERR_SHMSIZE = 4874;

function open(folder: string): Connection {
  const connection = openWritable(folder);
  connection.exec('CREATE TABLE IF NOT EXISTS notes (name TEXT PRIMARY KEY, value BLOB)');
  return connection;
}

function write(connection: Connection, name: string, pages: number): void {
  connection.run('INSERT INTO notes (name, value) VALUES (?, zeroblob(?))', [name, pages * PAGE_BYTES]);
}

function frames(folder: string): number {
  return Math.floor(statSync(`${databasePath(folder)}-wal`).size / FRAME_BYTES);
}

/** What SQLite says when this is written in a transaction of its own, which is then rolled back; null if it is taken. */
function failure(connection: Connection, name: string, pages: number): unknown {
  try {
    connection.exec('BEGIN IMMEDIATE');
    write(connection, name, pages);
    connection.exec('COMMIT');
    return null;
  } catch (error) {
    if (connection.inTransaction) connection.exec('ROLLBACK');
    return error;
  }
}

function names(connection: Connection): string[] {
  return connection.all<{ name: string }>('SELECT name FROM notes ORDER BY name', []).map(({ name }) => name);
}

describe.skipIf(noSmallDisk !== null)(`on a disk that is full (${noSmallDisk ?? 'a tmpfs'})`, () => {
  test('a log that cannot grow fails the commit with FULL, and the connection goes on once there is room', () => {
    const disk = makeSmallDisk(8);
    const connection = open(disk.path);
    write(connection, 'before', 1);
    disk.fill();

    const error = failure(connection, 'during', 50);
    expect(resultCode(error)).toBe(FULL);
    expect(classify(error)).toBe('full');
    expect(names(connection)).toEqual(['before']);

    disk.free();
    expect(failure(connection, 'after', 50)).toBeNull();
    expect(names(connection)).toEqual(['after', 'before']);
    expect(connection.get('PRAGMA integrity_check', [])).toEqual({ integrity_check: 'ok' });
    connection.close();
  });

  test('shared memory that cannot grow fails the commit with IOERR_SHMSIZE, and the connection goes on as well', () => {
    const disk = makeSmallDisk(40);
    const connection = open(disk.path);
    for (let i = 0; frames(disk.path) < FRAMES_OF_FIRST_INDEX - 200; i += 1) write(connection, `fill ${i}`, 100);
    const toTheEdge = FRAMES_OF_FIRST_INDEX - frames(disk.path) - 8;
    write(connection, 'edge', toTheEdge);
    const before = names(connection);
    // Room for the frames of the next commit, and not for the shared memory that is to tell of them.
    disk.fill(24 * PAGE_BYTES);

    const error = failure(connection, 'during', 18);
    expect(resultCode(error)).toBe(IOERR_SHMSIZE);
    expect(classify(error)).toBe('full');
    expect(names(connection)).toEqual(before);

    disk.free();
    expect(failure(connection, 'after', 18)).toBeNull();
    expect(names(connection)).toEqual(['after', ...before]);
    expect(connection.get('PRAGMA integrity_check', [])).toEqual({ integrity_check: 'ok' });
    connection.close();
    const reopened = openWritable(disk.path);
    expect(names(reopened)).toEqual(['after', ...before]);
    reopened.close();
  });

  test('a store refuses whole groups, keeps every acknowledged one, goes on reading, and recovers by itself', async () => {
    const disk = makeSmallDisk(16);
    const { store, broken, close } = await openStore(disk.path);
    const value = 'x'.repeat(10_000);
    const acknowledged: string[] = [];
    const refused: string[] = [];
    async function writeNotes(prefix: string, count: number): Promise<void> {
      const written = Array.from({ length: count }, (_, i) => `${prefix} ${i}`);
      const answers = await Promise.allSettled(written.map((name) => store.run(note, { name, value })));
      answers.forEach((answer, i) => {
        (answer.status === 'fulfilled' ? acknowledged : refused).push(written[i] as string);
        if (answer.status === 'rejected') expect(answer.reason).toMatchObject({ code: 'storage_unavailable' });
      });
    }

    await writeNotes('before', 20);
    for (let round = 0; refused.length < 60; round += 1) {
      disk.fill();
      await writeNotes(`during ${round}`, 20);
    }
    // One commit for each round: all of it or nothing.
    expect(refused.length % 20).toBe(0);
    expect(await store.read(readNote, { name: 'before 0' })).toBe(value);

    disk.free();
    await writeNotes('after', 20);
    expect(acknowledged).toContain('after 19');
    expect(await store.read(listNotes, { prefix: '' })).toEqual(expect.arrayContaining(acknowledged));
    expect((await store.run(recall, null)).committed).toEqual(acknowledged);
    expect(await store.run(note, { name: 'last', value })).toBe(acknowledged.length + 1);
    expect(broken).toEqual([]);

    await close();
    const reopened = await openStore(disk.path);
    const kept = await reopened.store.read(listNotes, { prefix: '' });
    expect(kept.filter((name) => / \d+$/.test(name))).toEqual(acknowledged.toSorted());
  });
});

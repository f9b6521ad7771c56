import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createManualClock } from '../../test/harness/manual-clock.ts';
import { createSegments, type Segments } from './segments.ts';

const PATIENT = 6_000;

/** A folder that is not there yet, in one that is removed when the test has finished. */
function logsFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'waybill-logs-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'logs');
}

function openSegments(folder: string, bounds: { maxBytes?: number; maxFiles?: number } = {}) {
  const clock = createManualClock();
  const segments = createSegments({ folder, clock, ...bounds });
  onTestFinished(() => segments.close());
  return { segments, clock };
}

async function textOf(segments: Segments): Promise<string> {
  const parts = await Promise.all(segments.sources().map((source) => source.read(0, source.length)));
  return Buffer.concat(parts).toString();
}

const filesIn = (folder: string): string[] => readdirSync(folder).sort();

test('lines can be read at once, and lie in a file of their owner alone a moment later', async () => {
  const folder = logsFolder();
  const { segments } = openSegments(folder);
  segments.add(Buffer.from('first\n'));
  expect(await textOf(segments)).toBe('first\n');
  segments.add(Buffer.from('second\n'));
  await segments.written();
  expect(await textOf(segments)).toBe('first\nsecond\n');
  const [name] = filesIn(folder) as [string];
  expect(readFileSync(join(folder, name), 'utf8')).toBe('first\nsecond\n');
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
});

test('a file that is full is followed by another, and the oldest makes room', async () => {
  const folder = logsFolder();
  const { segments } = openSegments(folder, { maxBytes: 10, maxFiles: 3 });
  for (let i = 0; i < 10; i += 1) segments.add(Buffer.from(`line ${i}\n`));
  await segments.written();
  expect(filesIn(folder)).toHaveLength(3);
  expect(await textOf(segments)).toBe('line 7\nline 8\nline 9\n');
  expect(segments.sources().map(({ position }) => position)).toEqual([49, 56, 63]);
});

test('the next process goes on in the last file, at the same positions', async () => {
  const folder = logsFolder();
  const first = openSegments(folder);
  first.segments.add(Buffer.from('before\n'));
  await first.segments.written();
  const second = openSegments(folder);
  second.segments.add(Buffer.from('after\n'));
  await second.segments.written();
  expect(await textOf(second.segments)).toBe('before\nafter\n');
  expect(filesIn(folder)).toHaveLength(1);
});

test('half a line that a killed process has left does not spoil the next one', async () => {
  const folder = logsFolder();
  const first = openSegments(folder);
  first.segments.add(Buffer.from('whole\n'));
  await first.segments.written();
  writeFileSync(join(folder, filesIn(folder)[0] as string), 'whole\nhal');
  const second = openSegments(folder);
  second.segments.add(Buffer.from('next\n'));
  await second.segments.written();
  expect(await textOf(second.segments)).toBe('whole\nhal\nnext\n');
});

test('what the disk does not take stays in memory and is written when it does', async () => {
  const folder = logsFolder();
  // Where the folder would be there is a file.
  writeFileSync(folder, '');
  const { segments, clock } = openSegments(folder);
  segments.add(Buffer.from('first\n'));
  await segments.written();
  segments.add(Buffer.from('second\n'));
  await segments.written();
  expect(await textOf(segments)).toBe('first\nsecond\n');

  rmSync(folder);
  await clock.advance(PATIENT);
  await segments.written();
  expect(readFileSync(join(folder, filesIn(folder)[0] as string), 'utf8')).toBe('first\nsecond\n');
});

test('memory is bounded while the disk takes nothing: the newest lines stay', async () => {
  const folder = logsFolder();
  writeFileSync(folder, '');
  const { segments, clock } = openSegments(folder);
  const line = Buffer.from(`${'x'.repeat(99_999)}\n`);
  for (let i = 0; i < 100; i += 1) segments.add(line);
  segments.add(Buffer.from('newest\n'));
  await segments.written();
  const kept = await textOf(segments);
  expect(kept.length).toBeLessThan(5_000_000);
  expect(kept).toMatch(/newest\n$/);

  rmSync(folder);
  await clock.advance(PATIENT);
  await segments.written();
  expect(await textOf(segments)).toBe(kept);
});

test('files that somebody has removed are no obstacle', async () => {
  const folder = logsFolder();
  const first = openSegments(folder);
  first.segments.add(Buffer.from('lost\n'));
  await first.segments.written();
  const { segments } = openSegments(folder);
  rmSync(folder, { recursive: true });
  segments.add(Buffer.from('kept\n'));
  await segments.written();
  expect(await textOf(segments)).toBe('kept\n');
});

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { FLAWS } from './flaws.ts';
import { simulate } from './simulate.ts';

const RUN = new URL('./run.ts', import.meta.url).pathname;
const SEED = 7;

test('the same seed gives the same run to the byte, in another process too', async () => {
  const first = await simulate(SEED);
  await simulate(SEED + 1);
  const second = await simulate(SEED);
  expect(second.lines).toEqual(first.lines);
  expect(second.hash).toBe(first.hash);
  const { stdout } = await promisify(execFile)(process.execPath, [RUN, '--seed', String(SEED)]);
  expect(stdout.split('\n').slice(0, first.lines.length)).toEqual(first.lines);
  expect(stdout).toContain(first.hash);
});

test('another seed gives another run', async () => {
  const [one, other] = [await simulate(SEED), await simulate(SEED + 1)];
  expect(one.hash).not.toBe(other.hash);
});

test('a broken promise is told with its seed, its name and what happened to the delivery', async () => {
  const { plant } = FLAWS.find(({ breaks }) => breaks.includes('deadHands')) as (typeof FLAWS)[number];
  let seed = 1;
  let run = await simulate(seed, plant());
  for (; run.violation === null; run = await simulate(seed, plant())) seed += 1;
  expect(run.story).toMatch(/process \d dies: killed\n/);
  expect(run.story).toMatch(
    /\n.* sends (d\d+) attempt 1 [\s\S]*breaks deadHands: .*\n\1 is in the hands of a dead process\n/,
  );
  expect(run.story).toMatch(new RegExp(`npm run simulate -- --seed ${seed}$`));
});

test('the worlds are busy: there are crashes, repeats, outcomes that nobody knows, and whatever people do', async () => {
  const totals = { lives: 0, unknown: 0, attempts: 0 };
  let lines = '';
  for (let seed = 1; seed <= 60; seed += 1) {
    const { counts, lines: all } = await simulate(seed);
    totals.lives += counts.lives;
    totals.unknown += counts.unknown;
    totals.attempts += counts.attempts;
    lines += all.join('\n');
  }
  expect(totals.lives).toBeGreaterThan(80);
  expect(totals.unknown).toBeGreaterThan(20);
  expect(totals.attempts).toBeGreaterThan(500);
  for (const happening of [
    'killed',
    'is told to stop',
    'has stopped',
    'disk I/O error',
    'the disk is full',
    'storage_unavailable',
    'unanswered',
    'is gone',
    'retry after',
    '(recovery)',
    '(manual)',
    '(replay)',
    'exhausted (attempts_spent)',
    'cancelled (cancelled)',
    'cancelled (webhook_deleted)',
    'is paused',
    'is disabled',
    'tests w',
    'is deleted',
  ]) {
    expect(lines).toContain(happening);
  }
});

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';

const REPORTER = resolve('tools/tally-reporter.ts');
const VITEST = resolve('node_modules/vitest/vitest.mjs');

/** The lines that vitest prints for a folder with these test files. */
async function linesFor(files: Record<string, string>): Promise<string[]> {
  const root = mkdtempSync(join(tmpdir(), 'waybill-tally-'));
  try {
    symlinkSync(resolve('node_modules'), join(root, 'node_modules'), 'dir');
    for (const [name, body] of Object.entries(files)) {
      writeFileSync(join(root, name), `import { beforeAll, test } from 'vitest';\n${body}\n`);
    }
    const options = ['run', '--root', root, '--reporter', 'default', '--reporter', REPORTER];
    const run = spawn(process.execPath, [VITEST, ...options], { stdio: ['ignore', 'pipe', 'ignore'] });
    return (await text(run.stdout)).trimEnd().split('\n');
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

async function lastLineFor(files: Record<string, string>): Promise<string | undefined> {
  return (await linesFor(files)).at(-1);
}

const PASSES = "test('passes', () => {});";
const FAILS = "test('fails', () => { throw new Error('as planned'); });";

test('why a test has failed is told while others still run', async () => {
  const lines = await linesFor({ 'a.test.ts': FAILS, 'b.test.ts': PASSES });
  const told = lines.findIndex((line) => line.startsWith('FAILED fails: as planned'));
  expect(told).toBeGreaterThanOrEqual(0);
  expect(told).toBeLessThan(lines.findIndex((line) => line.includes('Test Files')));
});

test('the last line of a green run counts what passed', async () => {
  expect(await lastLineFor({ 'a.test.ts': `${PASSES}\n${PASSES}`, 'b.test.ts': PASSES })).toBe('3 passed, 0 failed');
});

test('the last line names what was skipped, and counts a file that does not load as a failure', async () => {
  const files = {
    'a.test.ts': `${PASSES}\n${FAILS}\ntest.skip('is skipped', () => {});\ntest.todo('is to come');`,
    'b.test.ts': "throw new Error('does not load');",
    'c.test.ts': `beforeAll(() => { throw new Error('does not start'); });\n${PASSES}`,
  };
  expect(await lastLineFor(files)).toBe('1 passed, 3 failed, 3 skipped');
});

test('the last line counts an error that no test caught', async () => {
  const stray = "test('leaves an error behind', () => { void Promise.reject(new Error('stray')); });";
  expect(await lastLineFor({ 'a.test.ts': stray })).toBe('1 passed, 1 failed');
});

test('the last line of a run that found no test is a failure', async () => {
  expect(await lastLineFor({ 'not-a-test.ts': '' })).toBe('0 passed, 1 failed');
});

import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runCommand } from './cli-stage.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'waybill-keys-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function apiKey(...argv: string[]) {
  return runCommand(['api-key', ...argv], { env: { WAYBILL_DATA_DIR: folder } });
}

test('api-key list shows every key without the key itself, newest first', async () => {
  const { stdout: key } = await apiKey('create', '--name', 'ci', '--role', 'operator');
  await apiKey('create', '--name', 'till \u001b 2099', '--role', 'viewer', '--expires-at', '2099-01-31T00:00:00+01:00');
  const { exitCode, stdout } = await apiKey('list');
  expect(exitCode).toBe(0);
  expect(stdout).not.toContain(key.trim());
  const rows = stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.split(/ {2,}/));
  expect(rows).toEqual([
    ['ID', 'ROLE', 'CREATED (UTC)', 'EXPIRES (UTC)', 'NAME'],
    [expect.stringMatching(/^key_/), 'viewer', expect.any(String), '2099-01-30 23:00:00', 'till \\u001b 2099'],
    [expect.stringMatching(/^key_/), 'operator', expect.any(String), 'never', 'ci'],
  ]);
});

test('api-key create prints with --json what the API would answer, the key included', async () => {
  const made = JSON.parse((await apiKey('create', '--name', 'ci', '--role', 'admin', '--json')).stdout);
  expect(made).toEqual({
    id: expect.stringMatching(/^key_/),
    name: 'ci',
    role: 'admin',
    createdAt: expect.stringMatching(/^\d{4}-.*Z$/),
    expiresAt: null,
    key: expect.stringMatching(/^wbk_[\w-]{43}$/),
  });
  const { key: _key, ...shown } = made;
  expect(JSON.parse((await apiKey('list', '--json')).stdout)).toEqual({ items: [shown] });
});

test('api-key create says so where it makes a data folder, on stderr alone', async () => {
  const first = await apiKey('create', '--name', 'a', '--role', 'viewer');
  expect(first).toEqual({
    exitCode: 0,
    stdout: expect.stringMatching(/^wbk_[\w-]{43}\n$/),
    stderr: `${folder} had no database; it has one now. The key is for a server on that data folder.\n`,
  });
  expect((await apiKey('create', '--name', 'b', '--role', 'viewer')).stderr).toBe('');
});

test('api-key delete deletes one key and no other, and says so when there is none', async () => {
  const make = async (name: string) =>
    JSON.parse((await apiKey('create', '--name', name, '--role', 'viewer', '--json')).stdout).id as string;
  const ids = [await make('a'), await make('b')] as const;
  expect(await apiKey('delete', ids[0])).toEqual({
    exitCode: 0,
    stdout: `${ids[0]} (a) is deleted. A running server stops taking it within 5 seconds.\n`,
    stderr: '',
  });
  const { items } = JSON.parse((await apiKey('list', '--json')).stdout);
  expect(items.map(({ id }: { id: string }) => id)).toEqual([ids[1]]);
  expect(await apiKey('delete', ids[0])).toEqual({
    exitCode: 1,
    stdout: '',
    stderr: `There is no API key "${ids[0]}". See \`waybill api-key list\`.\n`,
  });
});

test('api-key list and delete make no data folder where there is none', async () => {
  for (const argv of [['list'], ['delete', 'key_1']]) {
    const outcome = await apiKey(...argv);
    expect(outcome).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining(`There is no database in ${folder}`),
    });
  }
  expect(readdirSync(folder)).toEqual([]);
});

test.each([
  [['--name', ''], '--name must have 1 to 200 characters'],
  [['--name', 'n', '--expires-at', 'tomorrow'], 'It must be an instant'],
  [['--name', 'n', '--expires-at', '2001-01-01T00:00:00Z'], 'is not an instant to come'],
])('api-key create makes nothing with wrong usage: %j', async (argv, reason) => {
  const outcome = await apiKey('create', '--role', 'viewer', ...argv);
  expect(outcome).toMatchObject({ exitCode: 2, stdout: '', stderr: expect.stringContaining(reason) });
  expect(readdirSync(folder)).toEqual([]);
});

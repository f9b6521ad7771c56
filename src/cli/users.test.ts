import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createPasswordHashes } from '../identity/index.ts';
import { systemRandom } from '../kernel/random.ts';
import { openBeside } from '../store/index.ts';
import { runCommand } from './cli-stage.ts';

const PASSWORD = 'the password of a test';
const hashes = createPasswordHashes(systemRandom);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'waybill-users-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function users(argv: string[], stdin = '') {
  return runCommand(['users', ...argv], { env: { WAYBILL_DATA_DIR: folder }, stdin });
}

function create(email: string, more: string[] = [], stdin = '') {
  return users(['create', '--email', email, '--name', 'Ada', '--role', 'admin', ...more], stdin);
}

/** Whether it is the password of the user, as the database has it. */
async function isPassword(email: string, password: string): Promise<boolean> {
  const connection = openBeside(folder);
  try {
    const row = connection.get<{ hash: string }>('SELECT password_hash AS hash FROM users WHERE email = ?', [email]);
    return await hashes.verify(password, row?.hash ?? null);
  } finally {
    connection.close();
  }
}

test('users create prints the password that it made, alone', async () => {
  const made = await create('ada@example.com');
  expect(made).toEqual({ exitCode: 0, stdout: expect.stringMatching(/^[\w-]{20}\n$/), stderr: '' });
  expect(await isPassword('ada@example.com', made.stdout.trim())).toBe(true);
});

test('users create takes the password from standard input or a file, and repeats it nowhere', async () => {
  const given = await create('ada@example.com', ['--password-file', '-'], `${PASSWORD}\n`);
  expect(given).toEqual({
    exitCode: 0,
    stdout: expect.stringMatching(/^usr_\w+ \(ada@example\.com\) has the password\.\n$/),
    stderr: '',
  });
  expect(await isPassword('ada@example.com', PASSWORD)).toBe(true);
  const file = join(folder, 'password');
  writeFileSync(file, `  ${PASSWORD} \r\n`);
  expect(JSON.parse((await create('bob@example.com', ['--password-file', file, '--json'])).stdout)).toEqual({
    id: expect.stringMatching(/^usr_/),
    email: 'bob@example.com',
    name: 'Ada',
    role: 'admin',
    createdAt: expect.stringMatching(/^\d{4}-.*Z$/),
    lastSignInAt: null,
  });
  expect(await isPassword('bob@example.com', `  ${PASSWORD} `)).toBe(true);
});

test('users reset-password replaces the password of one user, however the address is written', async () => {
  await create('ada@example.com', ['--password-file', '-'], PASSWORD);
  await create('bob@example.com', ['--password-file', '-'], PASSWORD);
  const reset = await users(['reset-password', '--email', 'ADA@Example.com']);
  expect(reset).toEqual({ exitCode: 0, stdout: expect.stringMatching(/^[\w-]{20}\n$/), stderr: '' });
  expect(await isPassword('ada@example.com', PASSWORD)).toBe(false);
  expect(await isPassword('ada@example.com', reset.stdout.trim())).toBe(true);
  expect(await isPassword('bob@example.com', PASSWORD)).toBe(true);
});

test('users list shows every user, newest first', async () => {
  await create('ada@example.com');
  const made = await create('cleo@example.com');
  const { exitCode, stdout } = await users(['list']);
  expect(exitCode).toBe(0);
  expect(stdout).not.toContain(made.stdout.trim());
  const rows = stdout.split('\n').map((line) => line.split(/ {2,}/));
  expect(rows.slice(0, 3)).toEqual([
    ['ID', 'ROLE', 'SIGNED IN (UTC)', 'EMAIL', 'NAME'],
    [expect.stringMatching(/^usr_/), 'admin', 'never', 'cleo@example.com', 'Ada'],
    [expect.stringMatching(/^usr_/), 'admin', 'never', 'ada@example.com', 'Ada'],
  ]);
});

test('users create and reset-password say whose address is taken, or nobody’s', async () => {
  await create('ada@example.com');
  expect(await create('Ada@Example.com')).toMatchObject({
    exitCode: 1,
    stdout: '',
    stderr: expect.stringContaining('There is a user "Ada@Example.com" already'),
  });
  expect(await users(['reset-password', '--email', 'bob@example.com'])).toMatchObject({
    exitCode: 1,
    stdout: '',
    stderr: expect.stringContaining('There is no user "bob@example.com"'),
  });
});

test('users list and reset-password make no data folder where there is none', async () => {
  for (const argv of [['list'], ['reset-password', '--email', 'ada@example.com']]) {
    const stderr = expect.stringContaining(`There is no database in ${folder}`);
    expect(await users(argv)).toMatchObject({ exitCode: 1, stderr });
  }
  expect(readdirSync(folder)).toEqual([]);
});

test.each<[email: string, password: string, reason: string]>([
  ['nobody', PASSWORD, 'Must be an e-mail address'],
  ['ada@example.com', 'short', 'at least 12 characters'],
  ['ada@example.com', 'Ada@example.com', 'is no password'],
  ['ada@example.com', '\n', 'at least 12 characters'],
])('users create makes nothing of %s with the password %j', async (email, password, reason) => {
  const outcome = await create(email, ['--password-file', '-'], password);
  expect(outcome).toMatchObject({ exitCode: 2, stdout: '', stderr: expect.stringContaining(reason) });
  expect(readdirSync(folder)).toEqual([]);
});

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { DELIVERY_STATES as STATES_OF_THE_SERVER } from '../deliveries/index.ts';
import { runCommand, standInApi } from './cli-stage.ts';
import { DELIVERY_STATES } from './command-line.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'waybill-cli-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A port of this machine on which nothing listens. */
async function deadUrl(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
}

test('the command line knows every state of a delivery', () => {
  expect([...DELIVERY_STATES]).toEqual([...STATES_OF_THE_SERVER]);
});

const emptyPage = { status: 200, body: { items: [], next: null } };

describe('the command line', () => {
  test('prints its version', async () => {
    expect(await runCommand(['--version'])).toEqual({ exitCode: 0, stdout: `${packageJson.version}\n`, stderr: '' });
  });

  test('prints help where it is asked for, and that is no failure', async () => {
    const outcome = await runCommand(['--help']);
    expect([outcome.exitCode, outcome.stderr]).toEqual([0, '']);
    for (const command of [
      'serve',
      'demo',
      'listen',
      'api-key',
      'events',
      'webhooks',
      'deliveries',
      'logs',
      'migrate',
    ]) {
      expect(outcome.stdout).toMatch(new RegExp(`^ {2}${command} `, 'm'));
    }
  });

  test('lists in the help of a command what is its own before what all of them take', async () => {
    const optionsIn = async (...argv: string[]) =>
      [...(await runCommand([...argv, '--help'])).stdout.matchAll(/^ {2}(?:-h, )?(--[a-z-]+)/gm)].map(
        ([, name]) => name,
      );
    expect((await optionsIn('webhooks', 'create')).slice(0, 2)).toEqual(['--name', '--url']);
    expect((await optionsIn('webhooks', 'create')).slice(-3)).toEqual(['--config', '--json', '--help']);
    expect(await optionsIn('webhooks', 'list')).toEqual([
      '--limit',
      '--cursor',
      '--url',
      '--config',
      '--json',
      '--help',
    ]);
  });

  test.each([
    '',
    'nonsense',
    'webhooks',
    'webhooks nonsense',
    'webhooks show',
    'webhooks show a b',
    'webhooks list --nonsense',
    'webhooks list --limit 251',
    'webhooks list --limit ten',
    'deliveries list --status 99',
    'deliveries list --state open',
    'events list --from yesterday',
    'replays create --from 2025-01-01T00:00:00Z --states open',
    'api-key create --name n',
    'api-key create --name n --role king',
    'serve extra',
  ])('ends wrong usage with exit code 2 and a word on stderr: waybill %s', async (line) => {
    const outcome = await runCommand(line === '' ? [] : line.split(' '), { env: { WAYBILL_API_KEY: 'k' } });
    expect(outcome.exitCode).toBe(2);
    expect(outcome.stdout).toBe('');
    expect(outcome.stderr).not.toBe('');
  });

  test('runs as a process and hands its exit code to the shell', async () => {
    const main = join(import.meta.dirname, 'main.ts');
    const child = spawn(process.execPath, [main, 'webhooks', 'list', '--url', await deadUrl()], {
      env: { WAYBILL_API_KEY: 'k' },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const exited = once(child, 'exit');
    const stderr = await text(child.stderr);
    expect(await exited).toEqual([1, null]);
    expect(stderr).toMatch(/^Waybill cannot be reached at .*\n$/);
  });
});

describe('where the server is', () => {
  test('is said by --url, before or after the command, and wins over the environment', async () => {
    await using api = await standInApi(emptyPage);
    const env = { WAYBILL_BASE_URL: await deadUrl(), WAYBILL_API_KEY: 'k' };
    expect((await runCommand(['--url', api.url, 'webhooks', 'list'], { env })).exitCode).toBe(0);
    expect((await runCommand(['webhooks', 'list', '--url', api.url], { env })).exitCode).toBe(0);
    expect(api.calls).toHaveLength(2);
  });

  test('is said by WAYBILL_BASE_URL, with or without a slash or a path', async () => {
    await using api = await standInApi(emptyPage);
    for (const url of [`${api.url}/`, `${api.url}/waybill/`]) {
      await runCommand(['webhooks', 'list'], { env: { ...api.env, WAYBILL_BASE_URL: url } });
    }
    expect(api.calls.map((call) => call.path)).toEqual(['/api/v1/webhooks', '/waybill/api/v1/webhooks']);
  });

  test('is else where WAYBILL_LISTEN puts a server of this machine', async () => {
    await using api = await standInApi(emptyPage);
    const { port } = new URL(api.url);
    for (const listen of [`127.0.0.1:${port}`, `0.0.0.0:${port}`, `:${port}`]) {
      const env = { WAYBILL_LISTEN: listen, WAYBILL_API_KEY: 'k' };
      expect(await runCommand(['webhooks', 'list'], { env })).toMatchObject({ exitCode: 0 });
    }
    expect(api.calls).toHaveLength(3);
  });

  test('is else what the settings file says, be it named by --config or by WAYBILL_CONFIG', async () => {
    await using api = await standInApi(emptyPage);
    const file = join(folder, 'waybill.yaml');
    const env = { WAYBILL_API_KEY: 'k' };
    writeFileSync(file, `baseUrl: ${api.url}\nretentionDays: 7\n`);
    expect(await runCommand(['webhooks', 'list', '--config', file], { env })).toMatchObject({ exitCode: 0 });
    writeFileSync(file, `listen: "${new URL(api.url).host}"\n`);
    expect(await runCommand(['webhooks', 'list'], { env: { ...env, WAYBILL_CONFIG: file } })).toMatchObject({
      exitCode: 0,
    });
    expect(api.calls).toHaveLength(2);
  });

  test('is refused where the named settings file is not there or not YAML', async () => {
    const file = join(folder, 'waybill.yaml');
    const env = { WAYBILL_API_KEY: 'k' };
    const absent = await runCommand(['--config', file, 'webhooks', 'list'], { env });
    writeFileSync(file, 'listen: [');
    const garbled = await runCommand(['--config', file, 'webhooks', 'list'], { env });
    expect([absent.exitCode, garbled.exitCode]).toEqual([2, 2]);
    expect(absent.stderr).toContain(`The settings file ${file} cannot be read`);
    expect(garbled.stderr).toContain(`The settings file ${file} is not YAML`);
  });

  test('is refused where it is no URL', async () => {
    const outcome = await runCommand(['--url', 'localhost:8080', 'webhooks', 'list'], {
      env: { WAYBILL_API_KEY: 'k' },
    });
    expect(outcome.exitCode).toBe(2);
    expect(outcome.stderr).toBe(
      '"localhost:8080" is not the URL of a Waybill; one looks like http://127.0.0.1:8080.\n',
    );
  });

  test('is named in one sentence with what to do where nothing answers', async () => {
    const url = await deadUrl();
    const outcome = await runCommand(['webhooks', 'list', '--url', url], { env: { WAYBILL_API_KEY: 'k' } });
    expect(outcome).toEqual({
      exitCode: 1,
      stdout: '',
      stderr:
        `Waybill cannot be reached at ${url} (connect ECONNREFUSED ${new URL(url).host}). ` +
        'Start it with `waybill serve`, or say where it is with --url or WAYBILL_BASE_URL.\n',
    });
  });

  test('is doubted where something else answers', async () => {
    await using page = await standInApi({ status: 200, body: '<html>', contentType: 'text/html' });
    await using gateway = await standInApi({ status: 502, body: 'bad gateway', contentType: 'text/plain' });
    const first = await runCommand(['webhooks', 'list'], { env: page.env });
    const second = await runCommand(['webhooks', 'list'], { env: gateway.env });
    expect([first.exitCode, first.stderr]).toEqual([
      1,
      `Something answers at ${page.url}, but not like Waybill: its answer is not JSON. Check --url or WAYBILL_BASE_URL.\n`,
    ]);
    expect(second.stderr).toContain('it answered with status 502');
  });
});

describe('the API key', () => {
  test('is taken from the environment and sent as a bearer', async () => {
    await using api = await standInApi(emptyPage);
    await runCommand(['webhooks', 'list'], { env: { ...api.env, WAYBILL_API_KEY: 'abc' } });
    expect(api.calls[0]?.headers.authorization).toBe('Bearer abc');
  });

  test('is taken from the file that WAYBILL_API_KEY_FILE names, without the line end', async () => {
    await using api = await standInApi(emptyPage);
    const file = join(folder, 'key');
    writeFileSync(file, 'from-file\n');
    await runCommand(['webhooks', 'list'], { env: { WAYBILL_BASE_URL: api.url, WAYBILL_API_KEY_FILE: file } });
    expect(api.calls[0]?.headers.authorization).toBe('Bearer from-file');
  });

  test('is asked for where there is none', async () => {
    const outcome = await runCommand(['webhooks', 'list']);
    expect(outcome.exitCode).toBe(2);
    expect(outcome.stderr).toMatch(/^No API key is set\. Put one in WAYBILL_API_KEY/);
  });

  test('is refused where it is given twice, cannot be read, or cannot be a key, and is never repeated', async () => {
    const missing = join(folder, 'none');
    const twice = await runCommand(['webhooks', 'list'], {
      env: { WAYBILL_API_KEY: 'k', WAYBILL_API_KEY_FILE: missing },
    });
    const unread = await runCommand(['webhooks', 'list'], { env: { WAYBILL_API_KEY_FILE: missing } });
    const broken = await runCommand(['webhooks', 'list'], { env: { WAYBILL_API_KEY: 'secret\nkey' } });
    const emptyFile = join(folder, 'empty');
    writeFileSync(emptyFile, '\n');
    const empty = await runCommand(['webhooks', 'list'], { env: { WAYBILL_API_KEY_FILE: emptyFile } });
    expect([twice, unread, broken, empty].map(({ exitCode }) => exitCode)).toEqual([2, 2, 2, 2]);
    expect(empty.stderr).toContain(`WAYBILL_API_KEY_FILE names ${emptyFile}, which is empty`);
    expect(twice.stderr).toBe('Both WAYBILL_API_KEY and WAYBILL_API_KEY_FILE are set; unset one of them.\n');
    expect(unread.stderr).toContain(`WAYBILL_API_KEY_FILE names ${missing}, which cannot be read`);
    expect(broken.stderr).not.toContain('secret');
  });
});

describe('a refusal by the server', () => {
  const problem = {
    type: 'about:blank',
    title: 'The request is not valid',
    status: 400,
    detail: 'Two fields are wrong.',
    code: 'validation_failed',
    errors: [
      { pointer: '/name', detail: 'It is required.' },
      { pointer: '/retry/maxAttempts', detail: 'It must be at most 100.' },
    ],
  };

  test('is shown as title, detail and a line for each field, with exit code 1', async () => {
    await using api = await standInApi({ status: 400, body: problem });
    expect(await runCommand(['webhooks', 'list'], { env: api.env })).toEqual({
      exitCode: 1,
      stdout: '',
      stderr:
        'The request is not valid\nTwo fields are wrong.\n' +
        '  /name: It is required.\n  /retry/maxAttempts: It must be at most 100.\n',
    });
  });

  test('is the problem document itself with --json', async () => {
    await using api = await standInApi({ status: 400, body: problem });
    const outcome = await runCommand(['webhooks', 'list', '--json'], { env: api.env });
    expect([outcome.exitCode, outcome.stdout, JSON.parse(outcome.stderr)]).toEqual([1, '', problem]);
  });

  test('says once what title, detail and the one field at fault all say, and names the option of a query parameter', async () => {
    const says = async (detail: string, pointer: string) => {
      const errors = [{ pointer, detail: 'Must be one of two.' }];
      await using api = await standInApi({
        status: 400,
        body: { title: 'It is not valid', status: 400, detail, errors },
      });
      return (await runCommand(['webhooks', 'list'], { env: api.env })).stderr;
    };
    expect(await says('Must be one of two.', '/url')).toBe('It is not valid\n  /url: Must be one of two.\n');
    expect(await says('?eventType: Must be one of two.', '?eventType')).toBe(
      'It is not valid\n  --event-type: Must be one of two.\n',
    );
    expect(await says('This is another matter.', '/url')).toBe(
      'It is not valid\nThis is another matter.\n  /url: Must be one of two.\n',
    );
  });

  test('of the key says where key and server come from', async () => {
    const body = {
      title: 'A valid API key is needed',
      status: 401,
      detail: 'This API key is not known, or has expired.',
    };
    await using api = await standInApi({ status: 401, body });
    expect((await runCommand(['webhooks', 'list'], { env: api.env })).stderr).toBe(
      `${body.title}\n${body.detail}\nCheck WAYBILL_API_KEY, or its file, and that ${api.url} is the server meant.\n`,
    );
  });

  test('cannot steer the terminal', async () => {
    await using api = await standInApi({ status: 404, body: { title: 'No \u001b[2J', detail: 'x' } });
    expect((await runCommand(['webhooks', 'list'], { env: api.env })).stderr).toBe('No \\u001b[2J\nx\n');
  });
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { SetupError } from '../kernel/errors.ts';
import { readSettings, variableOf } from './settings.ts';

function makeFolder(files: Record<string, string> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'waybill-settings-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return folder;
}

interface Given {
  flags?: Record<string, string>;
  env?: Record<string, string>;
  files?: Record<string, string>;
  workingDir?: string;
  isTerminal?: boolean;
}

function read({ flags = {}, env = {}, files, workingDir = makeFolder(files), isTerminal = false }: Given = {}) {
  return readSettings({ flags, env, workingDir, isTerminal });
}

test('without any, the defaults hold', async () => {
  const workingDir = makeFolder();
  expect(await read({ workingDir })).toEqual({
    settings: {
      dataDir: join(workingDir, 'waybill-data'),
      listen: { host: '127.0.0.1', port: 8080 },
      keyFile: join(workingDir, 'waybill-data/keys/master.key'),
      egressAllow: '',
      noProxy: '',
      baseUrl: null,
      environment: 'production',
      maxInFlight: 512,
      retentionDays: 30,
      metricsPublic: false,
      logFormat: 'json',
    },
    secrets: { apiKey: null, httpProxy: null },
  });
});

describe('where a setting comes from', () => {
  const files = { 'waybill.yaml': 'dataDir: /of/file\nretentionDays: 7\n' };

  test('a flag wins over the environment, and that over the file', async () => {
    const env = { WAYBILL_DATA_DIR: '/of/environment' };
    expect((await read({ files })).settings).toMatchObject({ dataDir: '/of/file', retentionDays: 7 });
    expect((await read({ files, env })).settings).toMatchObject({ dataDir: '/of/environment', retentionDays: 7 });
    expect((await read({ files, env, flags: { dataDir: '/of/flag' } })).settings.dataDir).toBe('/of/flag');
  });

  test('an empty variable is the same as none', async () => {
    expect((await read({ files, env: { WAYBILL_DATA_DIR: '' } })).settings.dataDir).toBe('/of/file');
  });

  test('another settings file is named by variable or flag', async () => {
    const workingDir = makeFolder({ ...files, 'other.yaml': 'retentionDays: 8', 'third.yaml': 'retentionDays: 9' });
    const env = { WAYBILL_CONFIG: 'other.yaml' };
    expect((await read({ workingDir, env })).settings.retentionDays).toBe(8);
    expect((await read({ workingDir, env, flags: { config: 'third.yaml' } })).settings.retentionDays).toBe(9);
  });

  test('a variable may name a file that holds the value', async () => {
    const workingDir = makeFolder({ secret: 'k'.repeat(40).concat('\n') });
    expect((await read({ workingDir, env: { WAYBILL_API_KEY_FILE: 'secret' } })).secrets.apiKey).toBe('k'.repeat(40));
    const env = { WAYBILL_API_KEY_FILE: 'secret', WAYBILL_API_KEY: 'given' };
    await expect(read({ workingDir, env })).rejects.toThrow('Set WAYBILL_API_KEY or WAYBILL_API_KEY_FILE, not both.');
  });

  test.each([
    ['is missing', 'missing', 'cannot be read'],
    ['is a folder', '.', 'cannot be read'],
    ['is empty', 'empty', 'is empty'],
    ['holds white space alone', 'blank', 'is empty'],
  ])('a file of a secret that %s is refused by variable and path', async (_what, path, why) => {
    const workingDir = makeFolder({ empty: '', blank: ' \r\n' });
    for (const variable of ['WAYBILL_API_KEY_FILE', 'WAYBILL_DATABASE_URL_FILE']) {
      const refused = read({ workingDir, env: { [variable]: join(workingDir, path) } });
      await expect(refused).rejects.toThrow(SetupError);
      await expect(refused).rejects.toThrow(`${variable} names ${join(workingDir, path)}, which ${why}`);
    }
  });

  test('a refusal does not repeat a secret', async () => {
    const workingDir = makeFolder({ secret: 'postgres://u:hidden@db/waybill' });
    const given = [{ WAYBILL_DATABASE_URL: 'postgres://u:hidden@db/waybill' }, { WAYBILL_DATABASE_URL_FILE: 'secret' }];
    for (const env of given) {
      const refusal = await read({ workingDir, env }).catch(String);
      expect(refusal).toContain('WAYBILL_DATABASE_URL');
      expect(refusal).not.toContain('hidden');
    }
  });

  test('WAYBILL_KEY_FILE names the master key and not a file that names it', async () => {
    const { settings } = await read({ env: { WAYBILL_KEY_FILE: '/run/secrets/master.key' } });
    expect(settings.keyFile).toBe('/run/secrets/master.key');
  });

  test('the file may be empty, give numbers and truth values, and lists', async () => {
    const content = 'maxInFlight: 64\nmetricsPublic: true\negressAllow:\n  - 10.0.0.0/8\n  - localhost:9\nbaseUrl:\n';
    expect((await read({ files: { 'waybill.yaml': content } })).settings).toMatchObject({
      maxInFlight: 64,
      metricsPublic: true,
      egressAllow: '10.0.0.0/8,localhost:9',
      baseUrl: null,
    });
    expect((await read({ files: { 'waybill.yaml': '# nothing yet\n' } })).settings.maxInFlight).toBe(512);
  });

  test('a terminal is written to for people, unless told otherwise', async () => {
    expect((await read({ isTerminal: true })).settings.logFormat).toBe('pretty');
    expect((await read({ isTerminal: true, env: { WAYBILL_LOG_FORMAT: 'json' } })).settings.logFormat).toBe('json');
  });
});

describe('what a setting may be', () => {
  test.each([
    ['0.0.0.0:80', { host: '0.0.0.0', port: 80 }],
    ['localhost:0', { host: 'localhost', port: 0 }],
    ['[::1]:8080', { host: '::1', port: 8080 }],
    [':8080', { host: '0.0.0.0', port: 8080 }],
  ])('WAYBILL_LISTEN=%s', async (listen, wanted) => {
    expect((await read({ env: { WAYBILL_LISTEN: listen } })).settings.listen).toEqual(wanted);
  });

  test('WAYBILL_BASE_URL is kept without a slash at its end', async () => {
    const { settings } = await read({ env: { WAYBILL_BASE_URL: 'https://mft.example.com/waybill/' } });
    expect(settings.baseUrl).toBe('https://mft.example.com/waybill');
  });

  test('WAYBILL_ENVIRONMENT is kept as it is given', async () => {
    const environment = `Test ${'é'.repeat(95)}`;
    expect((await read({ env: { WAYBILL_ENVIRONMENT: environment } })).settings).toMatchObject({ environment });
    expect((await read({ files: { 'waybill.yaml': 'environment: staging' } })).settings.environment).toBe('staging');
  });

  test.each([
    ['WAYBILL_LISTEN', '8080'],
    ['WAYBILL_LISTEN', '127.0.0.1'],
    ['WAYBILL_LISTEN', '127.0.0.1:'],
    ['WAYBILL_LISTEN', '127.0.0.1:65536'],
    ['WAYBILL_LISTEN', '::1:8080'],
    ['WAYBILL_LISTEN', 'http://127.0.0.1:8080'],
    ['WAYBILL_BASE_URL', 'mft.example.com'],
    ['WAYBILL_BASE_URL', 'ftp://mft.example.com'],
    ['WAYBILL_BASE_URL', 'https://mft.example.com/?a=b'],
    ['WAYBILL_ENVIRONMENT', '  '],
    ['WAYBILL_ENVIRONMENT', 'x'.repeat(101)],
    ['WAYBILL_ENVIRONMENT', 'two\nlines'],
    ['WAYBILL_MAX_IN_FLIGHT', '0'],
    ['WAYBILL_MAX_IN_FLIGHT', '1.5'],
    ['WAYBILL_MAX_IN_FLIGHT', 'many'],
    ['WAYBILL_MAX_IN_FLIGHT', '-1'],
    ['WAYBILL_RETENTION_DAYS', '0'],
    ['WAYBILL_RETENTION_DAYS', '36501'],
    ['WAYBILL_METRICS_PUBLIC', 'yes'],
    ['WAYBILL_LOG_FORMAT', 'xml'],
    ['WAYBILL_ROLE', 'worker'],
    ['WAYBILL_DATABASE_URL', 'postgres://db/waybill'],
    ['WAYBILL_API_KEY_FILE', 'missing'],
    ['WAYBILL_DATABASE_URL_FILE', 'missing'],
  ])('%s=%s is refused by name', async (variable, value) => {
    const refused = read({ env: { [variable]: value } });
    await expect(refused).rejects.toThrow(SetupError);
    await expect(refused).rejects.toThrow(variable);
  });

  test.each([
    ['an unknown setting', 'retentiondays: 7', '"retentiondays"'],
    ['a setting of its own shape', 'listen:\n  port: 8080', 'listen must be a single value'],
    ['no settings', '- listen', 'must hold "name: value" lines'],
    ['no YAML', 'listen: [', 'is not valid YAML'],
    ['a value that is refused', 'maxInFlight: none', 'WAYBILL_MAX_IN_FLIGHT'],
  ])('a file with %s is refused in one line', async (_what, content, naming) => {
    const refused = read({ files: { 'waybill.yaml': content } });
    await expect(refused).rejects.toThrow(SetupError);
    await expect(refused).rejects.toThrow(naming);
    await expect(refused).rejects.toThrow(/^[^\n]+$/);
  });

  test('a settings file that is named must be there, the usual one need not', async () => {
    await expect(read({ flags: { config: 'missing.yaml' } })).rejects.toThrow('missing.yaml');
    await expect(read()).resolves.toBeDefined();
  });
});

test('settings are named in camel case, and their variables in capitals', () => {
  expect(variableOf('dataDir')).toBe('WAYBILL_DATA_DIR');
  expect(variableOf('listen')).toBe('WAYBILL_LISTEN');
});

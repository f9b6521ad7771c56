import { expect, test } from 'vitest';
import { runCommand, standInApi } from './cli-stage.ts';

const instance = { name: 'Acme', email: '', tenantId: 123456789012345, bucketName: 'waybill' };

test('settings show shows every member on a line, and as it came with --json', async () => {
  await using api = await standInApi({ status: 200, body: { url: null, timeoutMs: 15_000, headers: { 'X-A': 'b' } } });
  const { stdout, exitCode } = await runCommand(['settings', 'show', 'webhooks'], { env: api.env });
  expect(api.calls[0]).toMatchObject({ method: 'GET', path: '/api/v1/settings/webhooks' });
  expect([exitCode, stdout.split('\n')]).toEqual([
    0,
    ['url        null', 'timeoutMs  15000', 'headers    {"X-A":"b"}', ''],
  ]);
  const asJson = await runCommand(['settings', 'show', 'webhooks', '--json'], { env: api.env });
  expect(JSON.parse(asJson.stdout)).toEqual({ url: null, timeoutMs: 15_000, headers: { 'X-A': 'b' } });
});

test('settings replace sends what standard input holds, and shows what holds now', async () => {
  await using api = await standInApi({ status: 200, body: instance });
  const outcome = await runCommand(['settings', 'replace', 'instance', '-'], {
    env: api.env,
    stdin: '{"name":"Acme"}',
  });
  expect(api.calls[0]).toMatchObject({ method: 'PUT', path: '/api/v1/settings/instance', body: { name: 'Acme' } });
  expect(outcome).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('name        Acme') });
});

test('settings replace tells why the server refuses, and exits with 1', async () => {
  const detail = 'Webhooks stand on the default URL and would have none: "ops" (wh_1). Give them their own first.';
  const problem = { title: 'Something still refers to it', status: 409, code: 'in_use', detail };
  await using api = await standInApi({ status: 409, body: problem });
  const outcome = await runCommand(['settings', 'replace', 'webhooks', '-'], { env: api.env, stdin: '{}' });
  expect(outcome).toMatchObject({ exitCode: 1, stderr: expect.stringContaining(detail) });
});

test.each([
  ['settings that do not exist', ['settings', 'show', 'users'], ''],
  ['no file', ['settings', 'replace', 'webhooks'], ''],
  ['a file that is no JSON', ['settings', 'replace', 'webhooks', '-'], '{'],
  ['a file that holds a list', ['settings', 'replace', 'webhooks', '-'], '[]'],
])('%s is wrong usage, and nothing is sent', async (_what, argv, stdin) => {
  await using api = await standInApi({ status: 200, body: {} });
  const outcome = await runCommand(argv, { env: api.env, stdin });
  expect([outcome.exitCode, api.calls]).toEqual([2, []]);
});

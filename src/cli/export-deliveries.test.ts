import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { runCommand, standInApi } from './cli-stage.ts';

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'waybill-cli-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

describe('waybill deliveries export', () => {
  const answer = { status: 200, body: 'id,eventId\r\ndlv_1,evt_1\r\n', contentType: 'text/csv' };

  test('asks with every filter and writes what comes to standard output as it is', async () => {
    await using api = await standInApi(answer);
    const argv =
      '--format csv --webhook-id wh_1 --event-id evt_1 --event-type a.b --state exhausted --error-code timeout ' +
      '--status 503 --from 2025-01-01T00:00:00Z --to 2025-02-01T00:00:00Z --q backup';
    const outcome = await runCommand(['deliveries', 'export', ...argv.split(' ')], { env: api.env });
    expect(outcome).toEqual({ exitCode: 0, stdout: answer.body, stderr: '' });
    const url = new URL(api.calls[0]?.path ?? '', api.url);
    expect(url.pathname).toBe('/api/v1/deliveries/export');
    expect(Object.fromEntries(url.searchParams)).toEqual({
      format: 'csv',
      webhookId: 'wh_1',
      eventId: 'evt_1',
      eventType: 'a.b',
      state: 'exhausted',
      errorCode: 'timeout',
      status: '503',
      from: '2025-01-01T00:00:00Z',
      to: '2025-02-01T00:00:00Z',
      q: 'backup',
    });
  });

  test('writes a file', async () => {
    await using api = await standInApi(answer);
    const output = join(makeFolder(), 'log.csv');
    const outcome = await runCommand(['deliveries', 'export', '--output', output], { env: api.env });
    expect(outcome).toEqual({ exitCode: 0, stdout: `Written to ${output}.\n`, stderr: '' });
    expect(readFileSync(output, 'utf8')).toBe(answer.body);
    expect(api.calls[0]?.path).toBe('/api/v1/deliveries/export?format=ndjson');
  });

  test('passes on a refusal, and leaves no file of an export that breaks off', async () => {
    const folder = makeFolder();
    const output = join(folder, 'log.csv');
    const problem = {
      title: 'The request is not valid',
      detail: '?state: No.',
      status: 400,
      code: 'validation_failed',
    };
    await using api = await standInApi({ status: 400, body: problem });
    const refused = await runCommand(['deliveries', 'export', '--output', output], { env: api.env });
    expect(refused).toMatchObject({ exitCode: 1, stderr: 'The request is not valid\n?state: No.\n' });

    const server = createServer((_request, response) => {
      response.write('id,eventId\r\n', () => response.destroy());
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const env = { ...api.env, WAYBILL_BASE_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
    const broken = await runCommand(['deliveries', 'export', '--output', output], { env });
    expect(broken).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/^The export did not come to its end: /),
    });
    expect(existsSync(output)).toBe(false);
    expect(readdirSync(folder)).toEqual([]);
  });
});

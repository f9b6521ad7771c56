import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runCommand, standInApi } from './cli-stage.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'waybill-webhooks-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const ID = 'wh_01kaksw1ajfhztdf5v7dd9zz00';

const webhook = {
  id: ID,
  name: 'ops',
  url: 'https://hooks.example.com/mft',
  state: 'active',
  pauseReason: null,
  eventTypes: ['transfer.*', 'message.received'],
  auth: { type: 'none' },
  timeoutMs: 15_000,
  inherited: ['timeoutMs'],
};

describe('waybill webhooks list', () => {
  test('shows a line for each webhook and how to see more', async () => {
    await using api = await standInApi({ status: 200, body: { items: [webhook], next: 'c2' } });
    const outcome = await runCommand(['webhooks', 'list', '--limit', '1', '--cursor', 'c1'], { env: api.env });
    expect(api.calls[0]?.path).toBe('/api/v1/webhooks?limit=1&cursor=c1');
    expect(outcome.stdout.split('\n')).toEqual([
      'ID                             STATE   NAME  EVENT TYPES                  URL',
      `${ID}  active  ops   transfer.*,message.received  https://hooks.example.com…`,
      '',
      'There are more: add --cursor c2',
      '',
    ]);
  });

  test('prints the page as it came with --json', async () => {
    const page = { items: [webhook], next: null };
    await using api = await standInApi({ status: 200, body: page });
    const outcome = await runCommand(['--json', 'webhooks', 'list'], { env: api.env });
    expect(JSON.parse(outcome.stdout)).toEqual(page);
    expect(api.calls[0]?.path).toBe('/api/v1/webhooks');
  });

  test('says so where there is none', async () => {
    await using api = await standInApi({ status: 200, body: { items: [], next: null } });
    expect((await runCommand(['webhooks', 'list'], { env: api.env })).stdout).toBe('No webhooks.\n');
  });
});

describe('waybill webhooks show', () => {
  test('shows every member and marks what comes from the defaults', async () => {
    await using api = await standInApi({ status: 200, body: webhook });
    const { stdout } = await runCommand(['webhooks', 'show', ID], { env: api.env });
    expect(api.calls[0]).toMatchObject({ method: 'GET', path: `/api/v1/webhooks/${ID}` });
    expect(stdout.split('\n')).toEqual([
      `id           ${ID}`,
      'name         ops',
      'url          https://hooks.example.com/mft',
      'state        active',
      'pauseReason  null',
      'eventTypes   ["transfer.*","message.received"]',
      'auth         {"type":"none"}',
      'timeoutMs    15000  (from the defaults)',
      '',
    ]);
  });

  test('asks for exactly the id it was given, whatever it holds', async () => {
    await using api = await standInApi({ status: 200, body: webhook });
    await runCommand(['webhooks', 'show', '../settings/instance?x'], { env: api.env });
    expect(api.calls[0]?.path).toBe('/api/v1/webhooks/..%2Fsettings%2Finstance%3Fx');
  });
});

describe('waybill webhooks create', () => {
  const created = { ...webhook, signingSecret: 'whsec_c2VjcmV0' };

  test('sends the options and shows the signing secret, saying that it is shown only now', async () => {
    await using api = await standInApi({ status: 201, body: created });
    const argv = ['--name', 'ops', '--url', 'https://hooks.example.com/mft', '--timeout-ms', '15000'];
    const outcome = await runCommand(['webhooks', 'create', ...argv, '--event-types', 'transfer.*, message.received'], {
      env: api.env,
    });
    expect(api.calls[0]).toMatchObject({
      method: 'POST',
      path: '/api/v1/webhooks',
      body: {
        name: 'ops',
        url: 'https://hooks.example.com/mft',
        timeoutMs: 15_000,
        eventTypes: ['transfer.*', 'message.received'],
      },
    });
    expect(outcome.exitCode).toBe(0);
    expect(outcome.stdout).toMatch(/^signingSecret {2}whsec_c2VjcmV0$/m);
    expect(outcome.stdout).toContain('The signing secret is shown only now.');
  });

  test("keeps the server's URL apart from the receiver's", async () => {
    await using api = await standInApi({ status: 201, body: created });
    const env = { WAYBILL_API_KEY: 'k', WAYBILL_BASE_URL: 'http://127.0.0.1:1' };
    await runCommand(['--url', api.url, 'webhooks', 'create', '--name', 'a', '--url', 'https://b.example'], { env });
    expect(api.calls[0]?.body).toEqual({ name: 'a', url: 'https://b.example' });
  });

  test('sends a whole object from a file, over which options win', async () => {
    await using api = await standInApi({ status: 201, body: created });
    const file = join(folder, 'webhook.json');
    writeFileSync(file, JSON.stringify({ name: 'old', auth: { type: 'bearer', token: 't' } }));
    await runCommand(['webhooks', 'create', '--from-file', file, '--name', 'new'], { env: api.env });
    expect(api.calls[0]?.body).toEqual({ name: 'new', auth: { type: 'bearer', token: 't' } });
  });

  test('reads certificates and key for TLS from files', async () => {
    await using api = await standInApi({ status: 201, body: created });
    for (const name of ['ca', 'cert', 'key']) writeFileSync(join(folder, name), `PEM of ${name}\n`);
    const file = join(folder, 'webhook.json');
    writeFileSync(file, JSON.stringify({ name: 'a', tls: { insecureSkipVerify: true, pinnedSha256: 'ab' } }));
    const files = ['--tls-client-cert-file', join(folder, 'cert'), '--tls-client-key-file', join(folder, 'key')];
    const others = ['--tls-ca-file', join(folder, 'ca'), '--tls-pin', 'cd', '--tls-insecure-skip-verify', 'false'];
    await runCommand(['webhooks', 'create', '--from-file', file, ...files, ...others], { env: api.env });
    expect(api.calls[0]?.body).toEqual({
      name: 'a',
      tls: {
        caPem: 'PEM of ca\n',
        pinnedSha256: 'cd',
        clientCertPem: 'PEM of cert\n',
        clientKeyPem: 'PEM of key',
        insecureSkipVerify: false,
      },
    });
  });

  test('reads the object from standard input as -', async () => {
    await using api = await standInApi({ status: 201, body: created });
    await runCommand(['webhooks', 'create', '--from-file', '-'], { env: api.env, stdin: '{"name":"piped"}' });
    expect(api.calls[0]?.body).toEqual({ name: 'piped' });
  });

  test('takes a signing secret from a file', async () => {
    await using api = await standInApi({ status: 201, body: created });
    const file = join(folder, 'secret');
    writeFileSync(file, 'whsec_c2VjcmV0\n');
    await runCommand(['webhooks', 'create', '--name', 'a', '--secret-file', file], { env: api.env });
    expect(api.calls[0]?.body).toEqual({ name: 'a', signingSecret: 'whsec_c2VjcmV0' });
  });

  test('prints the answer alone with --json', async () => {
    await using api = await standInApi({ status: 201, body: created });
    const { stdout } = await runCommand(['webhooks', 'create', '--name', 'a', '--json'], { env: api.env });
    expect(JSON.parse(stdout)).toEqual(created);
  });

  test('asks nothing of the server without a name, or with a file that is no object', async () => {
    await using api = await standInApi({ status: 201, body: created });
    const nameless = await runCommand(['webhooks', 'create', '--url', 'https://b.example'], { env: api.env });
    const list = await runCommand(['webhooks', 'create', '--from-file', '-'], { env: api.env, stdin: '[]' });
    const garbled = await runCommand(['webhooks', 'create', '--from-file', '-'], { env: api.env, stdin: '{name' });
    expect([nameless, list, garbled].map((outcome) => outcome.exitCode)).toEqual([2, 2, 2]);
    expect(garbled.stderr).toMatch(/^Standard input is not JSON: /);
    expect(api.calls).toEqual([]);
  });
});

describe('waybill webhooks update', () => {
  test('sends what is named and nothing else', async () => {
    await using api = await standInApi({ status: 200, body: webhook });
    await runCommand(['webhooks', 'update', ID, '--event-types', ''], { env: api.env });
    expect(api.calls[0]).toMatchObject({ method: 'PATCH', path: `/api/v1/webhooks/${ID}` });
    expect(api.calls[0]?.body).toEqual({ eventTypes: [] });
  });

  test('refuses to change nothing', async () => {
    await using api = await standInApi({ status: 200, body: webhook });
    expect((await runCommand(['webhooks', 'update', ID], { env: api.env })).exitCode).toBe(2);
    expect(api.calls).toEqual([]);
  });
});

test('waybill webhooks update enables and disables', async () => {
  await using api = await standInApi({ status: 200, body: webhook });
  for (const enabled of ['false', 'true']) {
    await runCommand(['webhooks', 'update', ID, '--enabled', enabled], { env: api.env });
  }
  const unclear = await runCommand(['webhooks', 'update', ID, '--enabled', 'no'], { env: api.env });
  expect(api.calls.map(({ body }) => body)).toEqual([{ enabled: false }, { enabled: true }]);
  expect(unclear.exitCode).toBe(2);
});

test('waybill webhooks ledger lists the numbers given to it, and how to see more', async () => {
  const item = { sequence: 8, eventId: 'evt_1', deliveryId: 'dlv_1', state: 'delivered' };
  const body = { items: [item], next: 'c2' };
  await using api = await standInApi({ status: 200, body });
  const { exitCode, stdout } = await runCommand(['webhooks', 'ledger', ID, '--after', '7', '--limit', '1'], {
    env: api.env,
  });
  expect(api.calls[0]?.path).toBe(`/api/v1/webhooks/${ID}/ledger?after=7&limit=1`);
  expect([exitCode, stdout]).toEqual([
    0,
    'SEQUENCE  EVENT  DELIVERY  STATE\n8         evt_1  dlv_1     delivered\n\nThere are more: add --cursor c2\n',
  ]);
  const asJson = await runCommand(['webhooks', 'ledger', ID, '--json'], { env: api.env });
  expect(JSON.parse(asJson.stdout)).toEqual(body);
});

test('waybill webhooks pause and resume say how the webhook stands', async () => {
  await using api = await standInApi({ status: 200, body: { ...webhook, state: 'paused', pauseReason: 'manual' } });
  const paused = await runCommand(['webhooks', 'pause', ID], { env: api.env });
  const resumed = await runCommand(['webhooks', 'resume', ID], { env: api.env });
  expect(api.calls.map(({ method, path }) => `${method} ${path}`)).toEqual([
    `POST /api/v1/webhooks/${ID}/pause`,
    `POST /api/v1/webhooks/${ID}/resume`,
  ]);
  expect(paused.stdout).toBe(`${ID} is paused. Its deliveries are held until it is resumed.\n`);
  expect(resumed.stdout).toBe(`${ID} is paused.\n`);
});

test('waybill webhooks delete takes the empty answer of the server', async () => {
  await using api = await standInApi({ status: 204, body: null });
  const outcome = await runCommand(['webhooks', 'delete', ID], { env: api.env });
  expect(api.calls[0]).toMatchObject({ method: 'DELETE', path: `/api/v1/webhooks/${ID}` });
  expect(outcome).toEqual({
    exitCode: 0,
    stdout: `${ID} is deleted, and its open deliveries are cancelled.\n`,
    stderr: '',
  });
});

describe('waybill webhooks rotate-secret', () => {
  const rotated = { signingSecret: 'whsec_bmV3', previousExpiresAt: '2025-02-01T00:00:00.000Z' };

  test('prints the new secret and until when the old one signs too', async () => {
    await using api = await standInApi({ status: 200, body: rotated });
    const { stdout, exitCode } = await runCommand(['webhooks', 'rotate-secret', ID], { env: api.env });
    expect(api.calls[0]).toMatchObject({ method: 'POST', path: `/api/v1/webhooks/${ID}/rotate-secret`, body: {} });
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^whsec_bmV3\n/);
    expect(stdout).toContain('signs too until 2025-02-01T00:00:00.000Z');
  });

  test('sends the overlap, and a secret from a file', async () => {
    await using api = await standInApi({ status: 200, body: { ...rotated, previousExpiresAt: null } });
    const file = join(folder, 'secret');
    writeFileSync(file, 'whsec_bmV3\n');
    const argv = ['webhooks', 'rotate-secret', ID, '--overlap-ms', '0', '--secret-file', file];
    const { stdout } = await runCommand(argv, { env: api.env });
    expect(api.calls[0]?.body).toEqual({ overlapMs: 0, signingSecret: 'whsec_bmV3' });
    expect(stdout).toContain('signs no more');
  });

  test('prints the answer as it came with --json', async () => {
    await using api = await standInApi({ status: 200, body: rotated });
    const { stdout } = await runCommand(['webhooks', 'rotate-secret', ID, '--json'], { env: api.env });
    expect(JSON.parse(stdout)).toEqual(rotated);
  });

  test.each([['-1'], ['2592000001'], ['1.5'], ['soon']])('refuses an overlap of %s', async (overlap) => {
    const { exitCode } = await runCommand(['webhooks', 'rotate-secret', ID, '--overlap-ms', overlap]);
    expect(exitCode).toBe(2);
  });
});

describe('waybill webhooks test', () => {
  const result = {
    ok: true,
    request: {
      method: 'POST',
      url: 'https://hooks.example.com/mft',
      headers: { 'webhook-id': 'evt_1' },
      body: '{"a":1}',
    },
    response: { status: 200, headers: { server: 'x' }, body: 'thanks\u001b[2J', truncated: false },
    remoteAddress: '192.0.2.7',
    certificate: null,
    timings: { dnsMs: 1, connectMs: 2, tlsMs: null, sentMs: 0.5, firstByteMs: 3, totalMs: 7 },
    error: null,
    curl: 'curl …',
  };

  test('shows verdict, request, answer and timings', async () => {
    await using api = await standInApi({ status: 200, body: result });
    const outcome = await runCommand(['webhooks', 'test', ID, '--event-type', 'transfer.failed'], { env: api.env });
    expect(api.calls[0]).toMatchObject({
      method: 'POST',
      path: `/api/v1/webhooks/${ID}/test?eventType=transfer.failed`,
      body: null,
    });
    expect(outcome.exitCode).toBe(0);
    expect(outcome.stdout).toBe(`ok: the receiver took the request.

> POST https://hooks.example.com/mft
> webhook-id: evt_1
>
> {
>   "a": 1
> }

< 200
< server: x
<
< thanks\\u001b[2J

address  192.0.2.7
timings  DNS 1 ms, connect 2 ms, sent 0.5 ms, first byte 3 ms, total 7 ms

The same request by hand:
curl …
`);
  });

  test('shows error and remedy, and ends with 1, where the receiver did not take it', async () => {
    const error = { code: 'egress_refused', message: '10.0.0.1 is a private address.', remedy: 'Add it.' };
    const refused = { ...result, ok: false, response: null, remoteAddress: null, timings: null, error };
    await using api = await standInApi({ status: 200, body: refused });
    const outcome = await runCommand(['webhooks', 'test', ID], { env: api.env });
    expect(api.calls[0]?.path).toBe(`/api/v1/webhooks/${ID}/test`);
    expect(outcome.exitCode).toBe(1);
    expect(outcome.stdout).toContain(
      'failed: the receiver did not take the request.\n' +
        'error   egress_refused: 10.0.0.1 is a private address.\nremedy  Add it.\n',
    );
    expect(outcome.stdout).toContain('\nNo answer came back.\n\naddress  never connected\n');
  });

  test('sends a webhook that is not saved from a file, or from standard input', async () => {
    await using api = await standInApi({ status: 200, body: result });
    const body = { name: 'new', url: 'https://hooks.example.com/mft' };
    const file = join(folder, 'body.json');
    writeFileSync(file, JSON.stringify(body));
    const fromFile = await runCommand(['webhooks', 'test', '--file', file], { env: api.env });
    await runCommand(['webhooks', 'test', '--file', '-', '--event-type', 'a.b'], {
      env: api.env,
      stdin: JSON.stringify(body),
    });
    expect(fromFile.exitCode).toBe(0);
    expect(api.calls).toMatchObject([
      { method: 'POST', path: '/api/v1/webhooks/test', body },
      { method: 'POST', path: '/api/v1/webhooks/test?eventType=a.b', body },
    ]);
  });

  test('says whose the address is where a proxy is in between', async () => {
    await using api = await standInApi({ status: 200, body: { ...result, proxy: 'proxy.internal:3128' } });
    const { stdout } = await runCommand(['webhooks', 'test', ID], { env: api.env });
    expect(stdout).toContain('address  192.0.2.7 (the proxy proxy.internal:3128)\n');
  });

  test('sends a file as a change of the webhook that is named beside it', async () => {
    await using api = await standInApi({ status: 200, body: result });
    const body = { name: 'changed', auth: { type: 'bearer', token: { set: true } } };
    const argv = ['webhooks', 'test', ID, '--file', '-'];
    await runCommand(argv, { env: api.env, stdin: JSON.stringify(body) });
    expect(api.calls).toMatchObject([{ method: 'POST', path: `/api/v1/webhooks/test?webhookId=${ID}`, body }]);
  });

  test('needs a webhook, or a file', async () => {
    await using api = await standInApi({ status: 200, body: result });
    const { exitCode, stderr } = await runCommand(['webhooks', 'test'], { env: api.env });
    expect([exitCode, api.calls]).toEqual([2, []]);
    expect(stderr).toContain('Name a webhook, or give --file');
  });

  test('ends with 1 with --json too', async () => {
    await using api = await standInApi({ status: 200, body: { ...result, ok: false } });
    const outcome = await runCommand(['webhooks', 'test', ID, '--json'], { env: api.env });
    expect([outcome.exitCode, JSON.parse(outcome.stdout).ok]).toEqual([1, false]);
  });
});

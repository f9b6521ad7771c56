import { once } from 'node:events';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { runWaybill } from '../harness/command.ts';
import { answering, startReceiver } from '../harness/receiver.ts';
import { ADMIN_KEY, makeDataDir, shareServer, startServer, type TestServer } from '../harness/server.ts';
import { createWebhook, deliveryInState, ownType, publish } from './stage.ts';

async function get(server: TestServer, path: string, headers: Record<string, string> = {}) {
  const response = await fetch(`${server.url}${path}`, { headers });
  return {
    status: response.status,
    type: response.headers.get('content-type'),
    headers: response.headers,
    body: await response.text(),
  };
}

describe('a server that runs', () => {
  const server = shareServer();

  test('says where it listens in one line, with its pid, which is in its folder too', () => {
    const lines = server().log.filter((line) => String(line.msg).startsWith('listening on '));
    expect(lines).toMatchObject([{ level: 'info', msg: `listening on ${server().url}`, pid: server().pid }]);
    expect(server().url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(readFileSync(join(server().dataDir, 'waybill.pid'), 'utf8')).toBe(`${server().pid}\n`);
  });

  test('keeps its files to itself', () => {
    const mode = (path: string) => statSync(join(server().dataDir, path)).mode & 0o777;
    expect(mode('keys/master.key')).toBe(0o600);
    expect(mode('keys')).toBe(0o700);
  });

  test('is alive and ready, and says so without a key', async () => {
    expect(await get(server(), '/healthz')).toMatchObject({ status: 200, body: '{"status":"ok"}' });
    const ready = await get(server(), '/readyz');
    expect([ready.status, JSON.parse(ready.body)]).toEqual([200, { status: 'ok', reasons: [] }]);
  });

  test('has metrics for who has a key', async () => {
    expect((await get(server(), '/metrics')).status).toBe(401);
    const { key } = (await server().call('POST', '/api-keys', { name: 'prometheus', role: 'viewer' })).body;
    const receiver = await startReceiver();
    const type = ownType();
    const webhook = await createWebhook(server(), { url: receiver.url, eventTypes: [type] });
    await deliveryInState(server(), await publish(server(), type), webhook.id, 'delivered');
    const metrics = await get(server(), '/metrics', { authorization: `Bearer ${key}` });
    expect(metrics).toMatchObject({ status: 200, type: expect.stringMatching(/^text\/plain; version=0\.0\.4/) });
    expect(metrics.body).toMatch(/^waybill_attempts_total\{outcome="delivered",error=""\} 1$/m);
    expect(metrics.body).toMatch(/^waybill_deliveries_ended_total\{state="delivered"\} 1$/m);
    expect(metrics.body).toMatch(/^waybill_delivery_latency_seconds_count 1$/m);
    expect(metrics.body).toMatch(/^waybill_deliveries_waiting 0$/m);
    expect(metrics.body).toMatch(/^process_resident_memory_bytes \d+$/m);
  });

  test('logs one JSON object for each attempt', async () => {
    const receiver = await startReceiver(answering(500));
    const type = ownType();
    const webhook = await createWebhook(server(), { url: receiver.url, eventTypes: [type] });
    const eventId = await publish(server(), type);
    expect(await server().logged((line) => line.eventId === eventId)).toMatchObject({
      level: 'info',
      time: expect.stringMatching(/^\d{4}-.*Z$/),
      msg: 'delivery.attempted',
      webhookId: webhook.id,
      eventType: type,
      attempt: 1,
      outcome: 'failed',
      state: 'retrying',
      status: 500,
      errorCode: 'http_status',
    });
  });

  test('makes keys beside itself by the command line, which work at once', async () => {
    const cwd = makeDataDir();
    for (const [role, status] of [
      ['viewer', 403],
      ['operator', 202],
      ['admin', 202],
    ] as const) {
      const env = { WAYBILL_DATA_DIR: server().dataDir };
      const made = await runWaybill(['api-key', 'create', '--name', 'ci', '--role', role], { cwd, env });
      expect(made).toEqual({ exitCode: 0, stdout: expect.stringMatching(/^wbk_[\w-]{43}\n$/), stderr: '' });
      const key = made.stdout.trim();
      expect((await server().call('GET', '/webhooks', undefined, { key })).status).toBe(200);
      const published = await server().call('POST', '/events', { type: ownType(), data: {} }, { key });
      expect(published.status).toBe(status);
    }
    const { items } = (await server().call('GET', '/api-keys')).body;
    const roles = items.filter(({ name }: { name: string }) => name === 'ci').map(({ role }: { role: string }) => role);
    expect(roles).toEqual(['admin', 'operator', 'viewer']);
  });

  describe('its OpenAPI document', () => {
    type Operation = {
      summary: string;
      tags: string[];
      security?: object[];
      parameters?: object[];
      requestBody?: Body;
      responses: object;
    };
    type Body = { content: Record<string, { schema: object }> };

    async function document() {
      const { status, type, body } = await get(server(), '/api/openapi.json');
      expect([status, type]).toEqual([200, expect.stringMatching(/^application\/json/)]);
      return JSON.parse(body);
    }

    test('is of version 3.1 and names every route with its methods', async () => {
      const { openapi, info, paths } = await document();
      expect(openapi).toMatch(/^3\.1\./);
      expect(info).toMatchObject({ title: 'Waybill', version: packageJson.version });
      const routes = Object.entries(paths as Record<string, object>).map(([path, item]) => [
        path,
        Object.keys(item).sort(),
      ]);
      expect(Object.fromEntries(routes)).toEqual({
        '/healthz': ['get'],
        '/readyz': ['get'],
        '/metrics': ['get'],
        '/.well-known/jwks.json': ['get'],
        '/api/v1/about': ['get'],
        '/api/v1/setup': ['get', 'post'],
        '/api/v1/session': ['delete', 'get', 'post'],
        '/api/v1/session/password': ['post'],
        '/api/v1/sessions': ['get'],
        '/api/v1/sessions/{id}': ['delete'],
        '/api/v1/users': ['get', 'post'],
        '/api/v1/users/{id}': ['delete', 'get', 'patch'],
        '/api/v1/api-keys': ['get', 'post'],
        '/api/v1/api-keys/{id}': ['delete'],
        '/api/v1/event-types': ['get'],
        '/api/v1/events': ['get', 'post'],
        '/api/v1/events/{id}': ['get'],
        '/api/v1/settings/instance': ['get', 'put'],
        '/api/v1/settings/webhooks': ['get', 'put'],
        '/api/v1/keys/rotate': ['post'],
        '/api/v1/templates/preview': ['post'],
        '/api/v1/templates/default-body': ['get'],
        '/api/v1/templates/presets': ['get'],
        '/api/v1/templates/variables': ['get'],
        '/api/v1/replays': ['get', 'post'],
        '/api/v1/replays/{id}': ['get'],
        '/api/v1/replays/{id}/cancel': ['post'],
        '/api/v1/webhooks': ['get', 'post'],
        '/api/v1/webhooks/test': ['post'],
        '/api/v1/webhooks/{id}': ['delete', 'get', 'patch'],
        '/api/v1/webhooks/{id}/pause': ['post'],
        '/api/v1/webhooks/{id}/resume': ['post'],
        '/api/v1/webhooks/{id}/rotate-secret': ['post'],
        '/api/v1/webhooks/{id}/test': ['post'],
        '/api/v1/webhooks/{id}/ledger': ['get'],
        '/api/v1/deliveries': ['get'],
        '/api/v1/deliveries/{id}': ['get'],
        '/api/v1/deliveries/{id}/retry': ['post'],
        '/api/v1/deliveries/{id}/cancel': ['post'],
        '/api/v1/deliveries/export': ['get'],
        '/api/v1/statistics': ['get'],
        '/api/v1/statistics/backlog': ['get'],
        '/api/v1/webhooks/health': ['get'],
        '/api/v1/webhooks/certificates': ['get'],
        '/api/v1/receiver-examples': ['get'],
        '/api/v1/inboxes': ['get'],
        '/api/v1/inboxes/{name}': ['delete', 'get', 'put'],
        '/api/v1/inboxes/{name}/requests': ['delete', 'get'],
        '/api/v1/inboxes/{name}/requests/{id}': ['get'],
        '/api/v1/stream': ['get'],
        '/api/v1/logs': ['get'],
      });
    });

    test('describes each operation, its path parameters and an answer that succeeds', async () => {
      const { paths } = (await document()) as { paths: Record<string, Record<string, Operation>> };
      for (const [path, item] of Object.entries(paths)) {
        const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({ name, in: 'path', required: true }));
        for (const [method, operation] of Object.entries(item)) {
          const what = `${method} ${path}`;
          expect(operation.summary, what).toMatch(/./);
          expect(operation.tags, what).toHaveLength(1);
          expect(operation.parameters ?? [], what).toEqual(
            expect.arrayContaining(inPath.map((parameter) => expect.objectContaining(parameter))),
          );
          const successes = Object.keys(operation.responses).filter((status) => status.startsWith('2'));
          expect(successes, what).toEqual([expect.stringMatching(method === 'delete' ? /^204$/ : /^20[0124]$/)]);
        }
      }
    });

    test('holds schemas of JSON Schema 2020-12 only, which examples of requests fulfil', async () => {
      const { paths } = (await document()) as { paths: Record<string, Record<string, Operation>> };
      const ajv = new Ajv2020({ strict: false, validateFormats: false, discriminator: false });
      for (const schema of schemasIn(paths)) expect(() => ajv.compile(schema)).not.toThrow();
      const accepts = (path: string, body: unknown) =>
        ajv.validate(paths[path]?.post?.requestBody?.content['application/json']?.schema ?? false, body);
      expect(accepts('/api/v1/events', { type: 'order.shipped', data: {} })).toBe(true);
      expect(accepts('/api/v1/events', [{ type: 'order.shipped', data: {} }])).toBe(true);
      expect(accepts('/api/v1/events', { type: 'order.shipped' })).toBe(false);
      expect(accepts('/api/v1/webhooks', { name: 'x', auth: { type: 'bearer', token: 't' } })).toBe(true);
      expect(accepts('/api/v1/webhooks', { name: 'x', auth: { type: 'bearer' } })).toBe(false);
      expect(accepts('/api/v1/webhooks', { name: 'x', auth: null, timeoutMs: null })).toBe(true);
      expect(accepts('/api/v1/webhooks/{id}/pause', {})).toBe(true);
    });

    test('tells what needs a key, and what does not', async () => {
      const { paths, components } = await document();
      expect(components.securitySchemes.apiKey).toMatchObject({ type: 'http', scheme: 'bearer' });
      expect(paths['/healthz'].get.security).toEqual([]);
      expect(paths['/readyz'].get.security).toEqual([]);
      expect(paths['/.well-known/jwks.json'].get.security).toEqual([]);
      expect(components.securitySchemes.session).toMatchObject({
        type: 'apiKey',
        in: 'cookie',
        name: 'waybill_session',
      });
      expect(paths['/metrics'].get.security).toEqual([{ apiKey: ['viewer'] }, { session: ['viewer'] }]);
      expect(paths['/api/v1/events'].post.security).toEqual([{ apiKey: ['operator'] }, { session: ['operator'] }]);
      expect(paths['/api/v1/session'].post.security).toEqual([]);
    });

    /** Every value under a member named `schema`. */
    function schemasIn(value: unknown): object[] {
      if (typeof value !== 'object' || value === null) return [];
      return Object.entries(value).flatMap(([name, member]) => (name === 'schema' ? [member] : schemasIn(member)));
    }
  });

  test('shows its documentation as a page that loads nothing from elsewhere', async () => {
    const page = await get(server(), '/api/docs');
    expect(page).toMatchObject({ status: 200, type: expect.stringMatching(/^text\/html/) });
    expect(page.headers.get('content-security-policy')).toMatch(/default-src 'self'/);
    const loaded = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => String(path));
    expect(loaded.length).toBeGreaterThan(2);
    for (const path of loaded) {
      const url = new URL(path, `${server().url}/api/docs/`);
      expect(url.origin).toBe(server().url);
      expect((await fetch(url)).status).toBe(200);
    }
  });
});

test('metrics need no key where the settings say so', async () => {
  const server = await startServer({ env: { WAYBILL_METRICS_PUBLIC: 'true' } });
  expect((await get(server, '/metrics')).status).toBe(200);
});

describe('a key from the settings', () => {
  test('may lie in a file', async () => {
    const dataDir = makeDataDir();
    writeFileSync(join(dataDir, 'key'), `${'f'.repeat(40)}\n`);
    const server = await startServer({ dataDir, env: { WAYBILL_API_KEY: '', WAYBILL_API_KEY_FILE: 'key' } });
    expect((await server.call('GET', '/api-keys', undefined, { key: 'f'.repeat(40) })).status).toBe(200);
    expect((await server.call('GET', '/api-keys')).status).toBe(401);
  });
});

test('a key made before the first start works after it', async () => {
  const dataDir = makeDataDir();
  const made = await runWaybill(['api-key', 'create', '--name', 'first', '--role', 'admin'], {
    cwd: dataDir,
    env: { WAYBILL_DATA_DIR: dataDir },
  });
  expect(made.exitCode).toBe(0);
  const server = await startServer({ dataDir, env: { WAYBILL_API_KEY: '' } });
  expect((await server.call('GET', '/api-keys', undefined, { key: made.stdout.trim() })).status).toBe(200);
});

describe('stopping', () => {
  test('lets a request to a receiver finish, takes no new work, and ends with 0', async () => {
    const dataDir = makeDataDir();
    const receiver = await startReceiver();
    const server = await startServer({ dataDir });
    const type = ownType();
    const webhook = await createWebhook(server, { url: receiver.url, eventTypes: [type] });
    let answer = (): void => undefined;
    receiver.respond = (_arrival, response) => {
      answer = () => response.writeHead(200).end();
    };
    const eventId = await publish(server, type);
    await receiver.arrived(1);
    const stopped = server.stop();
    await server.logged((line) => String(line.msg).startsWith('stopping'));
    answer();
    expect(await stopped).toBe(0);
    expect(server.errors).toBe('');
    expect(() => readFileSync(join(dataDir, 'waybill.pid'))).toThrow('ENOENT');
    await expect(fetch(`${server.url}/healthz`)).rejects.toThrow();

    const next = await startServer({ dataDir });
    expect(await deliveryInState(next, eventId, webhook.id, 'delivered')).toMatchObject({ attemptCount: 1 });
    expect(receiver.arrivals).toHaveLength(1);
  });

  test('answers a request that is half here when it begins', async () => {
    const dataDir = makeDataDir();
    const server = await startServer({ dataDir });
    const body = JSON.stringify({ type: ownType(), data: { kept: true } });
    const outgoing = request(`${server.url}/api/v1/events`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${ADMIN_KEY}`,
        'content-type': 'application/json',
        'content-length': body.length,
        expect: '100-continue',
      },
    });
    outgoing.flushHeaders();
    await once(outgoing, 'continue');
    outgoing.write(body.slice(0, 10));
    const stopped = server.stop();
    await server.logged((line) => String(line.msg).startsWith('stopping'));
    outgoing.end(body.slice(10));
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    const published = JSON.parse(await text(response));
    expect([response.statusCode, await stopped]).toEqual([202, 0]);

    const next = await startServer({ dataDir });
    expect((await next.call('GET', `/events/${published.id}`)).body.data).toEqual({ kept: true });
  });

  test('while nothing is under way is over at once, whatever is still owed', async () => {
    const receiver = await startReceiver(answering(500));
    const server = await startServer();
    const type = ownType();
    const webhook = await createWebhook(server, { url: receiver.url, eventTypes: [type] });
    await deliveryInState(server, await publish(server, type), webhook.id, 'retrying');
    const before = performance.now();
    expect(await server.stop()).toBe(0);
    expect(performance.now() - before).toBeLessThan(3_000);
  });
});

describe('settings that cannot be', () => {
  test.each([
    ['WAYBILL_LISTEN', 'everywhere'],
    ['WAYBILL_API_KEY', 'too-short'],
    ['WAYBILL_EGRESS_ALLOW', '10.0.0.0/33'],
    ['WAYBILL_ROLE', 'worker'],
    ['WAYBILL_API_KEY_FILE', 'missing'],
  ])('%s=%s: the server says so in one sentence that names it, and ends with 1', async (variable, value) => {
    const outcome = await serve({ [variable]: value });
    expectOneSentence(outcome, variable);
  });

  test('a settings file that is not there, or is no YAML, is named', async () => {
    expectOneSentence(await serve({ WAYBILL_CONFIG: 'missing.yaml' }), 'missing.yaml');
    const cwd = makeDataDir();
    writeFileSync(join(cwd, 'waybill.yaml'), 'listen: [\n');
    expectOneSentence(await serve({}, cwd), 'waybill.yaml is not valid YAML');
  });

  test('a data folder that is a file, or that another server uses, is named', async () => {
    const cwd = makeDataDir();
    writeFileSync(join(cwd, 'file'), '');
    expectOneSentence(await serve({ WAYBILL_DATA_DIR: join(cwd, 'file') }), join(cwd, 'file'));
    const server = await startServer();
    const outcome = await serve({ WAYBILL_DATA_DIR: server.dataDir });
    expectOneSentence(outcome, server.dataDir);
    expect(outcome.stderr).toContain(String(server.pid));
  });

  test('an address that is taken is named', async () => {
    const receiver = await startReceiver();
    expectOneSentence(await serve({ WAYBILL_LISTEN: receiver.address }), receiver.address);
  });

  test('a master key that is missing, too short or another than before is not replaced', async () => {
    const dataDir = makeDataDir();
    const server = await startServer({ dataDir });
    await server.stop();
    const keyFile = join(dataDir, 'other.key');
    const env = { WAYBILL_DATA_DIR: dataDir, WAYBILL_KEY_FILE: keyFile };
    expectOneSentence(await serve(env), keyFile);
    writeFileSync(keyFile, 'c2hvcnQ=\n');
    expectOneSentence(await serve(env), keyFile);
    writeFileSync(keyFile, `${Buffer.alloc(32, 1).toString('base64')}\n`);
    expectOneSentence(await serve(env), keyFile);
    const again = await startServer({ dataDir });
    expect((await get(again, '/readyz')).status).toBe(200);
  });

  function serve(env: Record<string, string>, cwd = makeDataDir()) {
    mkdirSync(join(cwd, 'data'), { recursive: true });
    const defaults = { WAYBILL_DATA_DIR: join(cwd, 'data'), WAYBILL_LISTEN: '127.0.0.1:0' };
    return runWaybill(['serve'], { cwd, env: { ...defaults, ...env } });
  }

  function expectOneSentence({ exitCode, stdout, stderr }: Awaited<ReturnType<typeof serve>>, naming: string): void {
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
    expect(stderr).toContain(naming);
    expect(stderr).toMatch(/^[^\n]+\n$/);
    expect(stderr).not.toMatch(/\bat .*:\d+:\d+|Error:/);
  }
});

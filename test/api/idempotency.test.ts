import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { answering, startReceiver } from '../harness/receiver.ts';
import { shareServer, startServer } from '../harness/server.ts';
import { createWebhook, deliveryInState, expectProblem, ownId, ownType, publish, readUntil } from './stage.ts';

const server = shareServer();

function post(path: string, body: unknown, idempotencyKey: string, key?: string) {
  const options = { headers: { 'idempotency-key': idempotencyKey }, ...(key === undefined ? {} : { key }) };
  return server().call('POST', path, body, options);
}

async function eventsOf(type: string) {
  return (await server().call('GET', `/events?type=${type}`)).body.items;
}

describe('POST /events with an Idempotency-Key', () => {
  test('the same request again gets the same answer and makes no second event', async () => {
    const [type, key] = [ownType(), ownId()];
    const receiver = await startReceiver();
    await createWebhook(server(), { url: receiver.url, eventTypes: [type] });
    const first = await post('/events', { type, data: { n: 1 } }, key);
    const second = await post('/events', { type, data: { n: 1 } }, key);
    expect(first).toMatchObject({ status: 202, body: { deliveryCount: 1 } });
    expect([second.status, second.body]).toEqual([first.status, first.body]);
    expect(await eventsOf(type)).toHaveLength(1);
    await publish(server(), type, { n: 2 });
    const bodies = (await receiver.arrived(2)).map((arrival) => JSON.parse(arrival.body).data.n);
    expect(bodies.sort()).toEqual([1, 2]);
  });

  test('requests at the same moment have one effect between them', async () => {
    const [type, key] = [ownType(), ownId()];
    const answers = await Promise.all(Array.from({ length: 10 }, () => post('/events', { type, data: {} }, key)));
    const accepted = answers.filter((answer) => answer.status === 202);
    for (const answer of answers) if (answer.status !== 202) expectProblem(answer, 409, 'conflict');
    expect(new Set(accepted.map((answer) => answer.body.id)).size).toBe(1);
    expect(await eventsOf(type)).toHaveLength(1);
  });

  test('a batch is repeated as a whole', async () => {
    const [type, key] = [ownType(), ownId()];
    const batch = [
      { type, data: { n: 1 } },
      { type, data: { n: 2 } },
    ];
    const first = await post('/events', batch, key);
    const second = await post('/events', batch, key);
    expect(first.body).toHaveLength(2);
    expect([second.status, second.body]).toEqual([202, first.body]);
    expect(await eventsOf(type)).toHaveLength(2);
  });

  test('white space and the spelling of numbers make no other request of it', async () => {
    const [type, key] = [ownType(), ownId()];
    const first = await post('/events', { type, data: { n: 1 } }, key);
    const second = await server().call('POST', '/events', undefined, {
      raw: `{ "type": "${type}",\n "data": { "n": 1.0 } }`,
      headers: { 'idempotency-key': key },
    });
    expect(second.body).toEqual(first.body);
  });

  test('another body under the same key is refused', async () => {
    const [type, key] = [ownType(), ownId()];
    await post('/events', { type, data: { n: 1 } }, key);
    expectProblem(await post('/events', { type, data: { n: 2 } }, key), 422, 'idempotency_mismatch');
    expectProblem(await post('/events', [{ type, data: { n: 1 } }], key), 422, 'idempotency_mismatch');
    expect(await eventsOf(type)).toHaveLength(1);
  });

  test('a refused request leaves the key free', async () => {
    const [type, key] = [ownType(), ownId()];
    expect((await post('/events', { type }, key)).status).toBe(400);
    expect((await post('/events', { type: 'transfer.unknown', data: {} }, key)).status).toBe(422);
    expect((await post('/events', { type, data: {} }, key)).status).toBe(202);
  });

  test('the key is each API key’s own', async () => {
    const [type, key] = [ownType(), ownId()];
    const operator = (await server().call('POST', '/api-keys', { name: 'x', role: 'operator' })).body.key;
    const first = await post('/events', { type, data: { n: 1 } }, key);
    const second = await post('/events', { type, data: { n: 2 } }, key, operator);
    expect([first.status, second.status]).toEqual([202, 202]);
    expect(await eventsOf(type)).toHaveLength(2);
  });

  test.each([
    ['empty', ''],
    ['longer than 255 characters', 'k'.repeat(256)],
  ])('a key that is %s is refused', async (_what, key) => {
    expectProblem(await post('/events', { type: ownType(), data: {} }, key), 400, 'validation_failed', ['']);
  });

  test('a key of 255 characters is taken', async () => {
    expect((await post('/events', { type: ownType(), data: {} }, ownId().padEnd(255, 'k'))).status).toBe(202);
  });
});

describe('POST /webhooks with an Idempotency-Key', () => {
  const settings = () => ({ name: ownId(), url: 'http://127.0.0.1:9/', eventTypes: [ownType()] });

  test('the same request again gets the same webhook, its signing secret too', async () => {
    const [body, key] = [settings(), ownId()];
    const first = await post('/webhooks', body, key);
    const second = await post('/webhooks', body, key);
    expect(first.status).toBe(201);
    expect(first.body.signingSecret).toMatch(/^whsec_/);
    expect([second.status, second.body]).toEqual([201, first.body]);
    expect(second.headers.get('location')).toBe(first.headers.get('location'));
    const { items } = (await server().call('GET', '/webhooks?limit=250')).body;
    expect(items.filter(({ name }: { name: string }) => name === body.name)).toHaveLength(1);
  });

  test('the answer stays the same after the webhook has been changed, and after it has been deleted', async () => {
    const [body, key] = [settings(), ownId()];
    const first = await post('/webhooks', body, key);
    const path = `/webhooks/${first.body.id}`;
    await server().call('PATCH', path, { name: 'another', enabled: false });
    expect((await post('/webhooks', body, key)).body).toEqual(first.body);
    await server().call('DELETE', path);
    expect(await post('/webhooks', body, key)).toMatchObject({ status: 201, body: first.body });
    expectProblem(await server().call('GET', path), 404, 'not_found');
  });

  test('another body under the same key is refused, and the key of an event is free for a webhook', async () => {
    const key = ownId();
    await post('/events', { type: ownType(), data: {} }, key);
    expect((await post('/webhooks', settings(), key)).status).toBe(201);
    expectProblem(await post('/webhooks', settings(), key), 422, 'idempotency_mismatch');
  });

  test('a refused request leaves the key free', async () => {
    const key = ownId();
    expect((await post('/webhooks', { ...settings(), url: 'ftp://127.0.0.1/' }, key)).status).toBe(422);
    expect((await post('/webhooks', settings(), key)).status).toBe(201);
  });

  test('the secrets in a stored answer lie sealed in the data folder', async () => {
    const body = { ...settings(), auth: { type: 'bearer', token: `token-${ownId()}` } };
    const { signingSecret } = (await post('/webhooks', body, ownId())).body;
    const stored = await filesOf(server().dataDir);
    expect(stored).toContain(body.name);
    expect(stored).not.toContain(signingSecret.slice('whsec_'.length));
    expect(stored).not.toContain(body.auth.token);
  });
});

describe('POST /api-keys with an Idempotency-Key', () => {
  test('the same request again gets the same key, which lies nowhere in the clear, over a restart too', async () => {
    const first = await startServer();
    const [body, idempotencyKey] = [{ name: ownId(), role: 'viewer' }, ownId()];
    const options = { headers: { 'idempotency-key': idempotencyKey } };
    const made = await first.call('POST', '/api-keys', body, options);
    expect(made.status).toBe(201);
    expect(await filesOf(first.dataDir)).toContain(body.name);
    expect(await filesOf(first.dataDir)).not.toContain(made.body.key);

    await first.stop();
    const second = await startServer({ dataDir: first.dataDir });
    const again = await second.call('POST', '/api-keys', body, options);
    expect([again.status, again.body]).toEqual([201, made.body]);
    expect((await second.call('GET', '/webhooks', undefined, { key: again.body.key })).status).toBe(200);
    expect((await second.call('GET', '/api-keys')).body.items).toHaveLength(1);
  });

  test('the answer stays the same once its request would be refused', async () => {
    const expiresAt = new Date(Date.now() + 500).toISOString();
    const [body, key] = [{ name: ownId(), role: 'viewer', expiresAt }, ownId()];
    const first = await post('/api-keys', body, key);
    await expect.poll(async () => (await post('/api-keys', body, ownId())).status).toBe(422);
    expect(await post('/api-keys', body, key)).toMatchObject({ status: 201, body: first.body });
  });
});

describe('an action with an Idempotency-Key', () => {
  async function webhookTo(url: string, type = ownType()) {
    return createWebhook(server(), { url, eventTypes: [type] });
  }

  test('a test is sent once, and its report comes again', async () => {
    const receiver = await startReceiver();
    const [path, key] = [`/webhooks/${(await webhookTo(receiver.url)).id}/test`, ownId()];
    const first = await post(path, {}, key);
    await receiver.close();
    const second = await post(path, {}, key);
    expect(first.body).toMatchObject({ ok: true, response: { status: 204 } });
    expect([second.status, second.body]).toEqual([200, first.body]);
    expect(receiver.arrivals).toHaveLength(1);
  });

  test('is refused while the first request with its key is under way, and has its answer afterwards', async () => {
    const released = Promise.withResolvers<void>();
    const receiver = await startReceiver((_arrival, response) => void released.promise.then(() => response.end()));
    const [path, key] = [`/webhooks/${(await webhookTo(receiver.url)).id}/test`, ownId()];
    const first = post(path, {}, key);
    await receiver.arrived(1);
    const meanwhile = await post(path, {}, key);
    expectProblem(meanwhile, 409, 'conflict');
    expect(meanwhile.headers.get('retry-after')).toBe('1');
    released.resolve();
    const { status, body } = await first;
    expect(status).toBe(200);
    expect((await post(path, {}, key)).body).toEqual(body);
    expect(receiver.arrivals).toHaveLength(1);
  });

  test('shows a delivery as it was when it was asked for, whatever has become of it', async () => {
    const type = ownType();
    const receiver = await startReceiver(answering(500));
    const webhook = await createWebhook(server(), {
      url: receiver.url,
      eventTypes: [type],
      retry: { strategy: 'delays', delaysMs: [3_600_000] },
    });
    const { id } = await deliveryInState(server(), await publish(server(), type), webhook.id, 'retrying');
    const [path, key] = [`/deliveries/${id}/retry`, ownId()];
    receiver.respond = answering(204);
    const first = await post(path, {}, key);
    expect(first).toMatchObject({ status: 202, body: { id, state: 'delivering', attemptCount: 1 } });
    expect(first.body.attempts).toHaveLength(1);
    await readUntil(server(), `/deliveries/${id}`, ({ state }) => state === 'delivered');
    expect((await post(path, {}, key)).body).toEqual(first.body);
    expect(receiver.arrivals).toHaveLength(2);
  });

  test('without a body is the same request as with an empty one', async () => {
    const [path, key] = [`/webhooks/${(await webhookTo('http://127.0.0.1:9/')).id}/pause`, ownId()];
    const first = await post(path, undefined, key);
    const second = await post(path, {}, key);
    expect([second.status, second.body]).toEqual([200, first.body]);
    expect(second.headers.get('idempotency-replayed')).toBe('true');
  });

  test('has its answer again when what it was about is gone, and another key finds nothing', async () => {
    const { id } = await webhookTo('http://127.0.0.1:9/');
    const [path, key] = [`/webhooks/${id}/pause`, ownId()];
    const first = await post(path, {}, key);
    await server().call('DELETE', `/webhooks/${id}`);
    expect(await post(path, {}, key)).toMatchObject({ status: 200, body: first.body });
    expectProblem(await post(path, {}, ownId()), 404, 'not_found');
  });

  test('that the state refuses leaves its key free', async () => {
    const type = ownType();
    const { id } = await webhookTo('http://127.0.0.1:9/', type);
    await server().call('POST', `/webhooks/${id}/pause`);
    const delivery = await deliveryInState(server(), await publish(server(), type), id, 'pending');
    const [path, key] = [`/deliveries/${delivery.id}/retry`, ownId()];
    expectProblem(await post(path, {}, key), 409, 'conflict');
    await server().call('POST', `/webhooks/${id}/resume`);
    expect((await post(path, {}, key)).status).toBe(202);
  });

  test('of one webhook shares its key with no other webhook', async () => {
    const ids = [(await webhookTo('http://127.0.0.1:9/')).id, (await webhookTo('http://127.0.0.1:9/')).id];
    const key = ownId();
    for (const id of ids) expect(await post(`/webhooks/${id}/pause`, {}, key)).toMatchObject({ body: { id } });
  });
});

/** All that lies in the database's files, as Latin-1 text. */
async function filesOf(folder: string): Promise<string> {
  const names = (await readdir(folder)).filter((name) => name.includes('.db'));
  const contents = await Promise.all(names.map((name) => readFile(join(folder, name), 'latin1')));
  return contents.join('');
}

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { startReceiver } from '../harness/receiver.ts';
import { shareServer } from '../harness/server.ts';
import { createWebhook, expectProblem, ownId, ownType, publish } from './stage.ts';

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

/** All that lies in the database's files, as Latin-1 text. */
async function filesOf(folder: string): Promise<string> {
  const names = (await readdir(folder)).filter((name) => name.includes('.db'));
  const contents = await Promise.all(names.map((name) => readFile(join(folder, name), 'latin1')));
  return contents.join('');
}

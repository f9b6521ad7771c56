import { expect, onTestFinished, test } from 'vitest';
import { answering, startReceiver } from '../harness/receiver.ts';
import { shareServer, startServer, type TestServer } from '../harness/server.ts';
import { createWebhook, deliveryInState, expectProblem, ownId, publish } from './stage.ts';

const server = shareServer();

const MESSAGE = {
  message: { as2MessageId: '<1@beta.example>', direction: 'in' },
  station: { as2Id: 'ACME', name: 'Acme EDI' },
  partner: { as2Id: 'BETA', name: 'Beta' },
};

async function read(on: TestServer = server()) {
  const { status, body } = await on.call('GET', '/settings/instance');
  expect(status).toBe(200);
  return body;
}

function put(body: unknown, on: TestServer = server()) {
  return on.call('PUT', '/settings/instance', body);
}

/** What the first start made up is back when the test has finished. */
function resetAfterwards(): void {
  onTestFinished(async () => {
    await put({});
  });
}

/** A webhook that gets the AS2 messages of one partner. */
async function stage() {
  const receiver = await startReceiver();
  const id = ownId();
  const webhook = await createWebhook(server(), { url: receiver.url, scope: { partnerIds: [id] } });
  const message = () => publish(server(), 'message.received', { ...MESSAGE, partner: { ...MESSAGE.partner, id } });
  return { receiver, webhook, message };
}

test('the first start makes up a tenant id of 15 digits, and names the rest', async () => {
  const shown = await read();
  expect(shown).toEqual({ name: 'Waybill', email: '', tenantId: expect.any(Number), bucketName: 'waybill' });
  expect(String(shown.tenantId)).toMatch(/^[1-9]\d{14}$/);
});

test('PUT replaces: what is left out goes back to what the first start made up, the tenant id too', async () => {
  resetAfterwards();
  const first = await read();
  const set = { name: 'Acme', email: 'edi@acme.example', tenantId: 4711, bucketName: 'acme-files' };
  const replaced = await put(set);
  expect([replaced.status, replaced.body]).toEqual([200, set]);
  expect(await read()).toEqual(set);
  expect((await put({ email: 'other@acme.example' })).body).toEqual({ ...first, email: 'other@acme.example' });
  expect((await put({})).body).toEqual(first);
});

test('a viewer may read it, and only an admin may replace it', async () => {
  const { key } = (await server().call('POST', '/api-keys', { name: 'x', role: 'viewer' })).body;
  expect((await server().call('GET', '/settings/instance', undefined, { key })).status).toBe(200);
  expectProblem(await server().call('PUT', '/settings/instance', {}, { key }), 403, 'forbidden');
});

test.each([
  ['an unknown field', { id: 'x' }, 400, '/id'],
  ['a name of another type', { name: 5 }, 400, '/name'],
  ['an empty name', { name: '' }, 422, '/name'],
  ['an e-mail address that is none', { email: 'nobody' }, 422, '/email'],
  ['a tenant id given as text', { tenantId: '4711' }, 400, '/tenantId'],
  ['a tenant id that is no whole number', { tenantId: 1.5 }, 400, '/tenantId'],
  ['a tenant id below zero', { tenantId: -1 }, 422, '/tenantId'],
  ['an empty bucket name', { bucketName: '' }, 422, '/bucketName'],
])('%s is refused', async (_what, body, status, pointer) => {
  const before = await read();
  expectProblem(await put({ name: 'not taken', ...body }), status, 'validation_failed', [pointer]);
  expect(await read()).toEqual(before);
});

test('the next AS2 body carries what is set, and a body that has been sent stays as it is', async () => {
  resetAfterwards();
  const { receiver, webhook, message } = await stage();
  await server().call('PATCH', `/webhooks/${webhook.id}`, {
    retry: { strategy: 'fixed', maxAttempts: 2, delayMs: 0 },
  });
  const built = await read();
  const set = { name: 'Acme', email: 'edi@acme.example', tenantId: 4711, bucketName: 'acme-files' };
  receiver.respond = (_arrival, response) => {
    receiver.respond = answering(204);
    void put(set).then(() => response.writeHead(500).end());
  };
  await deliveryInState(server(), await message(), webhook.id, 'delivered');
  await message();
  const [first, again, next] = (await receiver.arrived(3)).map(({ body }) => body);
  const members = ({ name, email, tenantId, bucketName }: typeof set) => ({
    tenantName: name,
    tenantEmail: email,
    to: email,
    tenantId,
    bucketName,
  });
  expect(JSON.parse(first as string)).toMatchObject(members(built));
  expect(again).toBe(first);
  expect(JSON.parse(next as string)).toMatchObject(members(set));
  const tested = await server().call('POST', `/webhooks/${webhook.id}/test?eventType=message.received`);
  expect(JSON.parse(tested.body.request.body)).toMatchObject({ tenantName: 'Acme', tenantId: 4711 });
});

test('it is there after a restart, and so is what the first start made up', async () => {
  const first = await startServer();
  const made = await read(first);
  await put({ name: 'Acme', tenantId: 1 }, first);
  await first.kill();
  const second = await startServer({ dataDir: first.dataDir });
  expect(await read(second)).toEqual({ ...made, name: 'Acme', tenantId: 1 });
  expect((await put({}, second)).body).toEqual(made);
  await second.stop();
});

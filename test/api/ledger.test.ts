import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { ledger } from '../../src/store/migrations/0007-ledger.ts';
import { pruneAll } from '../harness/prune.ts';
import { answering, startReceiver } from '../harness/receiver.ts';
import { shareServer, startServer, type TestServer } from '../harness/server.ts';
import { createWebhook, deliveryInState, expectProblem, ownType, publish, readUntil } from './stage.ts';

const server = shareServer();

function ledgerOf(from: TestServer, webhookId: string, query = '') {
  return from.call('GET', `/webhooks/${webhookId}/ledger${query}`);
}

/** Publishes events one after the other and waits until all are delivered. */
async function deliver(to: TestServer, webhook: { id: string }, type: string, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let i = 0; i < count; i += 1) ids.push(await publish(to, type));
  for (const id of ids) await deliveryInState(to, id, webhook.id, 'delivered');
  return ids;
}

describe('the ledger of a webhook', () => {
  test('lists its numbers ascending and without a gap, as the receiver saw them', async () => {
    const receiver = await startReceiver();
    const type = ownType();
    const webhook = await createWebhook(server(), { url: receiver.url, eventTypes: [type] });
    expect((await ledgerOf(server(), webhook.id)).body).toEqual({ items: [], next: null });
    const eventIds = await deliver(server(), webhook, type, 3);
    const { status, body } = await ledgerOf(server(), webhook.id);
    expect(status).toBe(200);
    expect(body.next).toBeNull();
    expect(body.items).toEqual(
      eventIds.map((eventId, at) => ({
        sequence: at + 1,
        eventId,
        deliveryId: expect.stringMatching(/^dlv_/),
        state: 'delivered',
      })),
    );
    for (const { headers } of receiver.arrivals) {
      const item = body.items[Number(headers['x-waybill-sequence']) - 1];
      expect([item.eventId, item.deliveryId]).toEqual([headers['webhook-id'], headers['x-waybill-delivery']]);
    }
  });

  test('goes on after a number, and by pages', async () => {
    const receiver = await startReceiver();
    const type = ownType();
    const webhook = await createWebhook(server(), { url: receiver.url, eventTypes: [type] });
    await deliver(server(), webhook, type, 5);
    const numbers = async (query: string) => {
      const { body } = await ledgerOf(server(), webhook.id, query);
      return { sequences: body.items.map((item: { sequence: number }) => item.sequence), next: body.next };
    };
    expect(await numbers('?after=3')).toEqual({ sequences: [4, 5], next: null });
    expect(await numbers('?after=5')).toEqual({ sequences: [], next: null });
    const first = await numbers('?after=1&limit=2');
    expect(first).toEqual({ sequences: [2, 3], next: expect.any(String) });
    const second = await numbers(`?after=1&limit=2&cursor=${first.next}`);
    expect(second).toEqual({ sequences: [4, 5], next: null });
  });

  test('names what is owed before it is sent, and how it ended', async () => {
    const receiver = await startReceiver(answering(500));
    const type = ownType();
    const retry = { strategy: 'delays', delaysMs: [], jitter: 0 };
    const webhook = await createWebhook(server(), { url: receiver.url, eventTypes: [type], retry });
    const exhausted = await publish(server(), type);
    const { id } = await deliveryInState(server(), exhausted, webhook.id, 'exhausted');
    await server().call('POST', `/webhooks/${webhook.id}/pause`);
    const held = await publish(server(), type);
    const { items } = (await ledgerOf(server(), webhook.id)).body;
    expect(items).toMatchObject([
      { sequence: 1, eventId: exhausted, deliveryId: id, state: 'exhausted' },
      { sequence: 2, eventId: held, state: 'pending' },
    ]);
  });

  test("counts a replay's success for the number that it repeats", async () => {
    const receiver = await startReceiver(answering(500));
    const type = ownType();
    const retry = { strategy: 'delays', delaysMs: [], jitter: 0 };
    const webhook = await createWebhook(server(), { url: receiver.url, eventTypes: [type], retry });
    const eventId = await publish(server(), type);
    const original = await deliveryInState(server(), eventId, webhook.id, 'exhausted');
    receiver.respond = answering(204);
    const replay = (await server().call('POST', `/deliveries/${original.id}/retry`)).body;
    await readUntil(server(), `/deliveries/${replay.id}`, ({ state }) => state === 'delivered');
    const { items } = (await ledgerOf(server(), webhook.id)).body;
    expect(items).toEqual([{ sequence: 1, eventId, deliveryId: original.id, state: 'delivered' }]);
  });

  test('leaves out connection tests, which have no number', async () => {
    const receiver = await startReceiver();
    const webhook = await createWebhook(server(), { url: receiver.url, eventTypes: [ownType()] });
    await server().call('POST', `/webhooks/${webhook.id}/test`);
    expect((await ledgerOf(server(), webhook.id)).body.items).toEqual([]);
  });

  test('is refused for what is not there, or asked for wrongly', async () => {
    const webhook = await createWebhook(server(), { url: 'http://127.0.0.1:9/', eventTypes: [ownType()] });
    expectProblem(await ledgerOf(server(), 'wh_none'), 404, 'not_found');
    expectProblem(await ledgerOf(server(), webhook.id, '?after=-1'), 400, 'validation_failed', ['?after']);
    expectProblem(await ledgerOf(server(), webhook.id, '?limit=251'), 400, 'validation_failed', ['?limit']);
    expectProblem(await ledgerOf(server(), webhook.id, '?cursor=x'), 400, 'validation_failed', ['?cursor']);
    await server().call('DELETE', `/webhooks/${webhook.id}`);
    expectProblem(await ledgerOf(server(), webhook.id), 404, 'not_found');
  });
});

test('a ledger that retention has deleted a part of is gone up to there, and goes on from there', async () => {
  const receiver = await startReceiver();
  const first = await startServer({ allow: [receiver.address] });
  const type = ownType();
  const webhook = await createWebhook(first, { url: receiver.url, eventTypes: [type] });
  await deliver(first, webhook, type, 3);
  await first.stop();
  await pruneAll(first.dataDir);

  const second = await startServer({ dataDir: first.dataDir, allow: [receiver.address] });
  const [eventId] = await deliver(second, webhook, type, 1);
  expectProblem(await ledgerOf(second, webhook.id), 410, 'gone');
  expectProblem(await ledgerOf(second, webhook.id, '?after=2'), 410, 'gone');
  expect((await ledgerOf(second, webhook.id, '?after=3')).body.items).toMatchObject([{ sequence: 4, eventId }]);
});

test('a ledger that a version without this note has deleted a part of is gone up to there as well', async () => {
  const receiver = await startReceiver();
  const first = await startServer({ allow: [receiver.address] });
  const type = ownType();
  const half = await createWebhook(first, { url: receiver.url, eventTypes: [type] });
  const [, second] = await deliver(first, half, type, 3);
  const whole = await createWebhook(first, { url: receiver.url, eventTypes: [type] });
  await deliver(first, whole, type, 1);
  await first.stop();
  const database = new DatabaseSync(join(first.dataDir, 'waybill.db'));
  database.exec(`DELETE FROM deliveries WHERE event_sequence <= (SELECT sequence FROM events WHERE id = '${second}');
      DELETE FROM deliveries WHERE webhook_number = (SELECT number FROM webhooks WHERE id = '${whole.id}');
      DELETE FROM settings WHERE name LIKE 'ledger.%';`);
  for (const statement of ledger.statements) database.exec(statement);
  database.close();

  const again = await startServer({ dataDir: first.dataDir, allow: [receiver.address] });
  expectProblem(await ledgerOf(again, half.id, '?after=1'), 410, 'gone');
  const sequences = async (query: string, id: string) =>
    (await ledgerOf(again, id, query)).body.items.map((item: { sequence: number }) => item.sequence);
  expect(await sequences('?after=2', half.id)).toEqual([3, 4]);
  expectProblem(await ledgerOf(again, whole.id), 410, 'gone');
  expect(await sequences('?after=1', whole.id)).toEqual([]);
});

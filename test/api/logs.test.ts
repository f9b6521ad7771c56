import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startReceiver } from '../harness/receiver.ts';
import { shareServer, startServer } from '../harness/server.ts';
import { createWebhook, deliveryInState, expectProblem, ownType, publish } from './stage.ts';

const server = shareServer();

async function logs(query = '', from = server()) {
  const answer = await from.call('GET', `/logs${query}`);
  expect(answer.status).toBe(200);
  return answer.body;
}

test('the log of the server can be read, with the fields of each line', async () => {
  const receiver = await startReceiver();
  const type = ownType();
  const webhook = await createWebhook(server(), { url: receiver.url, eventTypes: [type] });
  const eventId = await publish(server(), type);
  const delivery = await deliveryInState(server(), eventId, webhook.id, 'delivered');
  const { items, next } = await logs(`?q=${delivery.id.toUpperCase()}`);
  expect(next).toBeNull();
  const [onStdout] = server().log.filter((line) => line.deliveryId === delivery.id);
  const { time, msg, ...fields } = await server().logged((line) => line.deliveryId === delivery.id);
  expect(items).toEqual([{ at: time, message: msg, ...fields }]);
  expect(items[0]).toMatchObject({
    level: 'info',
    message: 'delivery.attempted',
    eventId,
    webhookId: webhook.id,
    status: 204,
  });
  expect(onStdout).toBeDefined();
});

test('it can be narrowed down by level and time, and read by pages', async () => {
  expect((await logs('?level=fatal')).items).toEqual([]);
  const all = (await logs('?level=info&limit=250')).items;
  expect(all.at(-1).message).toMatch(/^listening on /);
  const [{ at: newest }] = all;
  expect((await logs(`?to=${all.at(-1).at}`)).items).toEqual([]);
  expect((await logs(`?from=${newest}`)).items.length).toBeGreaterThanOrEqual(1);
  const first = await logs('?limit=1');
  const second = await logs(`?limit=1&cursor=${first.next}`);
  expect([...first.items, ...second.items]).toEqual((await logs('?limit=250')).items.slice(0, 2));
});

test('it is refused without a key, and when it is asked for wrongly', async () => {
  expectProblem(await server().call('GET', '/logs', undefined, { key: null }), 401, 'unauthorized');
  expectProblem(await server().call('GET', '/logs?level=loud'), 400, 'validation_failed', ['?level']);
  expectProblem(await server().call('GET', '/logs?from=yesterday'), 400, 'validation_failed', ['?from']);
  expectProblem(await server().call('GET', '/logs?cursor=x'), 400, 'validation_failed', ['?cursor']);
  expectProblem(await server().call('GET', '/logs?word=x'), 400, 'validation_failed', ['?word']);
});

test.each(['kill', 'stop'] as const)(
  'what was written before the server was ended by %s is still there after it',
  async (end) => {
    const first = await startServer({ env: { WAYBILL_LOG_FORMAT: 'json' } });
    await logs('', first);
    await expect.poll(() => readdirSync(join(first.dataDir, 'logs'))).toHaveLength(1);
    const file = join(first.dataDir, 'logs', readdirSync(join(first.dataDir, 'logs'))[0] as string);
    await expect.poll(() => statSync(file).size).toBeGreaterThan(0);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    await first[end]();
    const second = await startServer({ dataDir: first.dataDir });
    const { items } = await logs('?q=listening', second);
    expect(items.map((item: { pid: number }) => item.pid)).toEqual([second.pid, first.pid]);
    const stopping = (await logs('?q=stopping', second)).items;
    expect(stopping).toHaveLength(end === 'stop' ? 1 : 0);
  },
);

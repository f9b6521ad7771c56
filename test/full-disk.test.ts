import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { makeSmallDisk, noSmallDisk, type SmallDisk } from './chaos/small-disk.ts';
import { answering, startReceiver, type TestReceiver } from './harness/receiver.ts';
import { type Answer, startServer, type TestServer } from './harness/server.ts';

const DISK_MIB = 64;
/** Of one event: a few of them do not fit where a full disk has left a page or two. */
const EVENT_BYTES = 20_000;

interface Publication {
  acknowledged: string[];
  refused: Answer[];
}

function event(order: number) {
  return { type: 'order.shipped', data: { order, padding: 'x'.repeat(EVENT_BYTES) } };
}

/** Publishes one event after another until `isEnough` says so. */
async function publishUntil(server: TestServer, isEnough: (so: Publication) => boolean): Promise<Publication> {
  const so: Publication = { acknowledged: [], refused: [] };
  for (let order = 0; !isEnough(so); order += 1) {
    const answer = await server.call('POST', '/events', event(order));
    if (answer.status === 202) so.acknowledged.push(answer.body.id);
    else so.refused.push(answer);
  }
  return so;
}

/** Lets the disk fill up step by step while publishing, until nothing that is published fits any more. */
async function publishUntilFull(server: TestServer, disk: SmallDisk): Promise<Publication> {
  let leftBytes = 400_000;
  return publishUntil(server, ({ refused }) => {
    leftBytes = Math.max(0, leftBytes - EVENT_BYTES);
    disk.fill(leftBytes);
    return refused.length >= 5;
  });
}

async function startOn(disk: SmallDisk, receiver: TestReceiver): Promise<TestServer> {
  const dataDir = join(disk.path, 'data');
  mkdirSync(dataDir);
  const server = await startServer({ dataDir, allow: [receiver.address] });
  const retry = { strategy: 'fixed', maxAttempts: 100, delayMs: 50, jitter: 0 };
  const webhook = await server.call('POST', '/webhooks', { name: 'ops', url: receiver.url, retry });
  expect(webhook.status).toBe(201);
  return server;
}

async function health(server: TestServer, path: string): Promise<{ status: number; body: { reasons?: string[] } }> {
  const response = await fetch(server.url + path);
  return { status: response.status, body: (await response.json()) as { reasons?: string[] } };
}

async function statesOf(server: TestServer): Promise<string[]> {
  const { body } = await server.call<{ items: { state: string }[] }>('GET', '/deliveries?limit=250');
  return body.items.map(({ state }) => state);
}

async function publishedIds(server: TestServer): Promise<string[]> {
  const { body } = await server.call<{ items: { id: string }[] }>('GET', '/events?after=0&limit=250');
  return body.items.map(({ id }) => id);
}

function only(states: readonly string[], state: string): boolean {
  return states.every((one) => one === state);
}

describe.skipIf(noSmallDisk !== null)(`while the disk is full (${noSmallDisk ?? 'a tmpfs'})`, () => {
  test('publishers are told to come back, what was acknowledged is kept, and everything goes on once there is room', async () => {
    const disk = makeSmallDisk(DISK_MIB);
    const answers: (() => void)[] = [];
    const receiver = await startReceiver((_arrival, response) => answers.push(() => response.writeHead(204).end()));
    const server = await startOn(disk, receiver);
    const before = await publishUntil(server, ({ acknowledged }) => acknowledged.length === 8);
    await receiver.arrived(8);

    const during = await publishUntilFull(server, disk);
    for (const { status, headers, body } of during.refused) {
      expect(status).toBe(503);
      expect(headers.get('content-type')).toContain('application/problem+json');
      expect(headers.get('retry-after')).toMatch(/^[1-9][0-9]*$/);
      expect(body).toMatchObject({
        code: 'storage_unavailable',
        status: 503,
        detail: expect.stringMatching(/space/),
      });
    }
    expect(await health(server, '/healthz')).toMatchObject({ status: 200 });

    // What is in hand is answered, and cannot be written down yet.
    receiver.respond = answering(204);
    for (const answer of answers) answer();
    await server.logged((line) => line.msg === 'delivery.attempted');
    expect(await publishedIds(server)).toEqual([...before.acknowledged, ...during.acknowledged]);
    expect(only(await statesOf(server), 'delivered')).toBe(false);

    disk.free();
    await expect.poll(async () => only(await statesOf(server), 'delivered')).toBe(true);
    expect(await health(server, '/readyz')).toMatchObject({ status: 200 });
    const after = await publishUntil(server, ({ acknowledged }) => acknowledged.length === 3);
    expect(after.refused).toEqual([]);
    const owed = [...before.acknowledged, ...during.acknowledged, ...after.acknowledged];
    const arrivals = await receiver.arrived(owed.length);
    expect(arrivals.map(({ headers }) => headers['webhook-id']).sort()).toEqual(owed);
    expect(await publishedIds(server)).toEqual(owed);
    expect(await server.stop()).toBe(0);
    expect(server.errors).toBe('');
  });

  test('it says with its reasons that it is not ready, as long as publishers are refused', async () => {
    const disk = makeSmallDisk(DISK_MIB);
    const receiver = await startReceiver();
    const server = await startOn(disk, receiver);
    expect(await health(server, '/readyz')).toEqual({ status: 200, body: { status: 'ok', reasons: [] } });
    await publishUntilFull(server, disk);
    expect(await health(server, '/readyz')).toMatchObject({ status: 503, body: { reasons: [expect.any(String)] } });
    disk.free();
    expect(await health(server, '/readyz')).toMatchObject({ status: 200 });
  });

  test('a crash loses nothing, and the server starts again once there is room', async () => {
    const disk = makeSmallDisk(DISK_MIB);
    const receiver = await startReceiver(() => {});
    const first = await startOn(disk, receiver);
    const { acknowledged } = await publishUntilFull(first, disk);
    expect(acknowledged.length).toBeGreaterThan(0);
    await first.kill();
    disk.fill();

    receiver.respond = answering(204);
    const options = { dataDir: first.dataDir, allow: [receiver.address] };
    // What a refused write left in the log may be room enough to start with: else it says that there is none.
    const early = await startServer(options).catch((error: Error) => error);
    if (early instanceof Error) {
      expect(early.message).toMatch(/ended with 1 before it listened: [^\n]*(disk|space)[^\n]*\n$/);
    } else {
      await early.kill();
    }

    disk.free();
    const second = await startServer(options);
    expect(await publishedIds(second)).toEqual(acknowledged);
    await expect.poll(async () => only(await statesOf(second), 'delivered')).toBe(true);
    const accepted = receiver.arrivals.map(({ headers }) => headers['webhook-id']);
    expect(accepted).toEqual(expect.arrayContaining(acknowledged));
  });

  test('a stop does not wait for room for ever, and the next start takes over what it could not write down', async () => {
    const disk = makeSmallDisk(DISK_MIB);
    const answers: (() => void)[] = [];
    const receiver = await startReceiver((_arrival, response) => answers.push(() => response.writeHead(204).end()));
    const first = await startOn(disk, receiver);
    const { acknowledged } = await publishUntilFull(first, disk);
    await receiver.arrived(1);
    receiver.respond = answering(204);
    for (const answer of answers) answer();
    await first.logged((line) => line.msg === 'delivery.attempted');
    expect(await first.stop()).toBe(0);

    disk.free();
    const second = await startServer({ dataDir: first.dataDir, allow: [receiver.address] });
    await expect.poll(async () => only(await statesOf(second), 'delivered')).toBe(true);
    expect(await publishedIds(second)).toEqual(acknowledged);
  });
});

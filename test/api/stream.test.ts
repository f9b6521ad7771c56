import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { openStream, type StreamClient, type StreamMessage } from '../harness/event-stream.ts';
import { answering, startReceiver } from '../harness/receiver.ts';
import { ADMIN_KEY, shareServer, startServer } from '../harness/server.ts';
import { createWebhook, deliveryInState, expectProblem, ownType, publish } from './stage.ts';

const server = shareServer();

const statesOf = (messages: StreamMessage[]): string[] => messages.map(({ data }) => data.state);

/** The changes of an event's deliveries, once one of them is in that state. */
async function changesUntil(stream: StreamClient, eventId: string, state: string): Promise<StreamMessage[]> {
  await stream.received(1, ({ data }) => data.eventId === eventId && data.state === state);
  return stream.messages.filter(({ event, data }) => event !== null && data.eventId === eventId);
}

describe('a stream', () => {
  test('is of server-sent events that nobody on the way keeps or alters', async () => {
    const stream = await openStream(server());
    expect(stream.status).toBe(200);
    expect(stream.headers.get('content-type')).toMatch(/^text\/event-stream\b/);
    expect(stream.headers.get('cache-control')).toContain('no-store');
    expect(stream.headers.get('x-accel-buffering')).toBe('no');
    expect(stream.headers.get('content-encoding')).toBeNull();
  });

  test('tells each committed change of a delivery, as the list shows it', async () => {
    const receiver = await startReceiver(answering(500));
    const type = ownType();
    const retry = { strategy: 'fixed', maxAttempts: 2, delayMs: 30, jitter: 0 };
    const webhook = await createWebhook(server(), { url: receiver.url, eventTypes: [type], retry });
    const stream = await openStream(server());
    const eventId = await publish(server(), type);
    const changes = await changesUntil(stream, eventId, 'exhausted');
    const states = statesOf(changes);
    expect(states.filter((state) => state !== 'delivering' && state !== 'pending')).toEqual(['retrying', 'exhausted']);
    for (const { event, id } of changes) expect([event, id]).toEqual(['delivery', expect.stringMatching(/./)]);

    const { body } = await server().call('GET', `/deliveries?eventId=${eventId}`);
    expect(changes.at(-1)?.data).toEqual(body.items[0]);
    expect(changes.find(({ data }) => data.state === 'retrying')?.data).toEqual({
      ...body.items[0],
      state: 'retrying',
      reason: null,
      attemptCount: 1,
      nextAttemptAt: expect.stringMatching(/Z$/),
    });
    expect(body.items[0]).toMatchObject({ webhookId: webhook.id, state: 'exhausted', reason: 'attempts_spent' });
    expect(stream.retryMs).toBeGreaterThan(0);
  });

  test('shows that a delivery is being sent while its receiver takes its time', async () => {
    const receiver = await startReceiver(() => {});
    const type = ownType();
    await createWebhook(server(), { url: receiver.url, eventTypes: [type] });
    const stream = await openStream(server());
    const eventId = await publish(server(), type);
    const [change] = await stream.received(1, ({ data }) => data.eventId === eventId);
    expect(change?.data).toMatchObject({ state: 'delivering', attemptCount: 0, nextAttemptAt: null });
  });

  test('tells of what is held, cancelled, retried by hand and replayed', async () => {
    const receiver = await startReceiver(answering(500));
    const type = ownType();
    const retry = { strategy: 'fixed', maxAttempts: 9, delayMs: 60_000, jitter: 0 };
    const webhook = await createWebhook(server(), { url: receiver.url, eventTypes: [type], retry });
    await server().call('POST', `/webhooks/${webhook.id}/pause`);
    const stream = await openStream(server());
    const eventId = await publish(server(), type);
    const [held] = await changesUntil(stream, eventId, 'pending');
    expect(held?.data).toMatchObject({ state: 'pending', reason: 'webhook_paused' });

    await server().call('POST', `/webhooks/${webhook.id}/resume`);
    await changesUntil(stream, eventId, 'retrying');
    expect((await server().call('POST', `/deliveries/${held?.data.id}/retry`)).status).toBe(202);
    await stream.received(1, ({ data }) => data.id === held?.data.id && data.attemptCount === 2);
    await server().call('POST', `/deliveries/${held?.data.id}/cancel`);
    const cancelled = (await changesUntil(stream, eventId, 'cancelled')).at(-1);
    expect(cancelled?.data).toMatchObject({ reason: 'cancelled', nextAttemptAt: null, attemptCount: 2 });

    receiver.respond = answering(204);
    const { body } = await server().call('POST', `/deliveries/${held?.data.id}/retry`);
    const [delivered] = await stream.received(1, ({ data }) => data.id === body.id && data.state === 'delivered');
    expect(delivered?.data).toMatchObject({ replayOf: held?.data.id, eventId });
  });

  test('tells of deliveries that end because their webhook is deleted', async () => {
    const type = ownType();
    const webhook = await createWebhook(server(), { url: 'http://127.0.0.1:9/', eventTypes: [type] });
    await server().call('POST', `/webhooks/${webhook.id}/pause`);
    const eventId = await publish(server(), type);
    const stream = await openStream(server());
    await server().call('DELETE', `/webhooks/${webhook.id}`);
    const [change] = await changesUntil(stream, eventId, 'cancelled');
    expect(change?.data).toMatchObject({ state: 'cancelled', reason: 'webhook_deleted', nextAttemptAt: null });
  });

  test('begins now: what was committed before is not in it', async () => {
    const receiver = await startReceiver();
    const type = ownType();
    const webhook = await createWebhook(server(), { url: receiver.url, eventTypes: [type] });
    const watched = await openStream(server());
    const before = await publish(server(), type);
    await deliveryInState(server(), before, webhook.id, 'delivered');
    const stream = await openStream(server());
    const after = await publish(server(), type);
    await changesUntil(stream, after, 'delivered');
    const told = stream.messages.filter(({ event, data }) => event !== null && data.webhookId === webhook.id);
    expect(new Set(told.map(({ data }) => data.eventId))).toEqual(new Set([after]));
    expect(watched.messages.filter(({ event }) => event === 'reset')).toEqual([]);
  });

  test('holds only the deliveries of a webhook, or changes to a state, when asked to', async () => {
    const receiver = await startReceiver();
    const type = ownType();
    const wanted = await createWebhook(server(), { url: receiver.url, eventTypes: [type] });
    await createWebhook(server(), { url: receiver.url, eventTypes: [type] });
    const ofWebhook = await openStream(server(), { query: `?webhookId=${wanted.id}` });
    const ofState = await openStream(server(), { query: `?webhookId=${wanted.id}&state=delivered` });
    const ids = [await publish(server(), type), await publish(server(), type)];
    for (const stream of [ofWebhook, ofState]) for (const id of ids) await changesUntil(stream, id, 'delivered');
    const told = (stream: StreamClient) => stream.messages.filter(({ event }) => event !== null);
    for (const { data } of told(ofWebhook)) expect(data.webhookId).toBe(wanted.id);
    expect(statesOf(told(ofState))).toEqual(['delivered', 'delivered']);
  });

  test('needs a key, and refuses what it does not know', async () => {
    expectProblem(await server().call('GET', '/stream', undefined, { key: null }), 401, 'unauthorized');
    expectProblem(await server().call('GET', '/stream?state=lost'), 400, 'validation_failed', ['?state']);
    expectProblem(await server().call('GET', '/stream?webhook=x'), 400, 'validation_failed', ['?webhook']);
  });

  test('is for every role', async () => {
    const { key } = (await server().call('POST', '/api-keys', { name: 'screen', role: 'viewer' })).body;
    expect((await openStream(server(), { key })).status).toBe(200);
  });
});

describe('going on from an id', () => {
  test.each([
    ['the header', (id: string) => ({ lastEventId: id })],
    ['the query parameter', (id: string) => ({ query: `?lastEventId=${id}` })],
  ])('by %s gives what came after it, each change once and in order', async (_what, from) => {
    const receiver = await startReceiver();
    const type = ownType();
    const webhook = await createWebhook(server(), { url: receiver.url, eventTypes: [type] });
    const first = await openStream(server(), { query: `?webhookId=${webhook.id}` });
    const seen = await publish(server(), type);
    const changes = await changesUntil(first, seen, 'delivered');
    first.close();
    const missed = [await publish(server(), type), await publish(server(), type), await publish(server(), type)];
    for (const id of missed) await deliveryInState(server(), id, webhook.id, 'delivered');

    const second = await openStream(server(), from(changes.at(-1)?.id as string));
    const ended = ({ data }: StreamMessage) => data.webhookId === webhook.id && data.state === 'delivered';
    const told = await second.received(3, ended);
    expect(told.map(({ data }) => data.eventId).sort()).toEqual(missed.sort());
    expect(second.messages.filter(({ event }) => event === 'reset')).toEqual([]);
  });

  test('works for a client that has not been told of any change yet', async () => {
    const receiver = await startReceiver();
    const type = ownType();
    const webhook = await createWebhook(server(), { url: receiver.url, eventTypes: [type] });
    const first = await openStream(server());
    await expect.poll(() => first.lastId).not.toBeNull();
    first.close();
    const missed = await publish(server(), type);
    await deliveryInState(server(), missed, webhook.id, 'delivered');
    const second = await openStream(server(), { lastEventId: first.lastId as string });
    await changesUntil(second, missed, 'delivered');
    expect(second.messages.filter(({ event }) => event === 'reset')).toEqual([]);
  });

  test.each(['1', 'not-an-id', 'lx2k3j-99', '%00', 'zzzzzzzz-999999999999999'])(
    'that is none of ours (%s) says so first, and then begins now',
    async (lastEventId) => {
      const receiver = await startReceiver();
      const type = ownType();
      await createWebhook(server(), { url: receiver.url, eventTypes: [type] });
      const stream = await openStream(server(), { lastEventId });
      const [reset] = await stream.received(1);
      expect(reset).toMatchObject({ event: 'reset', id: expect.stringMatching(/./), data: expect.any(Object) });
      await changesUntil(stream, await publish(server(), type), 'delivered');
    },
  );

  test.each([
    ['SIGKILL', 'kill'],
    ['SIGTERM', 'stop'],
  ] as const)('holds over %s and a restart, with what the restart itself changed', async (_signal, end) => {
    const receiver = await startReceiver(() => {});
    const first = await startServer({ allow: [receiver.address] });
    const type = ownType();
    const webhook = await createWebhook(first, { url: receiver.url, eventTypes: [type], timeoutMs: 20_000 });
    const stream = await openStream(first);
    const eventId = await publish(first, type);
    const [sending] = await changesUntil(stream, eventId, 'delivering');
    await receiver.arrived(1);
    await first[end]();

    receiver.respond = answering(204);
    const second = await startServer({ dataDir: first.dataDir, allow: [receiver.address] });
    await deliveryInState(second, eventId, webhook.id, 'delivered');
    const resumed = await openStream(second, { lastEventId: sending?.id as string });
    const changes = await changesUntil(resumed, eventId, 'delivered');
    expect(resumed.messages.filter(({ event }) => event === 'reset')).toEqual([]);
    expect(changes.at(-1)?.data).toMatchObject({ state: 'delivered', attemptCount: 2 });
  });
});

describe('streams that end', () => {
  test('end with the server, which does not wait for them', async () => {
    const ending = await startServer();
    const streams = [await openStream(ending), await openStream(ending)];
    expect(await ending.stop()).toBe(0);
    for (const stream of streams) await stream.ended;
  });

  test('end when their key has been deleted, without showing what comes after', async () => {
    const { id, key } = (await server().call('POST', '/api-keys', { name: 'screen', role: 'viewer' })).body;
    const type = ownType();
    await createWebhook(server(), { url: 'http://127.0.0.1:9/', eventTypes: [type], enabled: true });
    const stream = await openStream(server(), { key });
    await server().call('DELETE', `/api-keys/${id}`);
    const eventId = await publish(server(), type);
    await stream.ended;
    expect(stream.messages.filter(({ data }) => data?.eventId === eventId)).toEqual([]);
  });

  test('make room for others; beyond 64 a client is told to come later', async () => {
    const crowded = await startServer();
    const streams = await Promise.all(Array.from({ length: 64 }, () => openStream(crowded)));
    expectProblem(await crowded.call('GET', '/stream'), 429, 'rate_limited');
    streams[0]?.close();
    await expect
      .poll(async () => {
        const stream = await openStream(crowded);
        stream.close();
        return stream.status;
      })
      .toBe(200);
  });

  test('by force when the client does not read, and it may go on where it was', async () => {
    const type = ownType();
    const hooks: string[] = [];
    for (let i = 0; i < 10; i += 1) {
      const webhook = await createWebhook(server(), { url: 'http://127.0.0.1:9/', eventTypes: [type] });
      await server().call('POST', `/webhooks/${webhook.id}/pause`);
      hooks.push(webhook.id);
    }
    const { hostname, port } = new URL(server().url);
    const socket = connect(Number(port), hostname);
    socket.on('error', () => undefined);
    socket.write(`GET /api/v1/stream HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${ADMIN_KEY}\r\n\r\n`);
    const head = await new Promise<string>((resolve) => socket.once('data', (bytes) => resolve(bytes.toString())));
    const [, id] = /\nid: (\S+)/.exec(head) ?? [];
    socket.pause();
    const batch = Array.from({ length: 1000 }, () => ({ type, data: {} }));
    for (let i = 0; i < 3; i += 1) expect((await server().call('POST', '/events', batch)).status).toBe(202);

    const resumed = await openStream(server(), { lastEventId: id as string });
    await resumed.received(30_000, ({ data }) => hooks.includes(data.webhookId));
    // Who does not read hears of the end when it next writes.
    const isCutOff = (): boolean => {
      socket.write('\n');
      return socket.destroyed;
    };
    await expect.poll(isCutOff, { interval: 100 }).toBe(true);
  });
});

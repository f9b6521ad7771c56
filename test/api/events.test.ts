import { describe, expect, test } from 'vitest';
import { pruneAll } from '../harness/prune.ts';
import { startReceiver } from '../harness/receiver.ts';
import { shareServer, startServer } from '../harness/server.ts';
import { createWebhook, expectProblem, ownId, ownType, publish } from './stage.ts';

const server = shareServer();

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const MEBIBYTE = 1024 * 1024;

function post(body: unknown) {
  return server().call('POST', '/events', body);
}

async function get(path: string) {
  const { status, body } = await server().call('GET', path);
  expect(status).toBe(200);
  return body;
}

describe('publishing one event', () => {
  test('answers 202 with its id and how many deliveries it causes, and reads back as it was given', async () => {
    const type = ownType();
    await createWebhook(server(), { url: 'http://127.0.0.1:9/', eventTypes: [type] });
    await createWebhook(server(), { url: 'http://127.0.0.1:9/', eventTypes: [type.replace('happened', '*')] });
    await createWebhook(server(), { url: 'http://127.0.0.1:9/', eventTypes: [ownType()] });
    const data = JSON.parse('{"z":1,"a":[null,true,1.5,"ü\u2028"],"":{"__proto__":{"x":1},"constructor":2}}');
    const published = await post({ type, occurredAt: '2023-09-15T14:22:33Z', data });
    expect([published.status, published.body]).toEqual([
      202,
      { id: expect.stringMatching(/^evt_[0-9a-z]{26}$/), deliveryCount: 2 },
    ]);

    const event = await get(`/events/${published.body.id}`);
    expect(event).toEqual({
      id: published.body.id,
      type,
      occurredAt: '2023-09-15T14:22:33.000Z',
      createdAt: expect.stringMatching(INSTANT),
      sequence: expect.any(Number),
      data,
      deliveries: [expect.any(Object), expect.any(Object)],
      unmatched: expect.any(Array),
    });
    expect(JSON.stringify(event.data)).toBe(JSON.stringify(data));
  });

  test('without occurredAt it occurred when it was accepted', async () => {
    const before = Date.now();
    const event = await get(`/events/${await publish(server(), ownType())}`);
    expect(event.occurredAt).toMatch(INSTANT);
    expect(Date.parse(event.occurredAt)).toBeGreaterThanOrEqual(before);
    expect(Date.parse(event.occurredAt)).toBeLessThanOrEqual(Date.now());
    expect(Date.parse(event.createdAt)).toBeGreaterThanOrEqual(before);
  });

  test.each([
    ['2023-09-15T14:22:33Z', '2023-09-15T14:22:33.000Z'],
    ['2023-09-15T14:22:33.5Z', '2023-09-15T14:22:33.500Z'],
    ['2023-09-15T14:22:33.123456789Z', '2023-09-15T14:22:33.123Z'],
    ['2023-09-15T14:22:33+02:00', '2023-09-15T12:22:33.000Z'],
    ['2023-09-15t14:22:33z', '2023-09-15T14:22:33.000Z'],
    ['2024-02-29T23:59:59-00:30', '2024-03-01T00:29:59.000Z'],
    ['1969-12-31T23:59:59Z', '1969-12-31T23:59:59.000Z'],
  ])('occurredAt %s is the instant %s', async (occurredAt, shown) => {
    const id = await publish(server(), ownType(), {}, { occurredAt });
    expect((await get(`/events/${id}`)).occurredAt).toBe(shown);
  });

  test.each([
    '2023-09-15',
    '2023-09-15T14:22:33',
    '2023-09-15 14:22:33Z',
    '2023-09-15T14:22Z',
    '2023-02-29T00:00:00Z',
    '2023-13-01T00:00:00Z',
    '2023-09-15T24:00:00Z',
    '2023-09-15T14:22:33+0200',
    '9999-12-31T23:59:59-00:01',
    '0000-01-01T00:00:00+00:01',
    'yesterday',
    '',
  ])('occurredAt %j is no instant and is refused', async (occurredAt) => {
    expectProblem(await post({ type: ownType(), data: {}, occurredAt }), 422, 'validation_failed', ['/occurredAt']);
  });

  test.each([
    ['no type', { data: {} }, ['/type']],
    ['no data', { type: 'own.type' }, ['/data']],
    ['an unknown field', { type: 'own.type', data: {}, id: 'evt_mine' }, ['/id']],
    ['a type that is no text', { type: 5, data: {} }, ['/type']],
    ['data that is a list', { type: 'own.type', data: [] }, ['/data']],
    ['data that is text', { type: 'own.type', data: '{}' }, ['/data']],
    ['data that is null', { type: 'own.type', data: null }, ['/data']],
    ['an occurredAt in seconds', { type: 'own.type', data: {}, occurredAt: 1694787753 }, ['/occurredAt']],
    ['an occurredAt that is null', { type: 'own.type', data: {}, occurredAt: null }, ['/occurredAt']],
  ])('an event with %s is refused for its form', async (_what, event, pointers) => {
    expectProblem(await post(event), 400, 'validation_failed', pointers);
  });

  test.each(['5', '"own.type"', 'null', 'true'])('a body that is %s is refused', async (raw) => {
    const answer = await server().call('POST', '/events', undefined, { raw });
    expectProblem(answer, 400, 'validation_failed', ['']);
  });

  test.each([
    'Order.shipped',
    'order.Shipped',
    'order',
    'order.',
    '.shipped',
    'order..shipped',
    'order-x.shipped',
    'order.shipped\n',
    'ordér.shipped',
    '',
  ])('the type %j is not a dotted lower-case name and is refused', async (type) => {
    expectProblem(await post({ type, data: {} }), 422, 'validation_failed', ['/type']);
  });

  test('a type of 200 characters is taken, a longer one is refused', async () => {
    const type = `${ownType()}.`.padEnd(200, 'x');
    expect((await post({ type, data: {} })).status).toBe(202);
    expectProblem(await post({ type: `${type}x`, data: {} }), 422, 'validation_failed', ['/type']);
  });

  test.each([
    ['webhook.paused', { webhook: {} }],
    ['webhook.recovered', {}],
    ['webhook.test', {}],
    ['delivery.exhausted', {}],
    ['certificate.expiring', {}],
  ])('%s is reserved, and nobody outside may publish it', async (type, data) => {
    expectProblem(await post({ type, data }), 422, 'unknown_event_type', ['/type']);
  });

  test.each([
    'transfer.finished',
    'transfer.completed.twice',
    'schedule.x',
    'message.y',
    'mdn.z',
    'webhook.w',
    'delivery.v',
    'certificate.u',
  ])('a built-in family has no type %s', async (type) => {
    expectProblem(await post({ type, data: {} }), 422, 'unknown_event_type', ['/type']);
  });

  const transfer = { id: 'transfer-123', name: 'Daily Backup' };
  const parties = { message: { as2MessageId: '<1@a>' }, station: { as2Id: 'A' }, partner: { as2Id: 'B' } };
  test.each([
    ['transfer.completed', {}, ['/data/transfer']],
    ['transfer.completed', { transfer: { id: 1 } }, ['/data/transfer/name']],
    ['transfer.completed', { transfer: {} }, ['/data/transfer/id', '/data/transfer/name']],
    ['transfer.completed', { transfer: [] }, ['/data/transfer']],
    ['transfer.completed', { transfer: { ...transfer, duration_seconds: '152' } }, ['/data/transfer/duration_seconds']],
    ['transfer.completed', { transfer, schedule: { id: 'schedule-456' } }, ['/data/schedule/name']],
    ['transfer.failed', { transfer }, ['/data/transfer/error']],
    ['transfer.failed', { transfer: { ...transfer, error: 'timed out' } }, ['/data/transfer/error']],
    ['schedule.created', {}, ['/data/schedule']],
    ['message.received', { ...parties, station: {} }, ['/data/station/as2Id']],
    ['message.send_failed', parties, ['/data/error']],
    ['mdn.sent', parties, ['/data/mdn']],
    ['message.received', { ...parties, attachments: [{ name: 'a' }, {}] }, ['/data/attachments/1/name']],
  ])('%s whose data is not as it must be is refused at the member %#', async (type, data, pointers) => {
    expectProblem(await post({ type, data }), 422, 'validation_failed', pointers);
  });

  test('every built-in type that is not reserved can be published, with what is required of it alone', async () => {
    const failed = { ...transfer, error: {} };
    const events = [
      ...['started', 'completed', 'cancelled', 'overdue', 'file_missing'].map((name) => [
        `transfer.${name}`,
        { transfer },
      ]),
      ...['completed_with_errors', 'failed'].map((name) => [`transfer.${name}`, { transfer: failed }]),
      ...['created', 'updated', 'deleted', 'triggered', 'failed'].map((name) => [
        `schedule.${name}`,
        { schedule: transfer },
      ]),
      ...['received', 'sent'].map((name) => [`message.${name}`, parties]),
      ...['receive_failed', 'send_failed'].map((name) => [`message.${name}`, { ...parties, error: {} }]),
      ...['received', 'sent'].map((name) => [`mdn.${name}`, { ...parties, mdn: {} }]),
    ].map(([type, data]) => ({ type, data }));
    expect(events).toHaveLength(18);
    expect((await post(events)).status).toBe(202);
  });

  test('members that a built-in type does not know are kept', async () => {
    const data = { transfer: { id: 7, name: 'n', mine: { deep: [1] } }, beside: 'kept' };
    const id = await publish(server(), 'transfer.started', data);
    expect((await get(`/events/${id}`)).data).toEqual(data);
  });

  test('an event of 1 MiB is taken, and one byte more is too large', async () => {
    const type = ownType();
    const empty = JSON.stringify({ type, data: { x: '' } }).length;
    const filled = (bytes: number) => ({ type, data: { x: 'x'.repeat(bytes - empty) } });
    expect((await post(filled(MEBIBYTE))).status).toBe(202);
    expectProblem(await post(filled(MEBIBYTE + 1)), 413, 'payload_too_large');
    expect((await get(`/events?type=${type}`)).items).toHaveLength(1);
  });
});

describe('publishing a batch', () => {
  test('1,000 events are taken in order, each with an answer of its own', async () => {
    const type = ownType();
    const webhook = await createWebhook(server(), { url: 'http://127.0.0.1:9/', eventTypes: [type], enabled: true });
    await server().call('POST', `/webhooks/${webhook.id}/pause`);
    const published = await post(Array.from({ length: 1000 }, (_, n) => ({ type, data: { n } })));
    expect(published.status).toBe(202);
    expect(published.body).toHaveLength(1000);
    expect(published.body).toEqual(Array(1000).fill({ id: expect.stringMatching(/^evt_/), deliveryCount: 1 }));
    const first = await get(`/events/${published.body[0].id}`);
    const listed = await get(`/events?after=${first.sequence - 1}&limit=250`);
    expect(listed.items.map((event: { data: { n: number } }) => event.data.n)).toEqual([...Array(250).keys()]);
    expect(listed.items.map((event: { id: string }) => event.id)).toEqual(
      published.body.slice(0, 250).map(({ id }: { id: string }) => id),
    );
    const last = await get(`/events/${published.body[999].id}`);
    expect(last.sequence).toBe(first.sequence + 999);
  });

  test('a batch of one is answered with a list of one', async () => {
    const published = await post([{ type: ownType(), data: {} }]);
    expect([published.status, published.body]).toEqual([202, [{ id: expect.any(String), deliveryCount: 0 }]]);
  });

  test('1,001 events, and none at all, are refused', async () => {
    const batch = Array.from({ length: 1001 }, () => ({ type: ownType(), data: {} }));
    expectProblem(await post(batch), 422, 'validation_failed', ['']);
    expectProblem(await post([]), 422, 'validation_failed', ['']);
  });

  test.each([
    ['an unknown field', 400, 'validation_failed', { extra: 1 }, '/17/extra'],
    ['a wrong type', 400, 'validation_failed', { data: 5 }, '/17/data'],
    ['an instant that is none', 422, 'validation_failed', { occurredAt: 'x' }, '/17/occurredAt'],
    ['an unknown type', 422, 'unknown_event_type', { type: 'transfer.x' }, '/17/type'],
    ['a malformed type', 422, 'validation_failed', { type: 'X' }, '/17/type'],
    ['data that breaks its type', 422, 'validation_failed', { type: 'transfer.started' }, '/17/data/transfer'],
  ])('one item with %s refuses the whole batch and is named', async (_what, status, code, fault, pointer) => {
    const type = ownType();
    const batch = Array.from({ length: 20 }, (_, n) => ({ type, data: {}, ...(n === 17 ? fault : {}) }));
    expectProblem(await post(batch), status, code, [pointer]);
    expect((await get(`/events?type=${type}`)).items).toEqual([]);
  });

  test('a batch of 16 MiB is taken; one byte more in all, or an event above 1 MiB in it, is too large', async () => {
    const type = ownType();
    const sized = (bytes: number) => ({ type, data: { x: 'x'.repeat(bytes) } });
    const large = JSON.stringify(Array(16).fill(sized(MEBIBYTE - 200)));
    const rest = 16 * MEBIBYTE - large.length - JSON.stringify(sized(0)).length - 1;
    const whole = JSON.stringify([...JSON.parse(large), sized(rest)]);
    expect(whole).toHaveLength(16 * MEBIBYTE);
    expect((await server().call('POST', '/events', undefined, { raw: whole })).status).toBe(202);
    expectProblem(await server().call('POST', '/events', undefined, { raw: `${whole} ` }), 413, 'payload_too_large');
    const refused = await post([sized(10), sized(MEBIBYTE)]);
    expectProblem(refused, 413, 'payload_too_large');
    expect(refused.body.detail).toContain('/1');
    expect((await get(`/events?type=${type}`)).items).toHaveLength(17);
  });
});

describe('reading events', () => {
  test('lists are filtered by type, and by creation from inclusive to exclusive', async () => {
    const type = ownType();
    const ids: string[] = [];
    for (let n = 0; n < 3; n += 1) ids.push(await publish(server(), type, { n }));
    await publish(server(), ownType());
    const list = async (filter: string) =>
      (await get(`/events?type=${type}${filter}`)).items.map((event: { id: string }) => event.id);
    expect(await list('')).toEqual([...ids].reverse());

    const { createdAt } = await get(`/events/${ids[1]}`);
    const justAfter = new Date(Date.parse(createdAt) + 1).toISOString();
    expect(await list(`&from=${createdAt}`)).toContain(ids[1]);
    expect(await list(`&to=${createdAt}`)).not.toContain(ids[1]);
    expect(await list(`&from=${justAfter}`)).not.toContain(ids[1]);
    expect(await list(`&to=${justAfter}`)).toContain(ids[1]);
    expect(await list(`&from=${justAfter}&to=${createdAt}`)).toEqual([]);
    expect(await list('&from=2000-01-01T00:00:00%2B02:00')).toEqual([...ids].reverse());
  });

  test('a list shows whole events', async () => {
    const type = ownType();
    const id = await publish(server(), type, { n: 1 });
    const { deliveries, unmatched, ...event } = await get(`/events/${id}`);
    expect([deliveries, unmatched]).toEqual([[], expect.any(Array)]);
    expect(await get(`/events?type=${type}`)).toEqual({ items: [event], next: null });
  });

  test.each(['from=yesterday', 'to=2023-09-15', 'after=-1', 'after=x', 'after=1.5'])(
    'the filter %s is refused',
    async (filter) => {
      const name = `?${filter.split('=')[0]}`;
      expectProblem(await server().call('GET', `/events?${filter}`), 400, 'validation_failed', [name]);
    },
  );

  test('after lists everything in order without a gap, from wherever the reader has come to', async () => {
    const before = await lastSequence();
    const published = (await post(Array.from({ length: 5 }, (_, n) => ({ type: ownType(), data: { n } })))).body;
    const seen: { id: string; sequence: number }[] = [];
    for (let after = before; ; after = seen.at(-1)!.sequence) {
      const page = await get(`/events?after=${after}&limit=2`);
      expect(page.next).toBeNull();
      if (page.items.length === 0) break;
      seen.push(...page.items);
    }
    expect(seen.map((event) => event.id)).toEqual(published.map(({ id }: { id: string }) => id));
    expect(seen.map((event) => event.sequence)).toEqual([1, 2, 3, 4, 5].map((n) => before + n));
  });

  test('every event that concurrent publishers were acknowledged is in the sequence, without a gap', async () => {
    const before = await lastSequence();
    const type = ownType();
    const ids = await Promise.all(Array.from({ length: 100 }, () => publish(server(), type)));
    const { items } = await get(`/events?after=${before}&limit=250`);
    expect(items.map((event: { sequence: number }) => event.sequence)).toEqual(
      items.map((_: unknown, index: number) => before + 1 + index),
    );
    expect(new Set(items.map((event: { id: string }) => event.id))).toEqual(new Set(ids));
  });

  test('after is refused with 410 when it is older than retention, and goes on from what is kept', async () => {
    const first = await startServer();
    for (let n = 0; n < 3; n += 1) await publish(first, ownType(), { n });
    await first.stop();
    await pruneAll(first.dataDir);
    const second = await startServer({ dataDir: first.dataDir });
    const id = await publish(second, ownType());
    for (const after of [0, 2]) expectProblem(await second.call('GET', `/events?after=${after}`), 410, 'gone');
    const { body } = await second.call('GET', '/events?after=3');
    expect(body).toEqual({ items: [expect.objectContaining({ id, sequence: 4 })], next: null });
  });

  test('after cannot be combined with another filter', async () => {
    const answer = await server().call('GET', '/events?after=0&type=a.b&from=2023-01-01T00:00:00Z');
    expectProblem(answer, 400, 'validation_failed', ['?from', '?type']);
  });

  test('an event shows its deliveries, without their attempts', async () => {
    const type = ownType();
    const receiver = await startReceiver();
    const webhook = await createWebhook(server(), { url: receiver.url, eventTypes: [type] });
    const id = await publish(server(), type);
    await receiver.arrived(1);
    const { deliveries } = await get(`/events/${id}`);
    expect(deliveries).toEqual([
      expect.objectContaining({
        id: expect.stringMatching(/^dlv_/),
        eventId: id,
        eventType: type,
        webhookId: webhook.id,
      }),
    ]);
    expect(deliveries[0]).not.toHaveProperty('attempts');
    const { attempts, ...delivery } = await get(`/deliveries/${deliveries[0].id}`);
    expect(Object.keys(deliveries[0])).toEqual(Object.keys(delivery));
    expect(attempts).toEqual(expect.any(Array));
  });

  async function lastSequence(): Promise<number> {
    await publish(server(), ownType(), { marker: ownId() });
    return (await get('/events?limit=1')).items[0].sequence;
  }
});

test('GET /event-types has every built-in type, with a sample that is taken where it may be published', async () => {
  const { items } = await get('/event-types');
  expect(items.map(({ type }: { type: string }) => type)).toContain('webhook.paused');
  for (const { type, sample, reserved } of items) {
    expect((await post({ type, data: sample })).status, type).toBe(reserved ? 422 : 202);
  }
});

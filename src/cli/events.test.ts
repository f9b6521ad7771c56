import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { EVENT_TYPES } from '../events/index.ts';
import { runCommand, standInApi } from './cli-stage.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'waybill-events-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const ID = 'evt_01kaksw1ajfhztdf5v7dd9zz00';
const accepted = { status: 202, body: { id: ID, deliveryCount: 2 } };

describe('waybill events publish', () => {
  test('publishes the event in a file and prints its id and how many deliveries it caused', async () => {
    await using api = await standInApi(accepted);
    const event = { type: 'orders.created', occurredAt: '2025-01-31T02:30:00Z', data: { order: 7 } };
    const file = join(folder, 'event.json');
    writeFileSync(file, JSON.stringify(event));
    const outcome = await runCommand(['events', 'publish', file], { env: api.env });
    expect(api.calls[0]).toMatchObject({ method: 'POST', path: '/api/v1/events', body: event });
    expect(api.calls[0]?.headers['idempotency-key']).toBeUndefined();
    expect(outcome).toEqual({ exitCode: 0, stdout: `${ID}  2 deliveries\n`, stderr: '' });
  });

  test('publishes an array from standard input and prints a line for each event', async () => {
    const other = 'evt_01kaksw1ajfhztdf5v7dd9zz01';
    const body = [
      { id: ID, deliveryCount: 1 },
      { id: other, deliveryCount: 0 },
    ];
    await using api = await standInApi({ status: 202, body });
    const stdin = '[{"type":"a.b","data":{}},{"type":"a.c","data":{}}]';
    const outcome = await runCommand(['events', 'publish', '-'], { env: api.env, stdin });
    expect(api.calls[0]?.body).toEqual(JSON.parse(stdin));
    expect(outcome.stdout).toBe(`${ID}  1 delivery\n${other}  no deliveries: no enabled webhook wants it\n`);
  });

  test('publishes a type with data that is given in place, in a file, or left out', async () => {
    await using api = await standInApi(accepted);
    const file = join(folder, 'data.json');
    writeFileSync(file, '{"n":2}');
    for (const data of [['--data', '{"n":1}'], ['--data', `@${file}`], []]) {
      await runCommand(['events', 'publish', '--type', 'orders.created', ...data], { env: api.env });
    }
    expect(api.calls.map((call) => call.body)).toEqual([
      { type: 'orders.created', data: { n: 1 } },
      { type: 'orders.created', data: { n: 2 } },
      { type: 'orders.created', data: {} },
    ]);
  });

  test("publishes a built-in type's sample", async () => {
    await using api = await standInApi(accepted);
    await runCommand(['events', 'publish', '--sample', 'transfer.completed'], { env: api.env });
    expect(api.calls[0]?.body).toMatchObject({
      type: 'transfer.completed',
      data: { transfer: { id: 'transfer-123', name: 'Daily Backup' } },
    });
  });

  test('sends the idempotency key it was given', async () => {
    await using api = await standInApi(accepted);
    await runCommand(['events', 'publish', '--type', 'a.b', '--idempotency-key', 'k-1'], { env: api.env });
    expect(api.calls[0]?.headers['idempotency-key']).toBe('k-1');
  });

  test('prints the answer as it came with --json', async () => {
    await using api = await standInApi(accepted);
    const { stdout } = await runCommand(['events', 'publish', '--type', 'a.b', '--json'], { env: api.env });
    expect(JSON.parse(stdout)).toEqual(accepted.body);
  });

  test.each([
    [[], 'Say what to publish'],
    [['event.json', '--type', 'a.b'], 'Say what to publish'],
    [['--sample', 'transfer.started', '--type', 'a.b'], 'Say what to publish'],
    [['-', '--data', '{}'], '--data goes with --type.'],
    [['--type', 'a.b', '--data', '{n:1}'], '--data is not JSON: '],
    [['--sample', 'orders.created'], '"orders.created" is no built-in event type'],
    [['--type', 'a.b', '--idempotency-key', 'two\nlines'], 'letters, digits and signs'],
  ])('publishes nothing with wrong usage: %j', async (argv, reason) => {
    await using api = await standInApi(accepted);
    const outcome = await runCommand(['events', 'publish', ...argv], { env: api.env, stdin: '{}' });
    expect([outcome.exitCode, outcome.stdout]).toEqual([2, '']);
    expect(outcome.stderr).toContain(reason);
    expect(api.calls).toEqual([]);
  });
});

const event = {
  id: ID,
  type: 'transfer.completed',
  occurredAt: '2023-09-15T14:22:33.000Z',
  createdAt: '2025-01-31T02:30:00.123Z',
  sequence: 17,
  data: { transfer: { id: 't', name: 'Daily \u001b Backup' } },
};

test('waybill events list shows a table and asks with every filter', async () => {
  await using api = await standInApi({ status: 200, body: { items: [event], next: null } });
  const argv = ['--type', 'transfer.completed', '--from', '2023-01-01T00:00:00Z', '--limit', '5'];
  const { stdout } = await runCommand(['events', 'list', ...argv], { env: api.env });
  expect(api.calls[0]?.path).toBe('/api/v1/events?type=transfer.completed&from=2023-01-01T00%3A00%3A00Z&limit=5');
  expect(stdout.split('\n')).toEqual([
    'ID                              SEQUENCE  OCCURRED (UTC)       TYPE',
    `${ID}  17        2023-09-15 14:22:33  transfer.completed`,
    '',
  ]);
});

test('waybill events list shows events in the order of their sequence, and how to go on, with --after', async () => {
  await using api = await standInApi({ status: 200, body: { items: [event], next: null } });
  const { stdout } = await runCommand(['events', 'list', '--after', '16', '--limit', '1'], { env: api.env });
  expect(api.calls[0]?.path).toBe('/api/v1/events?after=16&limit=1');
  expect(stdout).toMatch(/transfer\.completed\n\nTo go on: --after 17\n$/);
  const both = await runCommand(['events', 'list', '--after', '0', '--type', 'a.b'], { env: api.env });
  expect([both.exitCode, api.calls.length]).toEqual([2, 1]);
});

test('waybill events show shows the event, whom it was sent to, whom not and why, and its data', async () => {
  const delivery = {
    id: 'dlv_01kaksw1ajfhztdf5v7dd9zz00',
    eventId: ID,
    eventType: event.type,
    webhookId: 'wh_1',
    state: 'delivered',
    reason: null,
    createdAt: '2025-01-31T02:30:00.123Z',
    attemptCount: 1,
    nextAttemptAt: null,
    replayOf: null,
  };
  const held = { ...delivery, webhookId: 'wh_2', state: 'pending', reason: 'webhook_paused', attemptCount: 0 };
  const unmatched = [
    { webhookId: 'wh_3', name: 'Ops \u001b', because: 'event_type' },
    { webhookId: 'wh_4', name: 'New', because: 'created_later' },
  ];
  const body = { ...event, deliveries: [delivery, held], unmatched };
  await using api = await standInApi({ status: 200, body });
  const { stdout } = await runCommand(['events', 'show', ID], { env: api.env });
  expect(api.calls[0]).toMatchObject({ method: 'GET', path: `/api/v1/events/${ID}` });
  expect(stdout).toBe(`id          ${ID}
type        transfer.completed
occurredAt  2023-09-15T14:22:33.000Z
createdAt   2025-01-31T02:30:00.123Z
sequence    17

SENT TO  DELIVERY                        ATTEMPTS  STATE
wh_1     dlv_01kaksw1ajfhztdf5v7dd9zz00  1         delivered
wh_2     dlv_01kaksw1ajfhztdf5v7dd9zz00  0         pending: held, because the webhook is paused

NOT SENT TO  NAME        BECAUSE
wh_4         New         it was created later
wh_3         Ops \\u001b  its event types leave this one out

{
  "transfer": {
    "id": "t",
    "name": "Daily \\u001b Backup"
  }
}

What came of a delivery:  waybill deliveries show ${held.id}
What a webhook wants:     waybill webhooks show WEBHOOK
To send it all the same:  waybill replays create --webhook-id WEBHOOK --event-ids ${ID}
`);
});

describe('waybill events types', () => {
  test('lists every built-in type without a server or a key', async () => {
    const { exitCode, stdout } = await runCommand(['events', 'types']);
    expect(exitCode).toBe(0);
    for (const { type } of EVENT_TYPES) expect(stdout).toMatch(new RegExp(`^${type.replaceAll('.', '\\.')} `, 'm'));
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);
  });

  test('lists them as JSON for machines', async () => {
    const { stdout } = await runCommand(['events', 'types', '--json']);
    const types = JSON.parse(stdout);
    expect(types).toHaveLength(EVENT_TYPES.length);
    expect(types).toContainEqual(expect.objectContaining({ type: 'webhook.test', reserved: true }));
  });
});

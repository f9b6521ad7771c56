import { describe, expect, test } from 'vitest';
import { runCommand, standInApi } from './cli-stage.ts';

const ID = 'rpl_01kaksw1ajfhztdf5v7dd9zz00';
const WEBHOOK = 'wh_01kaksw1ajfhztdf5v7dd9zz00';

const replay = {
  id: ID,
  state: 'running',
  count: 40,
  done: 12,
  skipped: 0,
  webhookId: WEBHOOK,
  from: '2025-01-31T00:00:00.000Z',
  to: '2025-02-01T00:00:00.000Z',
  states: ['exhausted', 'cancelled'],
  eventTypes: ['transfer.*'],
  eventIds: null,
  body: 'exact',
  ratePerSecond: 50,
  createdAt: '2025-02-02T09:00:00.123Z',
  endedAt: null,
};

describe('waybill replays create', () => {
  const RANGE = ['--from', '2025-01-31T00:00:00Z', '--to', '2025-02-01T00:00:00Z'];

  test('asks for everything that its options say', async () => {
    await using api = await standInApi({ status: 202, body: { id: ID, count: 40 } });
    const argv = ['--webhook-id', WEBHOOK, ...RANGE, '--states', 'exhausted,cancelled', '--event-types', 'transfer.*'];
    const more = ['--body', 'exact', '--rate-per-second', '0.5', '--idempotency-key', 'k1'];
    const outcome = await runCommand(['replays', 'create', ...argv, ...more], { env: api.env });
    expect(outcome).toEqual({ exitCode: 0, stdout: `${ID} sends 40 deliveries.\n`, stderr: '' });
    expect(api.calls).toMatchObject([
      { method: 'POST', path: '/api/v1/replays', headers: { 'idempotency-key': 'k1' } },
    ]);
    expect(api.calls[0]?.body).toEqual({
      webhookId: WEBHOOK,
      from: '2025-01-31T00:00:00Z',
      to: '2025-02-01T00:00:00Z',
      states: ['exhausted', 'cancelled'],
      eventTypes: ['transfer.*'],
      body: 'exact',
      ratePerSecond: 0.5,
    });
  });

  test('without an end means until now', async () => {
    await using api = await standInApi({ status: 202, body: { id: ID, count: 0 } });
    const before = Date.now();
    const { stdout } = await runCommand(['replays', 'create', ...RANGE.slice(0, 2)], { env: api.env });
    const [call] = api.calls;
    expect(call?.body).toEqual({ from: RANGE[1], to: expect.any(String) });
    expect(Date.parse((call?.body as { to: string } | undefined)?.to ?? '')).toBeGreaterThanOrEqual(before);
    expect(stdout).toBe(`${ID} has nothing to send.\n`);
  });

  test('names events instead of a time', async () => {
    await using api = await standInApi({ status: 202, body: { id: ID, count: 1 } });
    const argv = ['replays', 'create', '--webhook-id', WEBHOOK, '--event-ids', 'evt_1, evt_2'];
    const { stdout } = await runCommand(argv, { env: api.env });
    expect(api.calls[0]?.body).toEqual({ webhookId: WEBHOOK, eventIds: ['evt_1', 'evt_2'] });
    expect(stdout).toBe(`${ID} sends 1 delivery.\n`);
  });

  test('only counts with --dry-run', async () => {
    await using api = await standInApi({ status: 202, body: { id: null, count: 40 } });
    const { stdout } = await runCommand(['replays', 'create', ...RANGE, '--dry-run'], { env: api.env });
    expect(api.calls[0]?.body).toMatchObject({ dryRun: true });
    expect(stdout).toBe('It would send 40 deliveries. Nothing was kept.\n');
  });

  test('prints the answer as it came with --json', async () => {
    await using api = await standInApi({ status: 202, body: { id: ID, count: 40 } });
    const { stdout } = await runCommand(['replays', 'create', ...RANGE, '--json'], { env: api.env });
    expect(JSON.parse(stdout)).toEqual({ id: ID, count: 40 });
  });

  test.each([
    ['neither a time nor events', []],
    ['both', [...RANGE, '--webhook-id', WEBHOOK, '--event-ids', 'evt_1']],
    ['events for no webhook', ['--event-ids', 'evt_1']],
    ['to wait for a dry run', [...RANGE, '--dry-run', '--wait']],
    ['a rate of nothing', [...RANGE, '--rate-per-second', '0']],
    ['a body of no kind', [...RANGE, '--body', 'same']],
  ])('is called wrongly when it is told %s', async (_what, argv) => {
    await using api = await standInApi({ status: 202, body: { id: ID, count: 40 } });
    const outcome = await runCommand(['replays', 'create', ...argv], { env: api.env });
    expect([outcome.exitCode, outcome.stdout]).toEqual([2, '']);
    expect(outcome.stderr).toMatch(/./);
    expect(api.calls).toEqual([]);
  });

  test("passes on the server's refusal", async () => {
    const problem = {
      title: 'The request is not valid',
      detail: '/webhookId: There is no webhook "wh_1".',
      status: 422,
      code: 'validation_failed',
      errors: [{ pointer: '/webhookId', detail: 'There is no webhook "wh_1".' }],
    };
    await using api = await standInApi({ status: 422, body: problem });
    const outcome = await runCommand(['replays', 'create', ...RANGE, '--webhook-id', 'wh_1'], { env: api.env });
    expect(outcome.exitCode).toBe(1);
    expect(outcome.stderr).toContain('/webhookId: There is no webhook "wh_1".');
  });
});

describe('waybill replays show', () => {
  test('tells what is sent again and how far it has come', async () => {
    await using api = await standInApi({ status: 200, body: replay });
    const { exitCode, stdout } = await runCommand(['replays', 'show', ID], { env: api.env });
    expect(api.calls[0]).toMatchObject({ method: 'GET', path: `/api/v1/replays/${ID}` });
    expect(exitCode).toBe(0);
    expect(stdout).toBe(`replay                  ${ID}
webhook                 ${WEBHOOK}
events                  from 2025-01-31T00:00:00.000Z, before 2025-02-01T00:00:00.000Z
whose last delivery is  exhausted or cancelled
of types                transfer.*
body                    exact: the bytes that were sent first
rate                    50 a second
created                 2025-02-02T09:00:00.123Z
state                   running
done                    12 of 40
`);
  });

  test('says what was skipped', async () => {
    await using api = await standInApi({ status: 200, body: { ...replay, state: 'completed', done: 40, skipped: 3 } });
    const { stdout } = await runCommand(['replays', 'show', ID], { env: api.env });
    expect(stdout).toContain('done                    40 of 40, 3 of them skipped: event or webhook had gone\n');
  });

  test.each([
    ['completed', 0],
    ['cancelled', 1],
  ])('with --wait ends with the code of a replay that is %s: %d', async (state, exitCode) => {
    await using api = await standInApi({ status: 200, body: { ...replay, state } });
    const outcome = await runCommand(['replays', 'show', ID, '--wait', '--json'], { env: api.env });
    expect(outcome.exitCode).toBe(exitCode);
    expect(JSON.parse(outcome.stdout)).toMatchObject({ id: ID, state });
  });
});

test('waybill replays list shows a table', async () => {
  const items = [replay, { ...replay, webhookId: null, state: 'completed', done: 40 }];
  await using api = await standInApi({ status: 200, body: { items, next: 'c2' } });
  const { stdout } = await runCommand(['replays', 'list', '--limit', '2'], { env: api.env });
  expect(api.calls[0]?.path).toBe('/api/v1/replays?limit=2');
  expect(stdout.split('\n')).toEqual([
    'ID                              CREATED (UTC)        STATE      DONE   WEBHOOK',
    `${ID}  2025-02-02 09:00:00  running    12/40  ${WEBHOOK}`,
    `${ID}  2025-02-02 09:00:00  completed  40/40  every`,
    '',
    'There are more: add --cursor c2',
    '',
  ]);
});

test('waybill replays cancel says what had been made', async () => {
  await using api = await standInApi({ status: 200, body: { ...replay, state: 'cancelled' } });
  const done = await runCommand(['replays', 'cancel', ID], { env: api.env });
  expect(api.calls[0]).toMatchObject({ method: 'POST', path: `/api/v1/replays/${ID}/cancel` });
  expect(done.stdout).toBe(`${ID} is cancelled. Of 40 deliveries, 12 had been made.\n`);
});

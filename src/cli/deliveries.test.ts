import { describe, expect, test } from 'vitest';
import { runCommand, standInApi } from './cli-stage.ts';

const ID = 'dlv_01kaksw1ajfhztdf5v7dd9zz00';
const OTHER = 'dlv_01kaksw1ajfhztdf5v7dd9zz01';

const delivery = {
  id: ID,
  eventId: 'evt_01kaksw1ajfhztdf5v7dd9zz00',
  eventType: 'transfer.completed_with_errors',
  webhookId: 'wh_01kaksw1ajfhztdf5v7dd9zz00',
  state: 'retrying',
  reason: null,
  createdAt: '2025-01-31T02:30:00.123Z',
  attemptCount: 2,
  nextAttemptAt: '2025-01-31T02:35:05.200Z',
  replayOf: null,
};

const request = { method: 'POST', url: 'https://hooks.example.com/mft', headers: {}, body: '{}' };

const attempts = [
  {
    number: 1,
    trigger: 'initial',
    startedAt: '2025-01-31T02:30:00.200Z',
    durationMs: 12,
    outcome: 'failed',
    request,
    response: { status: 500, headers: {}, body: 'oops\u001b[2J', truncated: false },
    error: { code: 'http_status', message: 'The receiver answered 500 Internal Server Error.' },
  },
  {
    number: 2,
    trigger: 'recovery',
    startedAt: '2025-01-31T02:30:05.200Z',
    durationMs: null,
    outcome: 'unknown',
    request,
    response: null,
    error: null,
  },
];

describe('waybill deliveries list', () => {
  test('shows a table of at most 100 columns and how to see more', async () => {
    await using api = await standInApi({ status: 200, body: { items: [delivery], next: 'c2' } });
    const { stdout } = await runCommand(['deliveries', 'list'], { env: api.env });
    expect(stdout.split('\n')).toEqual([
      'ID                              CREATED (UTC)        ATTEMPTS  STATE     EVENT TYPE',
      `${ID}  2025-01-31 02:30:00  2         retrying  transfer.completed_with_er…`,
      '',
      'There are more: add --cursor c2',
      '',
    ]);
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);
  });

  test('asks the server with every filter', async () => {
    await using api = await standInApi({ status: 200, body: { items: [], next: null } });
    const argv =
      '--webhook-id wh_1 --event-id evt_1 --event-type transfer.failed --state exhausted --error-code timeout ' +
      '--status 503 --from 2025-01-01T00:00:00+01:00 --to 2025-02-01T00:00:00Z --limit 10 --cursor c1';
    const outcome = await runCommand(['deliveries', 'list', ...argv.split(' '), '--json'], { env: api.env });
    expect(outcome.exitCode).toBe(0);
    expect(Object.fromEntries(new URL(api.calls[0]?.path ?? '', api.url).searchParams)).toEqual({
      webhookId: 'wh_1',
      eventId: 'evt_1',
      eventType: 'transfer.failed',
      state: 'exhausted',
      errorCode: 'timeout',
      status: '503',
      from: '2025-01-01T00:00:00+01:00',
      to: '2025-02-01T00:00:00Z',
      limit: '10',
      cursor: 'c1',
    });
  });
});

describe('waybill deliveries show', () => {
  /** The last line of the story of a delivery that stands so. */
  async function outlook(state: string, reason: string | null, nextAttemptAt: string | null = null): Promise<string> {
    const body = { ...delivery, state, reason, nextAttemptAt, attempts: [] };
    await using api = await standInApi({ status: 200, body });
    const { stdout } = await runCommand(['deliveries', 'show', ID], { env: api.env });
    return stdout.trimEnd().split('\n').at(-1) ?? '';
  }

  test('tells each attempt and what comes next', async () => {
    await using api = await standInApi({ status: 200, body: { ...delivery, attempts } });
    const { exitCode, stdout } = await runCommand(['deliveries', 'show', ID], { env: api.env });
    expect(api.calls[0]).toMatchObject({ method: 'GET', path: `/api/v1/deliveries/${ID}` });
    expect(exitCode).toBe(0);
    expect(stdout).toBe(`delivery  ${ID}
event     evt_01kaksw1ajfhztdf5v7dd9zz00  transfer.completed_with_errors
webhook   wh_01kaksw1ajfhztdf5v7dd9zz00
created   2025-01-31T02:30:00.123Z
state     retrying

attempt 1  2025-01-31T02:30:00.200Z, the first, took 12 ms
request    POST https://hooks.example.com/mft
outcome    failed
answer     500, oops\\u001b[2J
error      http_status: The receiver answered 500 Internal Server Error.

attempt 2  2025-01-31T02:30:05.200Z, after a restart
request    POST https://hooks.example.com/mft
outcome    unknown: the server stopped before it saw an answer

Next attempt at 2025-01-31T02:35:05.200Z.
`);
  });

  test('says what a person can do, or need not do, in every state', async () => {
    expect(await outlook('pending', null)).toBe('It is due now.');
    expect(await outlook('retrying', 'breaker_open', '2025-01-31T03:00:00.000Z')).toBe(
      'Next attempt at 2025-01-31T03:00:00.000Z.',
    );
    expect(await outlook('retrying', 'webhook_paused')).toBe(
      `It is held, and goes out after: waybill webhooks resume ${delivery.webhookId}`,
    );
    expect(await outlook('pending', 'webhook_disabled')).toBe(
      `It is held, and goes out after: waybill webhooks update ${delivery.webhookId} --enabled true`,
    );
    expect(await outlook('delivering', null)).toBe('It is being sent now.');
    expect(await outlook('delivered', null)).toBe('It is delivered.');
    expect(await outlook('exhausted', 'attempts_spent')).toBe(
      `It is not tried again. To send it: waybill deliveries retry ${ID}`,
    );
    expect(await outlook('cancelled', 'webhook_deleted')).toBe(
      `It is not tried again. To send it: waybill replays create --webhook-id WEBHOOK --event-ids ${delivery.eventId}`,
    );
  });

  test('says what can be done about the latest attempt, where that failed in a way that it knows', async () => {
    const [failed] = attempts;
    const show = async (error: object) => {
      const body = { ...delivery, attempts: [failed, { ...failed, number: 2, error }] };
      await using api = await standInApi({ status: 200, body });
      const { stdout } = await runCommand(['deliveries', 'show', ID], { env: api.env });
      return [...stdout.matchAll(/^remedy +(.*)$/gm)].map(([, remedy]) => remedy);
    };
    expect(await show({ code: 'timeout', message: 'No answer.' })).toEqual([
      'Have the receiver answer before it does its work, or raise `timeoutMs` of the webhook.',
    ]);
    expect(await show({ code: 'of_a_later_version', message: 'Who knows.' })).toEqual([]);
  });

  test('prints the answer as it came with --json', async () => {
    const body = { ...delivery, attempts };
    await using api = await standInApi({ status: 200, body });
    const { stdout } = await runCommand(['deliveries', 'show', ID, '--json'], { env: api.env });
    expect(JSON.parse(stdout)).toEqual(body);
  });
});

describe('waybill deliveries retry', () => {
  test('says that an open delivery is tried now', async () => {
    await using api = await standInApi({ status: 202, body: delivery });
    const { stdout } = await runCommand(['deliveries', 'retry', ID], { env: api.env });
    expect(api.calls[0]).toMatchObject({ method: 'POST', path: `/api/v1/deliveries/${ID}/retry`, body: null });
    expect(stdout).toBe(`${ID} is tried now.\n`);
  });

  test('names the new delivery that it made of an ended one', async () => {
    await using api = await standInApi({ status: 202, body: { ...delivery, id: OTHER, replayOf: ID } });
    const { stdout } = await runCommand(['deliveries', 'retry', ID], { env: api.env });
    expect(stdout).toBe(`${ID} had ended; it is sent again as the new delivery ${OTHER}.\n`);
  });
});

test('waybill deliveries cancel says so, and passes on a refusal', async () => {
  await using api = await standInApi({ status: 200, body: { ...delivery, state: 'cancelled' } });
  const done = await runCommand(['deliveries', 'cancel', ID], { env: api.env });
  expect(api.calls[0]).toMatchObject({ method: 'POST', path: `/api/v1/deliveries/${ID}/cancel` });
  expect(done).toEqual({ exitCode: 0, stdout: `${ID} is cancelled.\n`, stderr: '' });

  const problem = { title: 'The state does not allow that', detail: 'It has ended.', status: 409, code: 'conflict' };
  await using refusing = await standInApi({ status: 409, body: problem });
  const refused = await runCommand(['deliveries', 'cancel', ID], { env: refusing.env });
  expect(refused).toEqual({ exitCode: 1, stdout: '', stderr: 'The state does not allow that\nIt has ended.\n' });
});

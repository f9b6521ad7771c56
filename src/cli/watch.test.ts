import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { type Clock, systemClock } from '../kernel/clock.ts';
import { runCommand } from './cli-stage.ts';

/** A clock on which nobody waits. */
const hasty: Clock = { ...systemClock, after: (_delayMs, run) => systemClock.after(0, run) };

type Respond = (request: IncomingMessage, response: ServerResponse) => void;

/** A stand-in for `GET /stream`: each connection is answered by the next of the given, the last one stays. */
async function streaming(...answers: [Respond, ...Respond[]]) {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    const respond = answers[Math.min(requests.length, answers.length - 1)] ?? answers[0];
    requests.push(request);
    respond(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { requests, env: { WAYBILL_BASE_URL: url, WAYBILL_API_KEY: 'k' } };
}

const head = (response: ServerResponse) => response.writeHead(200, { 'content-type': 'text/event-stream' });
const refusal = { title: 'A valid API key is needed', status: 401, detail: 'It is not known.', code: 'unauthorized' };
const refuse: Respond = (_request, response) => {
  response.writeHead(401, { 'content-type': 'application/problem+json' }).end(JSON.stringify(refusal));
};

function change(id: string, state: string, reason: string | null = null): string {
  const data = { id: 'dlv_1', webhookId: 'wh_1', eventId: 'evt_1', eventType: 'order.shipped', state, reason };
  return `id: ${id}\nevent: delivery\ndata: ${JSON.stringify(data)}\n\n`;
}

test('deliveries watch prints a line for each change, until it is interrupted', async () => {
  const { env, requests } = await streaming((_request, response) => {
    const text = `retry: 2000\n:\nid: a-1\n\n${change('a-2', 'retrying', 'webhook_paused')}${change('a-3', 'delivered')}`;
    head(response).write(text.slice(0, 60));
    setImmediate(() => response.write(text.slice(60)));
  });
  const outcome = await runCommand(['deliveries', 'watch', '--webhook-id', 'wh_1', '--state', 'delivered'], {
    env,
    interruptWhen: ({ stdout }) => stdout.includes('delivered'),
  });
  expect(requests[0]?.url).toBe('/api/v1/stream?webhookId=wh_1&state=delivered');
  expect(outcome.exitCode).toBe(0);
  expect(outcome.stderr).toBe('Watching. Ctrl-C ends this.\n');
  expect(outcome.stdout.replaceAll(/^\S+/gm, 'INSTANT')).toBe(
    'INSTANT  dlv_1  wh_1  order.shipped  retrying: held, because the webhook is paused\n' +
      'INSTANT  dlv_1  wh_1  order.shipped  delivered\n',
  );
});

test('deliveries watch prints one JSON object a line with --json', async () => {
  const { env } = await streaming((_request, response) => head(response).write(change('a-1', 'exhausted')));
  const { stdout } = await runCommand(['deliveries', 'watch', '--json'], {
    env,
    interruptWhen: ({ stdout }) => stdout.endsWith('\n'),
  });
  expect(
    stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line)),
  ).toEqual([expect.objectContaining({ id: 'dlv_1', state: 'exhausted' })]);
});

test('deliveries watch goes on where it was when the connection is lost, and says when something may be missing', async () => {
  const { env, requests } = await streaming(
    (_request, response) =>
      head(response).write(`${change('a-7', 'retrying')}:\nid: a-9\n\n`, () => response.destroy()),
    (_request, response) => response.writeHead(503).end(),
    (_request, response) => head(response).write(`id: b-1\nevent: reset\ndata: {}\n\n${change('b-2', 'delivered')}`),
  );
  const outcome = await runCommand(['deliveries', 'watch'], {
    env,
    clock: hasty,
    interruptWhen: ({ stdout }) => stdout.includes('delivered'),
  });
  expect(requests.map(({ headers }) => headers['last-event-id'])).toEqual([undefined, 'a-9', 'a-9']);
  expect(outcome.stdout.trimEnd().split('\n')).toHaveLength(2);
  expect(outcome.stderr).toBe(
    'Watching. Ctrl-C ends this.\n' +
      'The connection was lost. Trying again.\n'.repeat(2) +
      'Something may have been missed meanwhile: see `waybill deliveries list`.\n',
  );
});

test('deliveries watch ends with 1 where the server refuses, also when it does so later', async () => {
  const first = await streaming(refuse);
  const words = `A valid API key is needed\nIt is not known.\nCheck WAYBILL_API_KEY, or its file, and that ${first.env.WAYBILL_BASE_URL} is the server meant.\n`;
  expect(await runCommand(['deliveries', 'watch'], { env: first.env, interruptWhen: () => false })).toEqual({
    exitCode: 1,
    stdout: '',
    stderr: words,
  });
  const later = await streaming((_request, response) => head(response).end(), refuse);
  const outcome = await runCommand(['deliveries', 'watch'], {
    env: later.env,
    clock: hasty,
    interruptWhen: () => false,
  });
  expect(outcome).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('It is not known.') });
});

test('deliveries watch ends with 1 where no server answers to begin with', async () => {
  const env = { WAYBILL_BASE_URL: 'http://127.0.0.1:9', WAYBILL_API_KEY: 'k' };
  const outcome = await runCommand(['deliveries', 'watch'], { env, interruptWhen: () => false });
  expect(outcome).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('cannot be reached') });
});

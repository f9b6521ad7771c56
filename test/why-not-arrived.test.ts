import { describe, expect, test } from 'vitest';
import { runCommand } from '../src/cli/cli-stage.ts';
import { createWebhook, deliveryInState, ownId, ownType, publish } from './api/stage.ts';
import { answering, startReceiver } from './harness/receiver.ts';
import { ADMIN_KEY, shareServer, startServer, type TestServer } from './harness/server.ts';

const server = shareServer();
/** A port that nothing listens on. */
const down = 'http://127.0.0.1:9/';

/**
 * What somebody reads who knows the type of an event alone, and follows what each command says: the event's id, the event,
 * and one of its deliveries where there is one. Three commands at the most.
 */
async function walk(type: string, at = server()): Promise<string> {
  const listed = await read(at, 'events', 'list', '--type', type);
  const shown = await read(at, 'events', 'show', /evt_\w+/.exec(listed)?.[0] ?? expect.fail(listed));
  const [, next] = /waybill (deliveries show dlv_\w+)/.exec(shown) ?? [];
  return next === undefined ? shown : `${shown}\n${await read(at, ...next.split(' '))}`;
}

async function read(at: TestServer, ...argv: string[]): Promise<string> {
  const env = { WAYBILL_BASE_URL: at.url, WAYBILL_API_KEY: ADMIN_KEY };
  const { exitCode, stdout, stderr } = await runCommand(argv, { env });
  expect([exitCode, stderr]).toEqual([0, '']);
  return stdout;
}

interface Happens {
  before?: (at: TestServer, webhookId: string) => Promise<unknown>;
  until?: 'retrying' | 'exhausted';
  after?: (at: TestServer, webhookId: string, eventId: string) => Promise<unknown>;
}

/** Makes a webhook, publishes an event, waits until its delivery stands so, and acts. Returns the event's type. */
async function scene(settings: object, { before, until, after }: Happens = {}, at = server()): Promise<string> {
  const type = ownType();
  const webhook = await createWebhook(at, { url: down, eventTypes: [type], ...settings });
  await before?.(at, webhook.id);
  const eventId = await publish(at, type, { transfer: { id: ownId() } });
  if (until !== undefined) await deliveryInState(at, eventId, webhook.id, until);
  await after?.(at, webhook.id, eventId);
  return type;
}

const act = (action: string) => (at: TestServer, id: string) => at.call('POST', `/webhooks/${id}/${action}`);
const remove = (at: TestServer, id: string) => at.call('DELETE', `/webhooks/${id}`);
const disable = (at: TestServer, id: string) => at.call('PATCH', `/webhooks/${id}`, { enabled: false });

async function cancel(at: TestServer, _webhookId: string, eventId: string): Promise<void> {
  const { items } = (await at.call('GET', `/deliveries?eventId=${eventId}`)).body;
  expect((await at.call('POST', `/deliveries/${items[0].id}/cancel`)).status).toBe(200);
}

describe('why an event did not arrive is found in three commands', () => {
  test('when the receiver answers 500', async () => {
    const { url } = await startReceiver((_arrival, response) => response.writeHead(500).end('out of paper'));
    const told = await walk(await scene({ url }, { until: 'retrying' }));
    expect(told).toMatch(/^answer +500, out of paper$/m);
    expect(told).toMatch(/^remedy +The receiver was reached and refused/m);
    expect(told).toMatch(/^Next attempt at /m);
  });

  test('when no try is left', async () => {
    const { url } = await startReceiver(answering(404));
    const retry = { strategy: 'delays', delaysMs: [] };
    const told = await walk(await scene({ url, retry }, { until: 'exhausted' }));
    expect(told).toMatch(/^state +exhausted: no attempt is left$/m);
    expect(told).toMatch(/^remedy +Check the path of the URL/m);
    expect(told).toMatch(/^It is not tried again\. To send it: waybill deliveries retry dlv_/m);
  });

  test('when the receiver is down', async () => {
    const told = await walk(await scene({}, { until: 'retrying' }));
    expect(told).toMatch(/^error +connection_refused: .*nothing listens/m);
    expect(told).toMatch(/^remedy +Check that the receiver is running/m);
  });

  test('when the address may not be dialled', async () => {
    const strict = await startServer({ allow: [] });
    const told = await walk(await scene({ url: 'https://localhost:9/' }, { until: 'retrying' }, strict), strict);
    expect(told).toMatch(/^error +egress_refused: localhost resolves to .*add localhost:9 to WAYBILL_EGRESS_ALLOW\.$/m);
    expect(told).toMatch(/^remedy +Use a public address, or add the one named above/m);
  });

  test('when the receiver says that it is gone, which pauses the webhook', async () => {
    const { url } = await startReceiver(answering(410));
    const told = await walk(await scene({ url }, { until: 'retrying' }));
    expect(told).toMatch(/^state +retrying: held, because the webhook is paused$/m);
    expect(told).toMatch(/^remedy +The receiver says that this URL is no longer served/m);
    expect(told).toMatch(/waybill webhooks resume wh_/);
  });

  test('when the webhook is paused', async () => {
    const told = await walk(await scene({}, { before: act('pause') }));
    expect(told).toMatch(/^wh_.*pending: held, because the webhook is paused$/m);
    expect(told).toMatch(/^It is held, and goes out after: waybill webhooks resume wh_/m);
  });

  test('when the webhook was disabled before, and when it was disabled since', async () => {
    expect(await walk(await scene({ name: 'off' }, { before: disable }))).toMatch(/^wh_\w+ +off +it is disabled$/m);
    const since = await walk(await scene({}, { until: 'retrying', after: disable }));
    expect(since).toMatch(/^state +retrying: held, because the webhook is disabled$/m);
    expect(since).toMatch(/^It is held, and goes out after: waybill webhooks update wh_\w+ --enabled true$/m);
  });

  test('when no webhook wants it, by type or by scope', async () => {
    const type = await scene({ name: 'narrow', scope: { transferIds: ['another'] } });
    await createWebhook(server(), { name: 'elsewhere', url: down, eventTypes: [ownType()] });
    const told = await walk(type);
    expect(told).toContain('No deliveries: no webhook was owed it.');
    expect(told).toMatch(/^wh_\w+ +narrow +its scope leaves this event out$/m);
    expect(told).toMatch(/^wh_\w+ +elsewhere +its event types leave this one out$/m);
    expect(told).toMatch(/waybill replays create --webhook-id WEBHOOK --event-ids evt_/);
  });

  test('when the delivery was cancelled', async () => {
    const told = await walk(await scene({}, { until: 'retrying', after: cancel }));
    expect(told).toMatch(/^state +cancelled: a person gave it up$/m);
    expect(told).toMatch(/To send it: waybill deliveries retry dlv_/);
  });

  test('when the webhook was deleted before, and when it was deleted since', async () => {
    expect(await walk(await scene({ name: 'gone' }, { before: remove }))).toMatch(
      /^wh_\w+ +gone +it had been deleted$/m,
    );
    const since = await walk(await scene({}, { until: 'retrying', after: remove }));
    expect(since).toMatch(/^state +cancelled: the webhook was deleted$/m);
    expect(since).toMatch(/To send it: waybill replays create --webhook-id WEBHOOK --event-ids evt_/);
  });
});

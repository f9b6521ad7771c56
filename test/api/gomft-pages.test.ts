import { describe, expect, onTestFinished, test } from 'vitest';
import { type Arrival, answering, startReceiver } from '../harness/receiver.ts';
import { shareServer } from '../harness/server.ts';
import gomftCompleted from './gomft-completed.json' with { type: 'json' };
import gomftFailed from './gomft-failed.json' with { type: 'json' };
import { createWebhook, deliveryInState, expectProblem, ownId, ownType, publish } from './stage.ts';

/**
 * What GoMFT's page on webhook notifications promises, row by row and under its words, each from the setting to the
 * receiver. What else holds of a row is in the tests of its part.
 */

const server = shareServer();
const NO_RETRY = { strategy: 'delays', delaysMs: [] };

/** Sets the defaults for one test; the built-in ones are back when it has finished. */
async function setDefaults(defaults: object): Promise<void> {
  onTestFinished(async () => {
    await server().call('PUT', '/settings/webhooks', {});
  });
  expect((await server().call('PUT', '/settings/webhooks', defaults)).status).toBe(200);
}

/** Publishes an event to a webhook with the settings and to no other; returns the request, the webhook and the event. */
async function exchange(settings: object, respond = answering(204)) {
  const receiver = await startReceiver(respond);
  const type = ownType();
  const webhook = await createWebhook(server(), { url: `${receiver.url}/hook`, eventTypes: [type], ...settings });
  const eventId = await publish(server(), type, { n: 1 });
  const [arrival] = (await receiver.arrived(1)) as [Arrival];
  return { arrival, webhook, eventId, receiver };
}

/** What a webhook with the settings sends of one of the page's example events. */
async function bodyOf(example: typeof gomftCompleted | typeof gomftFailed, settings: object = {}): Promise<string> {
  const { timestamp, event_type: type, transfer, ...data } = example;
  const id = ownId();
  const receiver = await startReceiver();
  await createWebhook(server(), { url: receiver.url, scope: { transferIds: [id] }, ...settings });
  const occurred = { occurredAt: timestamp };
  await publish(server(), type.replace('_', '.'), { ...data, transfer: { ...transfer, id } }, occurred);
  const [arrival] = (await receiver.arrived(1)) as [Arrival];
  return arrival.body.replaceAll(id, transfer.id);
}

async function tested(settings: object) {
  const { body } = await server().call('POST', '/webhooks/test', { name: 'tested', ...settings });
  return body;
}

describe('Global Webhook Settings', () => {
  test('Default Webhook URL: the base URL for webhook requests', async () => {
    const receiver = await startReceiver();
    const type = ownType();
    await setDefaults({ url: `${receiver.url}/base/` });
    await createWebhook(server(), { eventTypes: [type] });
    await createWebhook(server(), { eventTypes: [type], url: 'invoices' });
    await publish(server(), type);
    const paths = (await receiver.arrived(2)).map(({ path }) => path).sort();
    expect(paths).toEqual(['/base/', '/base/invoices']);
  });

  test.each([
    [undefined, 'POST'],
    ['PUT', 'PUT'],
    ['PATCH', 'PATCH'],
  ])('HTTP Method: set to %s, the receiver sees %s', async (method, seen) => {
    await setDefaults({ method });
    expect((await exchange({})).arrival.method).toBe(seen);
  });

  test.each([
    [undefined, 'application/json', /^\{"type":/],
    ['application/xml', 'application/xml', /^<\?xml /],
    ['application/json; charset=utf-8', 'application/json; charset=utf-8', /^\{"type":/],
  ])('Content Type: set to %s, the receiver sees %s and a body of that kind', async (contentType, seen, start) => {
    await setDefaults({ contentType });
    const { arrival } = await exchange({});
    expect(arrival.headers['content-type']).toBe(seen);
    expect(arrival.body).toMatch(start);
  });

  test.each([
    ['None', { type: 'none' }, {}],
    [
      'Basic Auth',
      { type: 'basic', username: 'mft', password: 'of a test' },
      { authorization: `Basic ${btoa('mft:of a test')}` },
    ],
    ['API Key', { type: 'api_key', name: 'X-Api-Key', value: 'of-a-test', in: 'header' }, { 'x-api-key': 'of-a-test' }],
    ['Bearer Token', { type: 'bearer', token: 'of-a-test' }, { authorization: 'Bearer of-a-test' }],
  ])('Authentication: %s', async (_row, auth, headers) => {
    await setDefaults({ auth });
    const { arrival } = await exchange({});
    const { authorization, 'x-api-key': apiKey } = arrival.headers;
    expect({ ...(authorization && { authorization }), ...(apiKey && { 'x-api-key': apiKey }) }).toEqual(headers);
  });

  test('Retry Strategy: so many retries, with the delay between them', async () => {
    const delayMs = 50;
    await setDefaults({ retry: { strategy: 'fixed', maxAttempts: 3, delayMs, jitter: 0 } });
    const { webhook, eventId, receiver } = await exchange({}, answering(500));
    const { attemptCount } = await deliveryInState(server(), eventId, webhook.id, 'exhausted');
    expect(attemptCount).toBe(3);
    const [first, second, third] = receiver.arrivals as [Arrival, Arrival, Arrival];
    expect(second.at - first.at).toBeGreaterThanOrEqual(delayMs);
    expect(third.at - second.at).toBeGreaterThanOrEqual(delayMs);
  });

  test('Timeout: the longest wait for an answer', async () => {
    await setDefaults({ timeoutMs: 150, retry: NO_RETRY });
    const { webhook, eventId } = await exchange({}, () => {});
    const { attempts } = await deliveryInState(server(), eventId, webhook.id, 'exhausted');
    expect(attempts[0]).toMatchObject({ error: { code: 'timeout' }, response: null });
    expect(attempts[0].durationMs).toBeGreaterThanOrEqual(150);
  });
});

describe('Testing Webhook Connectivity', () => {
  test('Test Connection sends a test request with what is set', async () => {
    const receiver = await startReceiver();
    const webhook = await createWebhook(server(), {
      url: receiver.url,
      method: 'PUT',
      eventTypes: ['transfer.failed'],
    });
    const { body } = await server().call('POST', `/webhooks/${webhook.id}/test`);
    expect(body.ok).toBe(true);
    const [arrival] = (await receiver.arrived(1)) as [Arrival];
    expect(arrival.method).toBe('PUT');
    expect(arrival.headers['x-waybill-event']).toBe('webhook.test');
    expect(JSON.parse(arrival.body)).toMatchObject({ event_type: 'transfer_failed' });
  });

  test('shows the response status and body from the server', async () => {
    const receiver = await startReceiver((_arrival, response) => response.writeHead(418).end('short and stout'));
    const { ok, response } = await tested({ url: receiver.url });
    expect(ok).toBe(false);
    expect(response).toMatchObject({ status: 418, body: 'short and stout' });
  });
});

describe('Webhook Payload', () => {
  test('Default JSON Payload', async () => {
    expect(JSON.parse(await bodyOf(gomftCompleted))).toEqual(gomftCompleted);
  });

  test('for failure events, additional error information is included', async () => {
    expect(JSON.parse(await bodyOf(gomftFailed))).toEqual(gomftFailed);
  });

  test('in XML as well', async () => {
    const body = await bodyOf(gomftFailed, { contentType: 'application/xml' });
    expect(body).toContain('<event_type>transfer_failed</event_type>');
    expect(body).toContain(`<message>${gomftFailed.transfer.error.message}</message>`);
  });
});

describe('Custom Payload Templates', () => {
  const TEMPLATE = '{"what":"{{event_type}}"{% if status == "failed" %},"error":"{{error_message}}"{% endif %}}';
  const custom = { payload: { format: 'template', template: TEMPLATE } };

  test('a webhook switches from default to custom payload, and back', async () => {
    const { webhook, receiver } = await exchange({});
    const change = async (payload: object | null) => {
      const seen = receiver.arrivals.length;
      const patched = await server().call('PATCH', `/webhooks/${webhook.id}`, { payload });
      expect(patched.status).toBe(200);
      await publish(server(), webhook.eventTypes[0], { n: 1 });
      return (await receiver.arrived(seen + 1)).at(-1)?.body;
    };
    expect(await change(custom.payload)).toBe(`{"what":"${webhook.eventTypes[0].replace('.', '_')}"}`);
    expect(JSON.parse((await change(null)) ?? '')).toMatchObject({ type: webhook.eventTypes[0], data: { n: 1 } });
  });

  test('a template of JSON, with a condition', async () => {
    expect(JSON.parse(await bodyOf(gomftCompleted, custom))).toEqual({ what: 'transfer_completed' });
    const { message } = gomftFailed.transfer.error;
    expect(JSON.parse(await bodyOf(gomftFailed, custom))).toEqual({ what: 'transfer_failed', error: message });
  });

  test('a template of XML', async () => {
    const payload = { format: 'template', template: '<alert name="{{transfer_name}}"/>' };
    expect(await bodyOf(gomftCompleted, { contentType: 'application/xml', payload })).toBe(
      '<alert name="Daily Backup"/>',
    );
  });
});

describe('Common Issues', () => {
  test('Connection Refused: check network connectivity and firewall rules', async () => {
    const { ok, error } = await tested({ url: 'http://127.0.0.1:9/' });
    expect(ok).toBe(false);
    expect(error).toMatchObject({ code: 'connection_refused', remedy: expect.stringMatching(/running.*firewall/) });
  });

  test.each([401, 403])('Authentication Failed (%i): verify credentials and authentication method', async (status) => {
    const receiver = await startReceiver(answering(status));
    const { error } = await tested({ url: receiver.url, auth: { type: 'bearer', token: 'wrong' } });
    expect(error).toMatchObject({ code: 'http_status', remedy: expect.stringMatching(/auth|credentials/) });
  });

  test('Timeout Issues: increase timeout settings for slow endpoints', async () => {
    const receiver = await startReceiver(() => {});
    const { error } = await tested({ url: receiver.url, timeoutMs: 150 });
    expect(error).toMatchObject({ code: 'timeout', remedy: expect.stringContaining('timeoutMs') });
  });

  test('Invalid Payload: validate your custom template syntax', async () => {
    const payload = { format: 'template', template: '{"a": {{ event_type' };
    const refused = await server().call('POST', '/webhooks', { name: 'invalid', url: 'https://example.com/', payload });
    expectProblem(refused, 422, 'template_invalid', ['/payload/template']);
    expect(refused.body.errors[0]).toMatchObject({ detail: expect.stringContaining('not closed'), line: 1, column: 7 });
  });

  test('HTTP Error Codes: check destination service logs for details', async () => {
    const receiver = await startReceiver((_arrival, response) => response.writeHead(500).end('see incident 42'));
    const { error, response } = await tested({ url: receiver.url });
    expect(error).toMatchObject({ code: 'http_status', remedy: expect.stringContaining('log') });
    expect(response.body).toBe('see incident 42');
  });

  test('Webhook Logs: every attempt, with its request and response', async () => {
    const { webhook, eventId } = await exchange({ retry: NO_RETRY }, answering(500));
    const { attempts } = await deliveryInState(server(), eventId, webhook.id, 'exhausted');
    expect(attempts[0]).toMatchObject({ request: { method: 'POST' }, response: { status: 500 } });
    const { items } = (await server().call('GET', '/logs?q=webhook')).body;
    expect(items).not.toEqual([]);
  });
});

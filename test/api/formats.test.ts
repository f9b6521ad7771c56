import { XmlDocument, type XmlElement } from 'libxml2-wasm';
import { Webhook as StandardWebhook } from 'standardwebhooks';
import { describe, expect, test } from 'vitest';
import { type Arrival, answering, startReceiver } from '../harness/receiver.ts';
import { shareServer } from '../harness/server.ts';
import gomftCompleted from './gomft-completed.json' with { type: 'json' };
import { createWebhook, deliveryInState, expectProblem, ownType, publish } from './stage.ts';

const server = shareServer();

/** Publishes an event to a webhook with the settings, and returns the request. */
async function arrivalOf(settings: object, data: object = { n: 1 }, more: object = {}) {
  const receiver = await startReceiver();
  const type = ownType();
  const webhook = await createWebhook(server(), { url: receiver.url, eventTypes: [type], ...settings });
  const eventId = await publish(server(), type, data, more);
  const [arrival] = (await receiver.arrived(1)) as [Arrival];
  const delivery = await deliveryInState(server(), eventId, webhook.id, 'delivered');
  return { arrival, delivery, webhook, eventId, type };
}

/** The same, of GoMFT's example, which every webhook for transfers gets. */
async function transferArrival(settings: object) {
  const receiver = await startReceiver();
  const scope = { transferIds: [`transfer-${ownType()}`] };
  const webhook = await createWebhook(server(), { url: receiver.url, eventTypes: ['transfer.*'], scope, ...settings });
  const { transfer, schedule, timestamp } = gomftCompleted;
  const data = { transfer: { ...transfer, id: scope.transferIds[0] }, schedule };
  const eventId = await publish(server(), 'transfer.completed', data, { occurredAt: timestamp });
  const [arrival] = (await receiver.arrived(1)) as [Arrival];
  await deliveryInState(server(), eventId, webhook.id, 'delivered');
  return { arrival, id: scope.transferIds[0] as string };
}

function elementsAt(document: XmlDocument, path: string): XmlElement[] {
  return document.find(path) as XmlElement[];
}

describe('application/xml', () => {
  test('sends the members of the default body as elements, signed as they are', async () => {
    const { arrival, id } = await transferArrival({ contentType: 'application/xml' });
    expect(arrival.headers['content-type']).toBe('application/xml');
    using document = XmlDocument.fromString(arrival.body);
    expect(document.root.name).toBe('event');
    expect(document.get('/event/event_type')?.content).toBe('transfer_completed');
    expect(document.get('/event/timestamp')?.content).toBe('2023-09-15T14:22:33Z');
    const members = Object.fromEntries(
      elementsAt(document, '/event/transfer/*').map(({ name, content }) => [name, content]),
    );
    const { transfer } = gomftCompleted;
    expect(members).toEqual(
      Object.fromEntries(Object.entries({ ...transfer, id }).map(([name, value]) => [name, String(value)])),
    );
    expect(Object.keys(members)).toEqual(Object.keys(transfer));
  });

  test('verifies with Standard Webhooks over the bytes of the document', async () => {
    const { arrival, webhook } = await arrivalOf(
      { contentType: 'application/xml; charset=utf-8' },
      { text: 'ünï & <ö>' },
    );
    expect(arrival.headers['content-type']).toBe('application/xml; charset=utf-8');
    // The library parses what it has verified as JSON, so only its complaint about that may come.
    const verifier = new StandardWebhook(webhook.signingSecret);
    const verify = () => verifier.verify(arrival.body, arrival.headers as Record<string, string>);
    expect(verify).toThrow(SyntaxError);
    using document = XmlDocument.fromString(arrival.body);
    expect(document.get('/event/data/text')?.content).toBe('ünï & <ö>');
  });
});

describe('cloudevents', () => {
  test('in structured mode sends one document with the attributes and the data', async () => {
    const occurredAt = '2023-09-15T14:22:33.007Z';
    const payload = { format: 'cloudevents', mode: 'structured' };
    const { arrival, eventId, type } = await arrivalOf({ payload }, { n: 1 }, { occurredAt });
    expect(arrival.headers['content-type']).toBe('application/cloudevents+json');
    const { tenantId } = (await server().call('GET', '/settings/instance')).body;
    expect(JSON.parse(arrival.body)).toEqual({
      specversion: '1.0',
      id: eventId,
      source: `urn:waybill:${tenantId}`,
      type,
      time: occurredAt,
      datacontenttype: 'application/json',
      data: { n: 1 },
    });
  });

  test('in binary mode sends the data, and the attributes as headers that the log shows', async () => {
    const payload = { format: 'cloudevents', mode: 'binary' };
    const { arrival, delivery, eventId, type } = await arrivalOf({ payload });
    expect(arrival.headers['content-type']).toBe('application/json');
    expect(arrival.body).toBe('{"n":1}');
    const attributes = {
      'ce-specversion': '1.0',
      'ce-id': eventId,
      'ce-source': expect.stringMatching(/^urn:waybill:\d+$/),
      'ce-type': type,
      'ce-time': expect.stringMatching(/Z$/),
    };
    expect(arrival.headers).toMatchObject(attributes);
    expect(delivery.attempts[0].request.headers).toMatchObject(attributes);
  });
});

test('gomft sends the tree of its program', async () => {
  const { arrival, id } = await transferArrival({ payload: { format: 'gomft' } });
  expect(JSON.parse(arrival.body)).toMatchObject({
    event: 'Job Completed',
    job: { id: 'schedule-456', status: 'completed', config_id: id, transfer_bytes: 1073741824, file_count: 258 },
    instance: { id: 'gomft', environment: 'production' },
    timestamp: '2023-09-15T14:22:33Z',
  });
});

/** The two attempts of a delivery, between which the webhook has been changed. */
async function attemptsAround(before: object, change: object): Promise<[Arrival, Arrival]> {
  const receiver = await startReceiver(answering(500));
  const type = ownType();
  const retry = { strategy: 'fixed', maxAttempts: 5, delayMs: 60_000 };
  const webhook = await createWebhook(server(), { url: receiver.url, eventTypes: [type], retry, ...before });
  const eventId = await publish(server(), type);
  const { id } = await deliveryInState(server(), eventId, webhook.id, 'retrying');
  expect((await server().call('PATCH', `/webhooks/${webhook.id}`, change)).status).toBe(200);
  receiver.respond = answering(204);
  await server().call('POST', `/deliveries/${id}/retry`);
  return (await receiver.arrived(2)) as [Arrival, Arrival];
}

const attributesOf = ({ headers }: Arrival) => Object.entries(headers).filter(([name]) => name.startsWith('ce-'));

describe('after the webhook has changed to another format', () => {
  const structured = { format: 'cloudevents', mode: 'structured' };
  const binary = { format: 'cloudevents', mode: 'binary' };

  test('the media type and the bytes of the first attempt go out again', async () => {
    const change = { contentType: null, payload: structured };
    const [first, second] = await attemptsAround({ contentType: 'application/xml' }, change);
    expect(second.headers['content-type']).toBe('application/xml');
    expect(second.body).toBe(first.body);
  });

  test.each([
    ['goes out in headers again', 5, binary, { format: 'default' }],
    ['is in no header that the first attempt did not have', 0, structured, binary],
  ])('the event %s', async (_what, count, before, payload) => {
    const [first, second] = await attemptsAround({ payload: before }, { payload });
    expect(attributesOf(first)).toHaveLength(count);
    expect(attributesOf(second)).toEqual(attributesOf(first));
    expect(second.body).toBe(first.body);
  });
});

describe('what no format can be', () => {
  const url = 'https://hooks.example.com/';
  test.each([
    ['XML of cloudevents', { contentType: 'application/xml', payload: { format: 'cloudevents', mode: 'binary' } }],
    ['XML of gomft', { contentType: 'application/xml; charset=utf-8', payload: { format: 'gomft' } }],
    ['another media type without a template', { contentType: 'text/plain' }],
  ])('%s is refused at /contentType', async (_what, settings) => {
    expectProblem(await server().call('POST', '/webhooks', { name: 'x', url, ...settings }), 422, 'validation_failed', [
      '/contentType',
    ]);
  });

  test('is refused also where a part of it is inherited, or comes by a patch', async () => {
    const { id } = await createWebhook(server(), { url, payload: { format: 'gomft' } });
    const answer = await server().call('PATCH', `/webhooks/${id}`, { contentType: 'application/xml' });
    expectProblem(answer, 422, 'validation_failed', ['/contentType']);
  });

  test('a mode that cloudevents does not have, or none', async () => {
    for (const payload of [{ format: 'cloudevents', mode: 'batched' }, { format: 'cloudevents' }]) {
      const answer = await server().call('POST', '/webhooks', { name: 'x', url, payload });
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(answer.body.errors[0].pointer).toBe('/payload/mode');
    }
  });

  test('a header of its own by the name of an attribute', async () => {
    const payload = { format: 'cloudevents', mode: 'binary' };
    const answer = await server().call('POST', '/webhooks', { name: 'x', url, payload, headers: { 'Ce-Id': '1' } });
    expectProblem(answer, 422, 'validation_failed', ['/headers/Ce-Id']);
    expect((await createWebhook(server(), { url, headers: { 'Ce-Id': '1' } })).headers).toEqual({ 'Ce-Id': '1' });
  });
});

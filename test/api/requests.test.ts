import { Webhook as StandardWebhook } from 'standardwebhooks';
import { Webhook as SvixWebhook } from 'svix';
import { describe, expect, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { type Arrival, answering, startReceiver } from '../harness/receiver.ts';
import { shareServer } from '../harness/server.ts';
import gomftCompleted from './gomft-completed.json' with { type: 'json' };
import gomftFailed from './gomft-failed.json' with { type: 'json' };
import { answeringAfter, createWebhook, deliveryInState, ownType, publish } from './stage.ts';

const server = shareServer();

/** A receiver, a webhook that sends to it, and an event type that only this webhook gets. */
async function stage(settings: object = {}) {
  const receiver = await startReceiver();
  const type = ownType();
  const webhook = await createWebhook(server(), { url: `${receiver.url}/hook?a=b`, eventTypes: [type], ...settings });
  return { receiver, webhook, type };
}

/** Publishes an event to a webhook with the settings, and returns the request, and how the log shows it. */
async function exchange(settings: object, event: { type?: string; data?: object; occurredAt?: string } = {}) {
  const { receiver, webhook, type } = await stage({ ...settings, ...(event.type && { eventTypes: [event.type] }) });
  const { data = {}, occurredAt } = event;
  const eventId = await publish(server(), event.type ?? type, data, occurredAt === undefined ? {} : { occurredAt });
  const [arrival] = (await receiver.arrived(1)) as [Arrival];
  const { attempts } = await deliveryInState(server(), eventId, webhook.id, 'delivered');
  return { arrival, shown: attempts[0].request, webhook, eventId };
}

describe('what a receiver gets', () => {
  test('is the whole request, with every header that the log shows', async () => {
    const { receiver, webhook, type } = await stage({ headers: { 'X-Environment': 'production' } });
    const sentAfter = Math.floor(Date.now() / 1000);
    const eventId = await publish(server(), type, { n: 1 });
    const [arrival] = (await receiver.arrived(1)) as [Arrival];
    const delivery = await deliveryInState(server(), eventId, webhook.id, 'delivered');

    expect(arrival).toMatchObject({ method: 'POST', path: '/hook?a=b' });
    const { host, 'content-length': length, connection: _, ...headers } = arrival.headers;
    expect(host).toBe(receiver.address);
    expect(Number(length)).toBe(Buffer.byteLength(arrival.body));
    expect(headers).toEqual({
      'content-type': 'application/json',
      'user-agent': `Waybill/${packageJson.version}`,
      'webhook-id': eventId,
      'webhook-timestamp': expect.stringMatching(/^\d{10}$/),
      'webhook-signature': expect.stringMatching(/^v1,[A-Za-z0-9+/]{43}=$/),
      'x-environment': 'production',
      'x-waybill-attempt': '1',
      'x-waybill-delivery': delivery.id,
      'x-waybill-event': type,
      'x-waybill-sequence': '1',
    });
    const timestamp = Number(headers['webhook-timestamp']);
    expect(timestamp).toBeGreaterThanOrEqual(sentAfter);
    expect(timestamp).toBeLessThanOrEqual(Math.floor(arrival.at / 1000));

    expect(delivery).toEqual({
      id: expect.stringMatching(/^dlv_/),
      eventId,
      eventType: type,
      webhookId: webhook.id,
      state: 'delivered',
      reason: null,
      createdAt: expect.stringMatching(/Z$/),
      attemptCount: 1,
      nextAttemptAt: null,
      replayOf: null,
      sequence: 1,
      attempts: [
        {
          number: 1,
          trigger: 'initial',
          startedAt: expect.stringMatching(/Z$/),
          durationMs: expect.any(Number),
          outcome: 'delivered',
          request: { method: 'POST', url: `${receiver.url}/hook?a=b`, headers, body: arrival.body },
          response: { status: 204, headers: expect.any(Object), body: '', truncated: false },
          error: null,
        },
      ],
    });
  });

  test('verifies with the libraries of Standard Webhooks and of Svix, and not when a byte has changed', async () => {
    const { arrival, webhook } = await exchange({}, { data: { text: 'ünïcödé \u2028 ☃ "\\' } });
    const headers = arrival.headers as Record<string, string>;
    for (const verifier of [new StandardWebhook(webhook.signingSecret), new SvixWebhook(webhook.signingSecret)]) {
      expect(verifier.verify(arrival.body, headers)).toEqual(JSON.parse(arrival.body));
      expect(() => verifier.verify(`${arrival.body} `, headers)).toThrow();
      expect(() => verifier.verify(arrival.body, { ...headers, 'webhook-id': 'evt_other' })).toThrow();
    }
  });

  test('is signed with the secret that was given', async () => {
    const signingSecret = `whsec_${Buffer.alloc(24, 7).toString('base64')}`;
    const { arrival } = await exchange({ signingSecret });
    new StandardWebhook(signingSecret).verify(arrival.body, arrival.headers as Record<string, string>);
  });

  test('numbers the deliveries of a webhook without a gap, however many are published at once', async () => {
    const { receiver, type } = await stage();
    const batch = () => Array.from({ length: 25 }, () => ({ type, data: {} }));
    await Promise.all([1, 2, 3, 4].map(() => server().call('POST', '/events', batch())));
    const arrivals = await receiver.arrived(100);
    const sequences = arrivals.map((arrival) => Number(arrival.headers['x-waybill-sequence']));
    expect(sequences.sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, n) => n + 1));
  });

  test('counts its attempts, under the same id and number and with a signature of its own', async () => {
    const { receiver, webhook, type } = await stage({ retry: { strategy: 'fixed', maxAttempts: 3, delayMs: 0 } });
    receiver.respond = (arrival, response) => {
      response.writeHead(arrival.headers['x-waybill-attempt'] === '3' ? 200 : 500).end();
    };
    await publish(server(), type, { n: 1 });
    const arrivals = await receiver.arrived(3);
    expect(arrivals.map(({ headers }) => headers['x-waybill-attempt'])).toEqual(['1', '2', '3']);
    for (const name of ['webhook-id', 'x-waybill-delivery', 'x-waybill-sequence']) {
      expect(new Set(arrivals.map(({ headers }) => headers[name])).size).toBe(1);
    }
    expect(new Set(arrivals.map(({ body }) => body)).size).toBe(1);
    for (const { body, headers } of arrivals) {
      new StandardWebhook(webhook.signingSecret).verify(body, headers as Record<string, string>);
    }
  });

  test.each(['POST', 'PUT', 'PATCH'])('comes by %s where the webhook says so', async (method) => {
    const { arrival, shown } = await exchange({ method });
    expect([arrival.method, shown.method]).toEqual([method, method]);
  });

  test('names the charset where the webhook says so', async () => {
    const { arrival } = await exchange({ contentType: 'application/json; charset=utf-8' });
    expect(arrival.headers['content-type']).toBe('application/json; charset=utf-8');
  });

  test('bears the instant of its attempt in webhook-timestamp, in Unix seconds, and is signed with it', async () => {
    const { receiver, webhook, type } = await stage({ retry: { strategy: 'delays', delaysMs: [1_000], jitter: 0 } });
    receiver.respond = (_arrival, response) => {
      receiver.respond = answering(204);
      response.writeHead(500).end();
    };
    const eventId = await publish(server(), type);
    const { attempts } = await deliveryInState(server(), eventId, webhook.id, 'delivered');
    const timestamps = receiver.arrivals.map(({ headers }) => Number(headers['webhook-timestamp']));
    const startedAt = attempts.map((attempt: { startedAt: string }) => Date.parse(attempt.startedAt));
    expect(timestamps).toEqual(startedAt.map((ms: number) => Math.floor(ms / 1000)));
    expect(timestamps[1]).toBeGreaterThan(timestamps[0] as number);
    const [first, second] = receiver.arrivals as [Arrival, Arrival];
    const verifier = new StandardWebhook(webhook.signingSecret);
    verifier.verify(second.body, second.headers as Record<string, string>);
    const mixed: NodeJS.Dict<string | string[]> = { ...second.headers };
    mixed['webhook-timestamp'] = first.headers['webhook-timestamp'];
    expect(() => verifier.verify(second.body, mixed as Record<string, string>)).toThrow();
  });

  test('keeps method, content type and bytes of its first attempt, and takes URL, auth and headers of today', async () => {
    const { receiver, webhook, type } = await stage({ retry: { strategy: 'fixed', maxAttempts: 2, delayMs: 0 } });
    const changes = {
      url: `${receiver.url}/moved`,
      method: 'PUT',
      contentType: 'application/json; charset=utf-8',
      payload: { format: 'standard' },
      auth: { type: 'bearer', token: 'of-today' },
      headers: { 'x-new': 'yes' },
    };
    receiver.respond = answeringAfter(async () => {
      await server().call('PATCH', `/webhooks/${webhook.id}`, changes);
      receiver.respond = answering(200);
    }, 500);
    await server().call('PATCH', `/webhooks/${webhook.id}`, {
      eventTypes: ['transfer.started'],
      scope: { transferIds: [type] },
    });
    await publish(server(), 'transfer.started', { transfer: { id: type, name: 'n' } });
    const [first, second] = (await receiver.arrived(2)) as [Arrival, Arrival];
    expect(second).toMatchObject({ method: 'POST', path: '/moved', body: first.body });
    expect(second.headers).toMatchObject({
      'content-type': 'application/json',
      authorization: 'Bearer of-today',
      'x-new': 'yes',
    });
  });
});

describe('authentication', () => {
  const password = 'hidden pä:ssword ☃';

  test('basic sends user and password in UTF-8, and shows neither', async () => {
    const { arrival, shown } = await exchange({ auth: { type: 'basic', username: 'Jürgen', password } });
    const [scheme, credentials = ''] = arrival.headers.authorization?.split(' ') ?? [];
    expect(scheme).toBe('Basic');
    expect(Buffer.from(credentials, 'base64').toString()).toBe(`Jürgen:${password}`);
    expect(shown.headers.authorization).toBe('***');
    expect(JSON.stringify(shown)).not.toContain(credentials);
  });

  test('bearer sends the token, and does not show it', async () => {
    const { arrival, shown } = await exchange({ auth: { type: 'bearer', token: 'hidden-token' } });
    expect(arrival.headers.authorization).toBe('Bearer hidden-token');
    expect(shown.headers.authorization).toBe('***');
  });

  test('api_key in a header sends it under its name, and does not show it', async () => {
    const auth = { type: 'api_key', name: 'X-Partner', value: 'hidden-key', in: 'header' };
    const { arrival, shown } = await exchange({ auth });
    expect(arrival.headers['x-partner']).toBe('hidden-key');
    expect(shown.headers['x-partner']).toBe('***');
  });

  test('api_key in the query is added to what the URL has, and not shown', async () => {
    const auth = { type: 'api_key', name: 'api key', value: 'hidden&key=+ %', in: 'query' };
    const { arrival, shown } = await exchange({ auth });
    const query = new URL(arrival.path, 'http://receiver').searchParams;
    expect([query.get('a'), query.get('api key')]).toEqual(['b', 'hidden&key=+ %']);
    expect(shown.url).toMatch(/\/hook\?a=b&api%20key=\*\*\*$/);
  });

  test('none sends no credentials but those the webhook sets as headers, which are not shown', async () => {
    const headers = {
      Authorization: 'Custom hidden-1',
      Cookie: 'session=hidden-2',
      'X-Api-Key': 'hidden-3',
      'X-Plain': 'seen',
    };
    const { arrival, shown } = await exchange({ auth: { type: 'none' }, headers });
    expect(arrival.headers).toMatchObject({
      authorization: 'Custom hidden-1',
      cookie: 'session=hidden-2',
      'x-plain': 'seen',
    });
    expect(shown.headers).toMatchObject({ authorization: '***', cookie: '***', 'x-api-key': '***', 'x-plain': 'seen' });
  });

  test('credentials show up nowhere: not in the log of deliveries, not in a test, not in the system log', async () => {
    for (const auth of [
      { type: 'basic', username: 'shown', password: 'hidden' },
      { type: 'bearer', token: 'hidden' },
      { type: 'api_key', name: 'X-Key', value: 'hidden', in: 'header' },
      { type: 'api_key', name: 'key', value: 'hidden', in: 'query' },
    ]) {
      const { receiver, webhook, type } = await stage({ auth });
      receiver.respond = answering(500);
      const eventId = await publish(server(), type);
      const delivery = await deliveryInState(server(), eventId, webhook.id, 'retrying');
      const tested = await server().call('POST', `/webhooks/${webhook.id}/test`);
      for (const shown of [delivery, tested.body]) {
        expect(JSON.stringify(shown)).not.toMatch(/hidden|c2hvd246aGlkZGVu/);
      }
    }
    expect(JSON.stringify(server().log)).not.toMatch(/hidden|c2hvd246aGlkZGVu/);
  });

  test.each<[what: string, auth: object, headers?: object]>([
    ['basic', { type: 'basic', username: 'shown', password: 'hidden "pä:ss' }],
    ['bearer', { type: 'bearer', token: 'hidden"/\\token' }],
    ['an api_key in a header', { type: 'api_key', name: 'X-Key', value: 'hidden "key"', in: 'header' }],
    ['an api_key in the query', { type: 'api_key', name: 'k', value: 'hidden &key=+ %/é', in: 'query' }],
    ['a header that authenticates', { type: 'none' }, { 'X-Auth-Token': 'hidden-token' }],
  ])(
    'what a receiver repeats of %s is masked in its answer, in the log and in a test',
    async (_what, auth, headers) => {
      const { receiver, webhook, type } = await stage({ auth, headers, retry: { strategy: 'delays', delaysMs: [] } });
      receiver.respond = (arrival, response) => {
        const query = new URL(arrival.path, receiver.url).search;
        const form = new URLSearchParams(new URLSearchParams(query)).toString();
        const location = `${receiver.url}/moved${query}`;
        response.writeHead(302, { location, 'x-seen': arrival.headers.authorization ?? '' });
        response.end(JSON.stringify({ ...arrival, form, decoded: [...new URLSearchParams(query)] }));
      };
      const eventId = await publish(server(), type);
      const { attempts } = await deliveryInState(server(), eventId, webhook.id, 'exhausted');
      const tested = await server().call('POST', `/webhooks/${webhook.id}/test`);
      for (const shown of [attempts[0], tested.body]) {
        expect(JSON.stringify(shown)).not.toMatch(/hidden|c2hvd246aGlkZGVu/);
        expect(JSON.stringify(shown.response)).toContain('***');
        expect(JSON.parse(shown.response.body)).toMatchObject({
          method: 'POST',
          headers: { 'webhook-id': expect.any(String) },
        });
      }
    },
  );

  test('a changed secret goes out with the next attempt, a kept one goes on', async () => {
    const { receiver, webhook, type } = await stage({ auth: { type: 'basic', username: 'u', password: 'one' } });
    const sentWith = async (): Promise<string> => {
      const eventId = await publish(server(), type);
      const [arrival] = await receiver.arrived(1, ({ headers }) => headers['webhook-id'] === eventId);
      return Buffer.from(arrival?.headers.authorization?.slice('Basic '.length) ?? '', 'base64').toString();
    };
    expect(await sentWith()).toBe('u:one');
    await server().call('PATCH', `/webhooks/${webhook.id}`, { auth: { username: 'v', password: { set: true } } });
    expect(await sentWith()).toBe('v:one');
    await server().call('PATCH', `/webhooks/${webhook.id}`, { auth: { password: 'two' } });
    expect(await sentWith()).toBe('v:two');
  });
});

describe('bodies', () => {
  const occurredAt = '2023-09-15T14:22:33Z';

  test.each([
    ['transfer.completed', gomftCompleted],
    ['transfer.failed', gomftFailed],
  ])('GoMFT’s documented example of a %s comes out as it is documented, member by member', async (type, documented) => {
    const { event_type, timestamp, ...data } = documented;
    const { arrival } = await exchange({}, { type, data, occurredAt: timestamp });
    expect(event_type).toBe(type.replace('.', '_'));
    expect(arrival.body).toBe(JSON.stringify(documented));
  });

  test('milliseconds are written where there are any, and nothing else of data enters', async () => {
    const data = { extra: 1, schedule: { name: 'n', id: 5 }, transfer: { z: 1, id: 't', name: 'n', a: null }, run: {} };
    const { arrival } = await exchange(
      {},
      { type: 'transfer.started', data, occurredAt: '2023-09-15T16:22:33.5+02:00' },
    );
    expect(arrival.body).toBe(
      '{"event_type":"transfer_started","timestamp":"2023-09-15T14:22:33.500Z","transfer":{"z":1,"id":"t","name":"n","a":null},"schedule":{"name":"n","id":5}}',
    );
  });

  test('an event of a schedule has the schedule alone', async () => {
    const data = { schedule: { id: 's', name: 'n' }, runIds: ['run_1'] };
    const { arrival } = await exchange({}, { type: 'schedule.triggered', data, occurredAt });
    expect(arrival.body).toBe(
      `{"event_type":"schedule_triggered","timestamp":"${occurredAt}","schedule":{"id":"s","name":"n"}}`,
    );
  });

  const received = {
    message: {
      id: 'msg_1',
      as2MessageId: '<1@beta>',
      subject: 'Order',
      receivedAt: '2023-09-15T14:22:33.120Z',
    },
    station: { name: 'Acme EDI', as2Id: 'ACME', email: 'edi@acme.example' },
    partner: { name: 'Beta', as2Id: 'BETA' },
    attachments: [{ name: 'a.edi' }, { name: 'b.edi', key: 'somewhere/b.edi' }],
  };

  test('an AS2 message has MFT Gateway’s flat body, with old and new names', async () => {
    const { arrival } = await exchange({}, { type: 'message.received', data: received, occurredAt });
    expect(JSON.parse(arrival.body)).toEqual({
      eventType: 'MESSAGE.RECEIVED.SUCCESS',
      to: 'edi@acme.example',
      messageAS2ID: '<1@beta>',
      messageIdentifier: '<1@beta>',
      messageSubject: 'Order',
      partnerAS2ID: 'BETA',
      partnerIdentifier: 'BETA',
      partnerName: 'Beta',
      stationAS2ID: 'ACME',
      stationIdentifier: 'ACME',
      stationName: 'Acme EDI',
      attachments: ['AS2/files/ACME/BETA/inbox/msg_1/a.edi', 'somewhere/b.edi'],
      bucketName: expect.any(String),
      tenantName: expect.any(String),
      tenantEmail: expect.any(String),
      tenantId: expect.any(Number),
      receivedAt: Date.parse('2023-09-15T14:22:33.120Z'),
    });
  });

  test.each([
    ['old', ['messageAS2ID'], ['messageIdentifier']],
    ['new', ['messageIdentifier'], ['messageAS2ID']],
  ])('an AS2 body has the %s names alone where the webhook says so', async (identifiers, there, missing) => {
    const payload = { format: 'default', identifiers };
    const { arrival } = await exchange({ payload }, { type: 'message.received', data: received });
    const names = Object.keys(JSON.parse(arrival.body));
    expect(names).toEqual(expect.arrayContaining(there));
    expect(names).not.toEqual(expect.arrayContaining(missing));
  });

  test('an AS2 message that failed says why', async () => {
    const data = { ...received, error: { code: 'HTTP_ERROR', message: 'The partner answered 503' } };
    const { arrival } = await exchange({}, { type: 'message.send_failed', data, occurredAt });
    expect(JSON.parse(arrival.body)).toMatchObject({
      eventType: 'MESSAGE.SEND.FAILED',
      failureReason: 'The partner answered 503',
      failures: 1,
      subject: 'Order',
      lastAttemptTime: Date.parse(occurredAt),
    });
  });

  test('the standard format is type, timestamp and all of data, in this order', async () => {
    const data = { transfer: { id: 't', name: 'n' }, beside: [1, 2] };
    const payload = { format: 'standard' };
    const { arrival } = await exchange({ payload }, { type: 'transfer.started', data, occurredAt });
    expect(arrival.body).toBe(
      `{"type":"transfer.started","timestamp":"2023-09-15T14:22:33.000Z","data":${JSON.stringify(data)}}`,
    );
  });

  test('an outside type has the standard body by default', async () => {
    const { arrival, webhook } = await exchange({}, { data: { order: 7 }, occurredAt });
    expect(JSON.parse(arrival.body)).toEqual({
      type: webhook.eventTypes[0],
      timestamp: '2023-09-15T14:22:33.000Z',
      data: { order: 7 },
    });
  });

  test('a body of a mebibyte arrives whole and verifies', async () => {
    const { arrival, webhook } = await exchange({}, { data: { x: 'ü'.repeat(500_000) } });
    expect(JSON.parse(arrival.body).data.x).toHaveLength(500_000);
    new StandardWebhook(webhook.signingSecret).verify(arrival.body, arrival.headers as Record<string, string>);
  });
});

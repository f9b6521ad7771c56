import { readFileSync } from 'node:fs';
import { XmlDocument } from 'libxml2-wasm';
import { describe, expect, test } from 'vitest';
import { type Arrival, answering, startReceiver } from '../harness/receiver.ts';
import { type Answer, shareServer } from '../harness/server.ts';
import gomftCompleted from './gomft-completed.json' with { type: 'json' };
import gomftFailed from './gomft-failed.json' with { type: 'json' };
import { createWebhook, deliveryInState, expectProblem, ownId, ownType, publish, readUntil } from './stage.ts';

const server = shareServer({ env: { WAYBILL_ENVIRONMENT: 'staging' } });

const URL_OF_NOBODY = 'http://127.0.0.1:9/';

/** GoMFT, "Webhook Notifications", "Custom Payload Templates": the example, as it stands there. */
const SEED_TEMPLATE = readFileSync(new URL('./gomft-template.txt', import.meta.url), 'utf8');

function template(text: string) {
  return { payload: { format: 'template', template: text } };
}

function save(settings: object): Promise<Answer> {
  return server().call('POST', '/webhooks', { name: 'of a test', url: URL_OF_NOBODY, ...settings });
}

function preview(body: object): Promise<Answer> {
  return server().call('POST', '/templates/preview', body);
}

/** What a template makes of an event that is really published, as the receiver gets it. */
async function arrivalOf(settings: object, type: string, data: object, more: object = {}) {
  const receiver = await startReceiver();
  const webhook = await createWebhook(server(), { url: receiver.url, eventTypes: [type], ...settings });
  const eventId = await publish(server(), type, data, more);
  const [arrival] = (await receiver.arrived(1)) as [Arrival];
  return { arrival, webhook, eventId };
}

/** The same of a transfer, which nobody else's webhook is told of. */
async function transferArrival(text: string, example: typeof gomftCompleted | typeof gomftFailed, type: string) {
  const { timestamp, event_type: _type, ...data } = example;
  const id = ownId();
  const own = { ...data, transfer: { ...data.transfer, id } };
  const settings = { ...template(text), scope: { transferIds: [id] } };
  return { id, ...(await arrivalOf(settings, type, own, { occurredAt: timestamp })) };
}

describe('Custom Payload Templates', () => {
  test('the example renders unchanged for a completed transfer', async () => {
    const { arrival } = await transferArrival(SEED_TEMPLATE, gomftCompleted, 'transfer.completed');
    expect(JSON.parse(arrival.body)).toEqual({
      alert: {
        type: 'transfer_completed',
        system: 'GoMFT',
        environment: 'staging',
        details: {
          transfer_name: 'Daily Backup',
          status: 'success',
          time: '2023-09-15T14:22:33Z',
          size_mb: '1024',
        },
      },
    });
  });

  test('the example renders unchanged for a failed transfer', async () => {
    const { arrival } = await transferArrival(SEED_TEMPLATE, gomftFailed, 'transfer.failed');
    expect(JSON.parse(arrival.body).alert).toMatchObject({
      type: 'transfer_failed',
      details: { status: 'failed', size_mb: '' },
      error: 'Failed to connect to destination: Connection timed out',
    });
  });

  test('every flat name has its value, and numbers stay numbers', async () => {
    const names = [
      ...['event_type', 'timestamp', 'environment', 'status', 'transfer_status', 'transfer_name', 'source'],
      ...['destination', 'start_time', 'end_time', 'error_code', 'error_message', 'error_details', 'schedule_name'],
    ];
    const numbers = ['duration', 'duration_seconds', 'total_files', 'files_transferred', 'total_size'];
    const members = [
      ...names.map((name) => `"${name}": "{{ ${name} }}"`),
      ...[...numbers, 'total_size_bytes', 'total_size_mb'].map((name) => `"${name}": {{ ${name} }}`),
    ];
    const text = `{ ${members.join(', ')} }`;
    const completed = await transferArrival(text, gomftCompleted, 'transfer.completed');
    expect(JSON.parse(completed.arrival.body)).toEqual({
      event_type: 'transfer_completed',
      timestamp: '2023-09-15T14:22:33Z',
      environment: 'staging',
      status: 'success',
      transfer_status: 'success',
      transfer_name: 'Daily Backup',
      source: 'local-server',
      destination: 'cloud-storage',
      start_time: '2023-09-15T14:20:01Z',
      end_time: '2023-09-15T14:22:33Z',
      error_code: '',
      error_message: '',
      error_details: '',
      schedule_name: 'Daily Backup Schedule',
      duration: 152,
      duration_seconds: 152,
      total_files: 258,
      files_transferred: 258,
      total_size: 1073741824,
      total_size_bytes: 1073741824,
      total_size_mb: 1024,
    });
    const failed = await transferArrival(text, gomftFailed, 'transfer.failed');
    expect(JSON.parse(failed.arrival.body)).toMatchObject({
      error_code: 'CONNECTION_ERROR',
      error_details: 'TCP connection to cloud-storage:22 timed out after 60 seconds',
      schedule_name: '',
      total_size_bytes: null,
      total_size_mb: null,
    });
  });

  test('every member of the default body is there by path, as are the event and the webhook', async () => {
    const text =
      '{ "all": {{ transfer }}, "rate": {{ transfer.transfer_rate_bytes_per_second }}, "schedule": "{{ schedule.id }}", "event": "{{ event.id }} {{ event.type }}", "webhook": "{{ webhook.name }}" }';
    const { arrival, eventId, id } = await transferArrival(text, gomftCompleted, 'transfer.completed');
    expect(JSON.parse(arrival.body)).toEqual({
      all: { ...gomftCompleted.transfer, id },
      rate: 7064091,
      schedule: 'schedule-456',
      event: `${eventId} transfer.completed`,
      webhook: 'of a test',
    });
  });

  test("GoMFT's own tree has its values", async () => {
    const text =
      '{ "event": "{{ event }}", "job": {{ job }}, "from": "{{instance.name}} {{instance.environment}}", "at": "{{timestamp}}" }';
    const { arrival, id } = await transferArrival(text, gomftCompleted, 'transfer.completed');
    expect(JSON.parse(arrival.body)).toMatchObject({
      event: 'Job Completed',
      job: { id: 'schedule-456', status: 'completed', config_id: id, file_count: 258 },
      from: 'GoMFT staging',
      at: '2023-09-15T14:22:33Z',
    });
  });

  test("MFT Gateway's names, old and new, and the event's own members have theirs", async () => {
    const text =
      '{ "a": ["{{ eventType }}", "{{ messageAS2ID }}", "{{ messageIdentifier }}", "{{ partnerName }}", {{ attachments }}, {{ receivedAt }}], "b": ["{{ message.subject }}", "{{ station.name }}", "{{ partner.as2Id }}"] }';
    const answer = await preview({ template: text, eventType: 'message.received' });
    expect(answer.body).toMatchObject({ valid: true, unknownVariables: [] });
    expect(JSON.parse(answer.body.body)).toEqual({
      a: [
        'MESSAGE.RECEIVED.SUCCESS',
        '<20230915142233.4711@beta.example>',
        '<20230915142233.4711@beta.example>',
        'Beta',
        ['AS2/files/ACME/BETA PARTNER/inbox/msg_01hac3m5xvf4k8d7y2q9t6w0b3/order-4711.edi'],
        1694787753120,
      ],
      b: ['Purchase order 4711', 'Acme EDI', 'BETA PARTNER'],
    });
  });

  test('an event of another system has its data by path', async () => {
    const text = '{ "order": {{ data.order.id }}, "type": "{{ type }}", "none": {{ data.nothing }} }';
    const type = ownType();
    const { arrival } = await arrivalOf(template(text), type, { order: { id: 7 } });
    expect(JSON.parse(arrival.body)).toEqual({ order: 7, type, none: null });
  });

  test('sizes in MB have at most two decimals, and none that say nothing', async () => {
    const sizes = { 1073741824: '1024', 1572864: '1.5', 1234567: '1.18', 0: '0' };
    for (const [bytes, mb] of Object.entries(sizes)) {
      const event = { type: 'transfer.completed', data: { transfer: { total_size_bytes: Number(bytes) } } };
      expect((await preview({ template: '"{{total_size_mb}}"', event })).body.body).toBe(`"${mb}"`);
    }
  });

  test('Jinja habits are understood', async () => {
    const text = `{# a comment with {{ braces }} #}{% set who = "me" %}
      { "a": "{{ transfer_name | upper }} {{ transfer_name | lower }}", "n": {{ transfer_name | length }}, "j": {{ transfer_name | tojson }},
        "b": "{% if status == "failed" %}no{% elif status == "success" %}yes{% else %}?{% endif %}", "who": "{{ who }}" }`;
    const { body } = (await preview({ template: text, eventType: 'transfer.completed' })).body;
    expect(JSON.parse(body)).toEqual({
      a: 'DAILY BACKUP daily backup',
      n: 12,
      j: 'Daily Backup',
      b: 'yes',
      who: 'me',
    });
  });
});

describe('what a template prints', () => {
  const hostile = 'a "quoted" \\ back\nslash\t]]> <b> & \' \u0001 \u{1F600} ';

  test('stays inside of the string of JSON in which it stands', async () => {
    const type = ownType();
    const text =
      '{ "s": "{{ data.text }}", "t": {{ data.text | tojson }}, "o": {{ data }}, "in": "{{ data | json }}" }';
    const { arrival } = await arrivalOf(template(text), type, { text: hostile });
    expect(JSON.parse(arrival.body)).toEqual({
      s: hostile,
      t: hostile,
      o: { text: hostile },
      in: JSON.stringify({ text: hostile }),
    });
  });

  test('is text of XML wherever it stands', async () => {
    const type = ownType();
    const text =
      '<a b="{{ data.text }}" c=\'{{ data.text }}\'><t>{{ data.text }}</t><d><![CDATA[{{ data.text }}]]></d><!-- {{ data.text }} --></a>';
    const settings = { ...template(text), contentType: 'application/soap+xml; charset=utf-8; action="urn:x"' };
    const { arrival, webhook, eventId } = await arrivalOf(settings, type, { text: hostile });
    expect(arrival.headers['content-type']).toBe('application/soap+xml; charset=utf-8; action="urn:x"');
    using document = XmlDocument.fromString(arrival.body);
    const expected = hostile.replace('\u0001', '\uFFFD');
    for (const path of ['/a/@b', '/a/@c', '/a/t', '/a/d']) {
      expect(document.get(path)?.content, path).toBe(expected);
    }
    const { attempts } = await deliveryInState(server(), eventId, webhook.id, 'delivered');
    expect(attempts[0].request.headers['content-type']).toBe(settings.contentType);
    expect(attempts[0].request.body).toBe(arrival.body);
  });

  test('is one value of a form', async () => {
    const type = ownType();
    const settings = {
      ...template('text={{ data.text }}&n={{ data.n }}'),
      contentType: 'application/x-www-form-urlencoded',
    };
    const { arrival } = await arrivalOf(settings, type, { text: `${hostile}&n=2`, n: 1 });
    expect([...new URLSearchParams(arrival.body)]).toEqual([
      ['text', `${hostile}&n=2`],
      ['n', '1'],
    ]);
  });

  test('is itself in plain text', async () => {
    const type = ownType();
    const settings = { ...template('{{ data.text }}|{{ data.none }}|{{ data.n }}'), contentType: 'text/plain' };
    const { arrival } = await arrivalOf(settings, type, { text: hostile, n: 1.5 });
    expect(arrival.body).toBe(`${hostile}||1.5`);
  });

  test('is nothing inside of quotes and null outside of them where a value is missing', async () => {
    const event = { type: 'order.shipped', data: {} };
    const text = '{ "a": "{{ data.none }}", "b": {{ data.none }}, "c": "x\\"{{ data.none }}", "d": {{ none.at.all }} }';
    expect((await preview({ template: text, event })).body.body).toBe('{ "a": "", "b": null, "c": "x\\"", "d": null }');
  });

  test('knows of quotes in every branch, and in loops', async () => {
    const text =
      '[{% for n in data.list %}{% if n %}"{% else %}{% endif %}{{ n }}{% if n %}"{% endif %}{% unless forloop.last %},{% endunless %}{% endfor %}]';
    const event = { type: 'order.shipped', data: { list: ['a"b', null, 3] } };
    expect((await preview({ template: text, event })).body.body).toBe('["a\\"b",null,"3"]');
  });
});

describe('Invalid Payload', () => {
  test.each([
    ['an unclosed tag', '{ "a": 1 }\n{% if status %}', { line: 2, column: 1, eventType: null }],
    ['an unknown filter', '{\n  "a": "{{ status | shout }}" }', { line: 2, column: 9, eventType: null }],
    ['an include', '{% include "/etc/passwd" %}', { line: 1, column: 1, eventType: null }],
    ['an endless loop', '{% for a in (1..3000) %}{% for b in (1..3000) %}{% endfor %}{% endfor %}', {}],
    ['a range that fills the memory', '{% for a in (1..900000000) %}{% endfor %}', {}],
    [
      'an output of 10 MB',
      '{% for a in (1..100000) %}{{ "x" | append: "100 characters and more of text that nobody will ever read, whoever gets it" }}{% endfor %}',
      {},
    ],
    [
      'text outside of quotes',
      '{ "a":\n {{ transfer_name }} }',
      { line: 2, column: 2, eventType: 'transfer.completed' },
    ],
    ['a comma too many', '{ "a": "{{ status }}", }', { line: 1, eventType: 'transfer.completed' }],
    ['a raw value', '{ "a": "{{ transfer_name | raw }}" }', { eventType: 'transfer.completed' }],
    [
      'quotes that are missing in one branch',
      '{ "a": {% if status == "success" %}{{ status }}{% else %}1{% endif %} }',
      {},
    ],
  ])('%s is refused when it is saved, at its place', async (_what, text, place) => {
    const answer = await save({ eventTypes: ['transfer.completed'], ...template(text) });
    expect(answer.status).toBe(422);
    expect(answer.body).toMatchObject({
      code: 'template_invalid',
      errors: [{ pointer: '/payload/template', detail: expect.stringMatching(/./), ...place }],
    });
    expect(Object.keys(answer.body.errors[0])).toEqual(
      expect.arrayContaining(['pointer', 'detail', 'line', 'column', 'eventType', 'sample']),
    );
  });

  test('a template that goes wrong for one of five event types is refused with that type and its sample', async () => {
    const text = '<e>{% if error_message %}<b>{{ error_message }}{% endif %}</e>';
    const eventTypes = [
      'transfer.started',
      'transfer.completed',
      'transfer.failed',
      'schedule.created',
      'message.sent',
    ];
    const answer = await save({ contentType: 'application/xml', eventTypes, ...template(text) });
    expectProblem(answer, 422, 'template_invalid', ['/payload/template']);
    expect(answer.body.errors[0]).toMatchObject({
      detail: expect.stringContaining('not well-formed'),
      line: 1,
      eventType: 'transfer.failed',
      sample: { transfer: { error: { code: 'CONNECTION_ERROR' } } },
    });
  });

  test('is refused also when it comes by a patch of template, content type or event types', async () => {
    const webhook = await createWebhook(server(), {
      url: URL_OF_NOBODY,
      eventTypes: ['schedule.created'],
      ...template('<a>{% if transfer_name %}<b>{% endif %}</a>'),
      contentType: 'application/xml',
    });
    const patch = (change: object) => server().call('PATCH', `/webhooks/${webhook.id}`, change);
    expectProblem(
      await patch({ eventTypes: ['transfer.*'] }),
      422,
      'template_invalid',
      Array(5).fill('/payload/template'),
    );
    expectProblem(await patch({ contentType: 'application/json' }), 422, 'template_invalid', ['/payload/template']);
    expectProblem(await patch({ payload: { template: '{{' } }), 422, 'template_invalid', ['/payload/template']);
    expect((await patch({ enabled: false })).status).toBe(200);
    expect((await patch({ payload: { template: '<a/>' } })).body.payload).toEqual({
      format: 'template',
      template: '<a/>',
    });
  });

  test.each([
    ['text/plain', 200],
    ['application/vnd.acme.event+json', 200],
    ['application/json; charset=iso-8859-1', 422],
    ['text', 422],
    ['text/plain\r\nX-Injected: 1', 422],
    ['text/plain\u0000', 422],
  ])('a content type of %j is answered with %d', async (contentType, status) => {
    const { id } = await createWebhook(server(), { url: URL_OF_NOBODY, eventTypes: [ownType()], ...template('1') });
    const answer = await server().call('PATCH', `/webhooks/${id}`, { contentType });
    expect(answer.status).toBe(status);
    if (status === 422) expectProblem(answer, 422, 'validation_failed', ['/contentType']);
  });

  test('a template of more than 256 KiB is refused', async () => {
    const answer = await save(template(`"${'x'.repeat(262_144)}"`));
    expectProblem(answer, 422, 'validation_failed', ['/payload/template']);
  });

  test('an unknown name is no reason to refuse, and named with the one that was meant', async () => {
    const text =
      '{ "a": "{{ transfer_nmae }}", "b": {{ transfer.totl_size_bytes }}, "c": "{{ zzzzzz }}", "d": "{{ status }}" }';
    const webhook = await createWebhook(server(), {
      url: URL_OF_NOBODY,
      eventTypes: ['transfer.*'],
      ...template(text),
    });
    expect(webhook.warnings).toEqual([
      { name: 'transfer_nmae', nearest: 'transfer_name' },
      { name: 'transfer.totl_size_bytes', nearest: 'transfer.total_size_bytes' },
      { name: 'zzzzzz', nearest: null },
    ]);
    expect((await server().call('GET', `/webhooks/${webhook.id}`)).body).not.toHaveProperty('warnings');
    const fixed = await server().call('PATCH', `/webhooks/${webhook.id}`, template('"{{ status }}"'));
    expect(fixed.body.warnings).toEqual([]);
  });

  test('a repeated creation has the same warnings', async () => {
    const headers = { 'idempotency-key': ownId() };
    const body = { name: 'x', url: URL_OF_NOBODY, eventTypes: [ownType()], ...template('"{{ stauts }}"') };
    const first = await server().call('POST', '/webhooks', body, { headers });
    const second = await server().call('POST', '/webhooks', body, { headers });
    expect(first.body.warnings).toEqual([{ name: 'stauts', nearest: 'status' }]);
    expect(second.body).toEqual(first.body);
    await server().call('DELETE', `/webhooks/${first.body.id}`);
  });
});

describe('a template that fails when an event comes', () => {
  const FRAGILE = '{ "n": {{ data.n }} }';

  async function fragile(receiverUrl: string, text = FRAGILE) {
    const type = ownType();
    const webhook = await createWebhook(server(), { url: receiverUrl, eventTypes: [type], ...template(text) });
    return { type, webhook };
  }

  test.each([
    ['makes no JSON of it', FRAGILE, { n: 'text' }, /n \}\} is text and stands outside of quotes.*line 1, column 8/],
    [
      'takes too long over it',
      '"{% for a in (1..data.n) %}{% for b in (1..data.n) %}{% endfor %}{% endfor %}"',
      { n: 5000 },
      /200 ms|250 ms/,
    ],
    [
      'makes too large a body',
      '"{{ data.text }}{{ data.text }}{{ data.text }}"',
      { n: 1, text: 'x'.repeat(400_000) },
      /1 MiB/,
    ],
    ['takes too much memory', '"{% assign a = (1..data.n) %}{{ a | size }}"', { n: 80_000_000 }, /memory/],
  ])('exhausts the delivery when it %s, and nothing is sent', async (_what, text, data, message) => {
    const receiver = await startReceiver();
    const { type, webhook } = await fragile(receiver.url, text);
    const eventId = await publish(server(), type, data);
    const delivery = await deliveryInState(server(), eventId, webhook.id, 'exhausted');
    expect(delivery).toMatchObject({ reason: 'template_error', attemptCount: 1, nextAttemptAt: null });
    expect(delivery.attempts).toMatchObject([
      {
        number: 1,
        trigger: 'initial',
        outcome: 'failed',
        request: null,
        response: null,
        error: { code: 'template_error', message: expect.stringMatching(message) },
      },
    ]);
    expect(receiver.arrivals).toEqual([]);
  });

  test('is told by delivery.exhausted, found by its code, and sent by a replay after it was corrected', async () => {
    const receiver = await startReceiver();
    const { type, webhook } = await fragile(receiver.url);
    const eventId = await publish(server(), type, { n: 'text' });
    const { id } = await deliveryInState(server(), eventId, webhook.id, 'exhausted');
    const told = await readUntil(server(), '/events?type=delivery.exhausted&limit=250', ({ items }) =>
      items.some((event: Answer['body']) => event.data.delivery.id === id),
    );
    const { data } = told.items.find((event: Answer['body']) => event.data.delivery.id === id);
    expect(data.delivery.error.code).toBe('template_error');
    const found = await server().call('GET', `/deliveries?webhookId=${webhook.id}&errorCode=template_error`);
    expect(found.body.items.map((delivery: { id: string }) => delivery.id)).toEqual([id]);

    const good = await publish(server(), type, { n: 1 });
    await deliveryInState(server(), good, webhook.id, 'delivered');
    await server().call('PATCH', `/webhooks/${webhook.id}`, template('{ "n": {{ data.n | tojson }} }'));
    const replay = await server().call('POST', '/replays', {
      webhookId: webhook.id,
      eventIds: [eventId],
      body: 'exact',
    });
    expect(replay.status).toBe(202);
    const arrivals = await receiver.arrived(2);
    expect(arrivals.map(({ body }) => body)).toEqual(['{ "n": 1 }', '{ "n": "text" }']);

    const again = await server().call('POST', `/deliveries/${id}/retry`);
    expect(again.status).toBe(202);
    expect(again.body.replayOf).toBe(id);
    expect((await receiver.arrived(3))[2]?.body).toBe('{ "n": "text" }');
  });
});

describe('the bytes of the first attempt', () => {
  test('go out again on a retry after the template was edited, and on an exact replay; a rendered one uses the new', async () => {
    const receiver = await startReceiver(answering(500));
    const type = ownType();
    const retry = { strategy: 'fixed', maxAttempts: 5, delayMs: 60_000 };
    const own = { url: receiver.url, eventTypes: [type], retry, ...template('"first {{ data.n }}"') };
    const webhook = await createWebhook(server(), own);
    const eventId = await publish(server(), type, { n: 1 });
    const { id } = await deliveryInState(server(), eventId, webhook.id, 'retrying');
    await server().call('PATCH', `/webhooks/${webhook.id}`, {
      ...template('second {{ data.n }}'),
      contentType: 'text/plain',
    });
    receiver.respond = answering(204);
    await server().call('POST', `/deliveries/${id}/retry`);
    await deliveryInState(server(), eventId, webhook.id, 'delivered');
    for (const body of ['exact', 'rendered']) {
      await server().call('POST', '/replays', { webhookId: webhook.id, eventIds: [eventId], body });
      await receiver.arrived(body === 'exact' ? 3 : 4);
    }
    const sent = receiver.arrivals.map(({ body, headers }) => [body, headers['content-type']]);
    expect(sent).toEqual([
      ['"first 1"', 'application/json'],
      ['"first 1"', 'application/json'],
      ['"first 1"', 'application/json'],
      ['second 1', 'text/plain'],
    ]);
  });
});

describe('a connection test', () => {
  test('sends what the template makes of the sample', async () => {
    const receiver = await startReceiver();
    const settings = { url: receiver.url, eventTypes: ['transfer.failed'], ...template(SEED_TEMPLATE) };
    const { id } = await createWebhook(server(), settings);
    const report = await server().call('POST', `/webhooks/${id}/test`);
    expect(report.body).toMatchObject({ ok: true, error: null });
    expect(JSON.parse(report.body.request.body).alert.error).toMatch(/^Failed to connect/);
    expect(receiver.arrivals[0]?.body).toBe(report.body.request.body);
  });
});

describe('POST /templates/preview', () => {
  test('shows the body and the names, for a sample', async () => {
    const { status, body } = await preview({
      template: SEED_TEMPLATE,
      contentType: 'application/json',
      eventType: 'transfer.failed',
    });
    expect(status).toBe(200);
    expect(JSON.parse(body.body).alert.type).toBe('transfer_failed');
    expect(body).toMatchObject({ valid: true, errors: [], unknownVariables: [] });
    expect(body.variables).toEqual([
      ...['event_type', 'environment', 'transfer_name', 'status', 'timestamp', 'total_size_mb', 'error_message'],
    ]);
  });

  test('renders an event that was published, and knows the names of its own data', async () => {
    const eventId = await publish(server(), ownType(), { order: { id: 7 } });
    const { body } = await preview({ template: '{ "n": {{ order.id }}, "m": {{ ordr }} }', eventId });
    expect(body.body).toBe('{ "n": 7, "m": null }');
    expect(body.unknownVariables.map(({ name }: { name: string }) => name)).toEqual(['ordr']);
  });

  test.each([
    ['{% if %', null],
    ['{ "a": {{ transfer_name }} }', '{ "a": Daily Backup }'],
    ['{% for a in (1..3000) %}{% for b in (1..3000) %}{% endfor %}{% endfor %}', null],
  ])('answers with what is wrong with %j', async (text, body) => {
    const answer = await preview({ template: text, contentType: 'application/json', eventType: 'transfer.completed' });
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ valid: false, body });
    expect(answer.body.errors[0]).toMatchObject({ pointer: '/payload/template', detail: expect.stringMatching(/./) });
  });

  test.each([
    ['no event', {}, 400, 'validation_failed', ['/eventType']],
    [
      'two events',
      { eventType: 'transfer.failed', eventId: 'evt_1' },
      400,
      'validation_failed',
      ['/eventType', '/eventId', '/event'],
    ],
    ['a type that there is not', { eventType: 'transfer.fialed' }, 422, 'unknown_event_type', ['/eventType']],
    ['an event that there is not', { eventId: 'evt_none' }, 422, 'validation_failed', ['/eventId']],
    [
      'no media type',
      { eventType: 'transfer.failed', contentType: 'json' },
      422,
      'validation_failed',
      ['/contentType'],
    ],
    ['an unknown member', { eventType: 'transfer.failed', colour: 1 }, 400, 'validation_failed', ['/colour']],
  ] as const)('refuses a request with %s', async (_what, members, status, code, pointers) => {
    expectProblem(await preview({ template: '1', ...members }), status, code, [...pointers]);
  });
});

describe('the default body', () => {
  const defaultBody = (query: string) => server().call('GET', `/templates/default-body?${query}`);

  test('is what a webhook without a template sends of an event', async () => {
    const { arrival, eventId } = await arrivalOf({}, ownType(), { order: { id: 7 } });
    const { body } = await defaultBody(`eventId=${eventId}`);
    expect(body).toEqual({ contentType: 'application/json', content: arrival.body });
  });

  test('is in XML for a media type of XML, and in JSON for any other', async () => {
    const xml = (await defaultBody('eventType=transfer.failed&contentType=text/xml')).body;
    expect(xml.contentType).toBe('application/xml');
    using document = XmlDocument.fromString(xml.content);
    expect(document.get('/event/event_type')?.content).toBe('transfer_failed');
    const json = (await defaultBody('eventType=transfer.failed&contentType=text/plain')).body;
    expect(JSON.parse(json.content)).toMatchObject({ event_type: 'transfer_failed' });
  });

  test.each([
    ['', 400, 'validation_failed', ['?eventType']],
    ['eventType=transfer.failed&eventId=evt_1', 400, 'validation_failed', ['?eventType', '?eventId']],
    ['eventType=transfer.fialed', 422, 'unknown_event_type', ['?eventType']],
    ['eventId=evt_none', 422, 'validation_failed', ['?eventId']],
    ['eventType=transfer.failed&colour=1', 400, 'validation_failed', ['?colour']],
  ] as const)('is refused of %j', async (query, status, code, pointers) => {
    expectProblem(await defaultBody(query), status, code, [...pointers]);
  });
});

test('GET /templates/variables names what the documentation names, and the types that have it', async () => {
  const { body } = await server().call('GET', '/templates/variables');
  const byName = new Map(body.items.map((item: { name: string }) => [item.name, item]));
  expect(byName.get('event_type')).toMatchObject({ group: 'short', types: null });
  expect(byName.get('transfer.name')).toMatchObject({
    group: 'data',
    types: expect.arrayContaining(['transfer.failed']),
  });
  const page = readFileSync(new URL('../../docs/templates.md', import.meta.url), 'utf8');
  for (const name of byName.keys()) expect(page).toContain(`\`${name}\``);
});

test('GET /templates/presets has Slack, Teams, Discord and PagerDuty, each of which can be saved for every event', async () => {
  const { body } = await server().call('GET', '/templates/presets');
  expect(body.items.map(({ id }: { id: string }) => id)).toEqual([
    'slack',
    'teams',
    'discord',
    'pagerduty',
    'ntfy',
    'gotify',
    'xml',
  ]);
  for (const { contentType, template: text } of body.items) {
    const webhook = await createWebhook(server(), { url: URL_OF_NOBODY, contentType, ...template(text) });
    expect(webhook.warnings).toEqual([]);
    await server().call('DELETE', `/webhooks/${webhook.id}`);
  }
});

describe('a template that webhooks inherit', () => {
  const replace = (settings: object) => server().call('PUT', '/settings/webhooks', settings);

  test('is tried for what each of them subscribes to, and refused in the name of one that it fails', async () => {
    const none = { url: URL_OF_NOBODY, eventTypes: ['schedule.created'] };
    const first = await createWebhook(server(), { ...none, name: 'schedules' });
    const second = await createWebhook(server(), { ...none, name: 'transfers', eventTypes: ['transfer.failed'] });
    const text = '{ "a": {% if error_message %}{{ error_message }}{% else %}1{% endif %} }';
    const refused = await replace({ eventTypes: ['schedule.created'], ...template(text) });
    expectProblem(refused, 422, 'template_invalid', ['/payload/template']);
    expect(refused.body.detail).toContain('"transfers"');
    expect(refused.body.detail).toContain(second.id);

    const taken = await replace({ eventTypes: ['schedule.created'], ...template('{ "a": "{{ schdule_name }}" }') });
    expect(taken.status).toBe(200);
    expect(taken.body.warnings).toEqual([{ name: 'schdule_name', nearest: 'schedule_name' }]);
    const inheriting = (await server().call('GET', `/webhooks/${first.id}`)).body;
    expect(inheriting.payload).toEqual(taken.body.payload);

    const xml = await server().call('PATCH', `/webhooks/${first.id}`, { contentType: 'application/xml' });
    expectProblem(xml, 422, 'template_invalid', ['/payload/template']);
    const plain = await server().call('PATCH', `/webhooks/${first.id}`, { contentType: 'text/csv' });
    expect(plain.body).toMatchObject({ contentType: 'text/csv', warnings: [{ name: 'schdule_name' }] });
    expectProblem(await replace({}), 422, 'validation_failed', ['/payload']);
    await server().call('PATCH', `/webhooks/${first.id}`, { contentType: null });
    expect((await replace({})).status).toBe(200);
  });

  test('is refused itself when it does not hold', async () => {
    expectProblem(await replace(template('{% endif %}')), 422, 'template_invalid', ['/payload/template']);
    expectProblem(await replace({ contentType: 'text/plain' }), 422, 'validation_failed', ['/contentType']);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../kernel/json.ts';
import type { EventContent, Identifiers, InstanceFacts, PayloadChoice } from './index.ts';
import { renderBody } from './index.ts';

const instance: InstanceFacts = {
  name: 'Acme Ltd',
  email: 'ops@acme.example',
  tenantId: 123456789012345,
  bucketName: 'mftg-acme',
  environment: 'staging',
};

function at(instant: string): number {
  return Date.parse(instant);
}

function event(type: string, data: JsonObject, occurredAt = at('2023-09-15T14:22:33Z')): EventContent {
  return { id: 'evt_1', type, occurredAt, data };
}

function textOf(content: EventContent, payload: PayloadChoice): string {
  return renderBody(content, { payload, contentType: 'application/json' }, instance).content;
}

function defaultText(content: EventContent, identifiers?: Identifiers): string {
  return textOf(content, identifiers ? { format: 'default', identifiers } : { format: 'default' });
}

function defaultBody(content: EventContent, identifiers?: Identifiers): JsonObject {
  return JSON.parse(defaultText(content, identifiers));
}

function standardText(content: EventContent): string {
  return textOf(content, { format: 'standard' });
}

/** The two examples of GoMFT's page "Webhook Notifications", as they stand there. */
const COMPLETED_EXAMPLE = `{
  "event_type": "transfer_completed",
  "timestamp": "2023-09-15T14:22:33Z",
  "transfer": {
    "id": "transfer-123",
    "name": "Daily Backup",
    "source": "local-server",
    "destination": "cloud-storage",
    "status": "success",
    "start_time": "2023-09-15T14:20:01Z",
    "end_time": "2023-09-15T14:22:33Z",
    "duration_seconds": 152,
    "files_transferred": 258,
    "total_size_bytes": 1073741824,
    "transfer_rate_bytes_per_second": 7064091
  },
  "schedule": {
    "id": "schedule-456",
    "name": "Daily Backup Schedule"
  }
}`;

const FAILED_EXAMPLE = `{
  "event_type": "transfer_failed",
  "timestamp": "2023-09-15T14:22:33Z",
  "transfer": {
    "id": "transfer-123",
    "name": "Daily Backup",
    "source": "local-server",
    "destination": "cloud-storage",
    "status": "failed",
    "start_time": "2023-09-15T14:20:01Z",
    "end_time": "2023-09-15T14:22:33Z",
    "duration_seconds": 152,
    "error": {
      "code": "CONNECTION_ERROR",
      "message": "Failed to connect to destination: Connection timed out",
      "details": "TCP connection to cloud-storage:22 timed out after 60 seconds"
    }
  }
}`;

describe('the default body of transfers and schedules', () => {
  it.each([
    ['transfer.completed', COMPLETED_EXAMPLE],
    ['transfer.failed', FAILED_EXAMPLE],
  ])('of %s is the documented example, byte for byte once white space is gone', (type, example) => {
    const { transfer, schedule } = JSON.parse(example);
    const data = schedule === undefined ? { transfer } : { schedule, transfer };

    expect(defaultText(event(type, data))).toBe(JSON.stringify(JSON.parse(example)));
  });

  it('writes every dot and no other character of the type as an underscore', () => {
    expect(defaultBody(event('transfer.completed_with_errors', {})).event_type).toBe('transfer_completed_with_errors');
    expect(defaultBody(event('transfer.a.b', {})).event_type).toBe('transfer_a_b');
  });

  it.each([
    ['2023-09-15T14:22:33.000Z', '2023-09-15T14:22:33Z'],
    ['2023-09-15T14:22:33.007Z', '2023-09-15T14:22:33.007Z'],
    ['2023-09-15T14:22:33.500Z', '2023-09-15T14:22:33.500Z'],
    ['2023-09-15T16:22:33.120+02:00', '2023-09-15T14:22:33.120Z'],
  ])('gives the instant %s as %s', (occurredAt, timestamp) => {
    expect(defaultBody(event('transfer.started', {}, at(occurredAt))).timestamp).toBe(timestamp);
  });

  it('leaves out what the data does not have', () => {
    expect(defaultText(event('transfer.started', {}))).toBe(
      '{"event_type":"transfer_started","timestamp":"2023-09-15T14:22:33Z"}',
    );
    expect(defaultText(event('schedule.created', {}))).toBe(
      '{"event_type":"schedule_created","timestamp":"2023-09-15T14:22:33Z"}',
    );
  });

  it('passes unknown members of a transfer on, in the order and with the values they were published with', () => {
    const transfer =
      '{"zone":"eu","name":"n","id":7,"start_time":"2023-09-15T16:20:01+02:00","tags":["b","a",null],"deep":{"y":1,"x":{}}}';
    const schedule = '{"name":"s","owner":null,"id":"1"}';
    const data = JSON.parse(`{"transfer":${transfer},"schedule":${schedule}}`);

    expect(defaultText(event('transfer.completed', data))).toBe(
      `{"event_type":"transfer_completed","timestamp":"2023-09-15T14:22:33Z","transfer":${transfer},"schedule":${schedule}}`,
    );
  });

  it('lets no other member of the data in', () => {
    const transfer = { id: 't', name: 'n' };
    const schedule = { id: 's', name: 'n' };
    const beside = { run: { id: 'run_1' }, event_type: 'forged', timestamp: 'forged', expected: { by: '07:00' } };

    expect(Object.keys(defaultBody(event('transfer.file_missing', { ...beside, transfer, schedule })))).toEqual([
      'event_type',
      'timestamp',
      'transfer',
      'schedule',
    ]);
    expect(Object.keys(defaultBody(event('schedule.triggered', { ...beside, transfer, schedule })))).toEqual([
      'event_type',
      'timestamp',
      'schedule',
    ]);
  });

  it('changes nothing in a transfer, whatever JSON it is', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        const transfer = JSON.parse(text);
        const body = defaultText(event('transfer.completed', { transfer }));
        expect(body).toBe(
          `{"event_type":"transfer_completed","timestamp":"2023-09-15T14:22:33Z","transfer":${JSON.stringify(transfer)}}`,
        );
      }),
    );
  });
});

const received = {
  message: {
    id: 'msg_1',
    as2MessageId: '<1@beta>',
    direction: 'in',
    subject: 'Order',
    receivedAt: '2023-09-15T14:22:30.120Z',
    failures: 0,
  },
  station: { id: 'sta_1', name: 'Acme EDI', as2Id: 'ACME', email: 'edi@acme.example' },
  partner: { id: 'ptn_1', name: 'Beta', as2Id: 'BETA PARTNER' },
  attachments: [{ name: 'a.edi', key: 'kept/a.edi' }, { name: 'b.edi' }],
};

const sent = {
  ...received,
  message: {
    id: 'msg_2',
    as2MessageId: '<2@acme>',
    direction: 'out',
    subject: 'Invoice',
    sentAt: '2023-09-15T14:22:31Z',
    lastAttemptAt: '2023-09-15T14:22:32.5Z',
    failures: 3,
  },
};

const error = { code: 'HTTP_ERROR', message: 'HTTP status 422', details: 'after 1 s' };
const mdn = {
  as2MessageId: '<3@beta>',
  disposition: 'automatic-action/MDN-sent-automatically; processed',
  mic: 'qA==',
};

/** The members that every AS2 body has up to the instant, for the message `id` in `folder`. */
function common(eventType: string, id: string, subject: JsonObject, folder: string): JsonObject {
  const message = folder.includes('inbox') ? '<1@beta>' : '<2@acme>';
  return {
    eventType,
    to: 'edi@acme.example',
    messageAS2ID: message,
    messageIdentifier: message,
    ...subject,
    partnerAS2ID: 'BETA PARTNER',
    partnerIdentifier: 'BETA PARTNER',
    partnerName: 'Beta',
    stationAS2ID: 'ACME',
    stationIdentifier: 'ACME',
    stationName: 'Acme EDI',
    attachments: ['kept/a.edi', `AS2/files/ACME/BETA PARTNER/${folder}/${id}/b.edi`],
    bucketName: 'mftg-acme',
    tenantName: 'Acme Ltd',
    tenantEmail: 'ops@acme.example',
    tenantId: 123456789012345,
  };
}

describe('the default body of AS2 events', () => {
  const occurredAt = at('2023-09-15T14:22:33.007Z');
  const order = { messageSubject: 'Order' };
  const invoice = { messageSubject: 'Invoice' };

  it.each<[string, JsonObject, JsonObject]>([
    [
      'message.received',
      received,
      { ...common('MESSAGE.RECEIVED.SUCCESS', 'msg_1', order, 'inbox'), receivedAt: at('2023-09-15T14:22:30.120Z') },
    ],
    [
      'message.receive_failed',
      { ...received, error },
      {
        ...common('MESSAGE.RECEIVED.FAILED', 'msg_1', { ...order, subject: 'Order' }, 'inbox'),
        receivedAt: at('2023-09-15T14:22:30.120Z'),
        failureReason: 'HTTP status 422',
        failures: 1,
      },
    ],
    [
      'message.sent',
      sent,
      { ...common('MESSAGE.SEND.SUCCESS', 'msg_2', invoice, 'outbox'), sentAt: at('2023-09-15T14:22:31Z') },
    ],
    [
      'message.send_failed',
      { ...sent, error },
      {
        ...common('MESSAGE.SEND.FAILED', 'msg_2', { ...invoice, subject: 'Invoice' }, 'outbox'),
        lastAttemptTime: at('2023-09-15T14:22:32.500Z'),
        failureReason: 'HTTP status 422',
        failures: 3,
      },
    ],
    [
      'mdn.received',
      { ...sent, mdn },
      {
        ...common('MDN.RECEIVED', 'msg_2', invoice, 'outbox'),
        timestamp: occurredAt,
        disposition: mdn.disposition,
        mic: 'qA==',
      },
    ],
    [
      'mdn.sent',
      { ...received, mdn },
      {
        ...common('MDN.SENT', 'msg_1', order, 'inbox'),
        timestamp: occurredAt,
        disposition: mdn.disposition,
        mic: 'qA==',
      },
    ],
  ])('of %s is flat, with every member in its place', (type, data, expected) => {
    expect(defaultText(event(type, data, occurredAt))).toBe(JSON.stringify(expected));
  });

  it.each<[Identifiers | undefined, string[]]>([
    [
      undefined,
      ['messageAS2ID', 'messageIdentifier', 'partnerAS2ID', 'partnerIdentifier', 'stationAS2ID', 'stationIdentifier'],
    ],
    [
      'both',
      ['messageAS2ID', 'messageIdentifier', 'partnerAS2ID', 'partnerIdentifier', 'stationAS2ID', 'stationIdentifier'],
    ],
    ['old', ['messageAS2ID', 'partnerAS2ID', 'stationAS2ID']],
    ['new', ['messageIdentifier', 'partnerIdentifier', 'stationIdentifier']],
  ])('with identifiers %s names them %j', (identifiers, names) => {
    const body = defaultBody(event('message.received', received), identifiers);

    expect(Object.keys(body).filter((key) => /AS2ID$|Identifier$/.test(key))).toEqual(names);
    for (const name of names) {
      const expected = name.startsWith('message') ? '<1@beta>' : name.startsWith('partner') ? 'BETA PARTNER' : 'ACME';
      expect(body[name]).toBe(expected);
    }
  });

  it.each<[string, string]>([
    ['message.received', 'receivedAt'],
    ['message.receive_failed', 'receivedAt'],
    ['message.sent', 'sentAt'],
    ['message.send_failed', 'lastAttemptTime'],
    ['mdn.received', 'timestamp'],
    ['mdn.sent', 'timestamp'],
  ])('of %s has %s from the event where the message does not say', (type, member) => {
    const data = { ...received, message: { as2MessageId: '<1@beta>' } };

    expect(defaultBody(event(type, data, occurredAt))[member]).toBe(occurredAt);
  });

  it('takes the instant of the event where the message has none that can be read', () => {
    const data = { ...received, message: { ...received.message, receivedAt: 'yesterday' } };

    expect(defaultBody(event('message.received', data, occurredAt)).receivedAt).toBe(occurredAt);
  });

  it.each([[null], ['']])('is addressed to the tenant when the station has the e-mail %j', (email) => {
    const data = { ...received, station: { ...received.station, email } };

    expect(defaultBody(event('message.received', data)).to).toBe('ops@acme.example');
  });

  it('has empty text for what the data does not say, and no attachments', () => {
    const data = {
      message: { as2MessageId: '<1@beta>' },
      station: { as2Id: 'ACME' },
      partner: { id: null, name: null, as2Id: 'STRANGER' },
    };

    expect(defaultBody(event('message.receive_failed', data), 'new')).toEqual({
      eventType: 'MESSAGE.RECEIVED.FAILED',
      to: 'ops@acme.example',
      messageIdentifier: '<1@beta>',
      messageSubject: '',
      subject: '',
      partnerIdentifier: 'STRANGER',
      partnerName: '',
      stationIdentifier: 'ACME',
      stationName: '',
      attachments: [],
      bucketName: 'mftg-acme',
      tenantName: 'Acme Ltd',
      tenantEmail: 'ops@acme.example',
      tenantId: 123456789012345,
      receivedAt: at('2023-09-15T14:22:33Z'),
      failureReason: '',
      failures: 1,
    });
    expect(defaultBody(event('mdn.sent', data))).toMatchObject({ disposition: '', mic: '' });
  });

  it('makes keys with the AS2 message id where the message has no other', () => {
    const data = { ...received, message: { as2MessageId: '<1@beta>' }, attachments: [{ name: 'a.edi' }] };

    expect(defaultBody(event('message.received', data)).attachments).toEqual([
      'AS2/files/ACME/BETA PARTNER/inbox/<1@beta>/a.edi',
    ]);
  });

  it.each([
    ['message.received', 'out', 'inbox'],
    ['message.receive_failed', undefined, 'inbox'],
    ['message.sent', 'in', 'outbox'],
    ['message.send_failed', undefined, 'outbox'],
    ['mdn.received', undefined, 'outbox'],
    ['mdn.received', 'in', 'inbox'],
    ['mdn.sent', undefined, 'inbox'],
    ['mdn.sent', 'out', 'outbox'],
  ])('of %s about a message of direction %s has its files in the %s', (type, direction, folder) => {
    const message = { id: 'msg_1', as2MessageId: '<1@beta>', ...(direction === undefined ? {} : { direction }) };
    const data = { ...received, message, attachments: [{ name: 'a.edi' }] };

    expect(defaultBody(event(type, data)).attachments).toEqual([`AS2/files/ACME/BETA PARTNER/${folder}/msg_1/a.edi`]);
  });
});

describe('the standard body', () => {
  it.each(['orders.eu.created', 'webhook.paused', 'delivery.exhausted', 'certificate.expiring', 'messages.received'])(
    'is the default of %s',
    (type) => {
      expect(defaultText(event(type, { b: 1, a: [null] }))).toBe(
        `{"type":"${type}","timestamp":"2023-09-15T14:22:33.000Z","data":{"b":1,"a":[null]}}`,
      );
    },
  );

  it('holds the whole data of a type that has a default of its own', () => {
    const data = { run: { id: 'run_1' }, transfer: { id: 't', name: 'n' } };

    expect(standardText(event('transfer.completed', data, at('2023-09-15T14:22:33.007Z')))).toBe(
      `{"type":"transfer.completed","timestamp":"2023-09-15T14:22:33.007Z","data":${JSON.stringify(data)}}`,
    );
  });
});

describe('hostile keys', () => {
  const hostile = '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},"toJSON":1,"id":"t"}';

  it('pass through every body as members like any other', () => {
    const data = JSON.parse(`{"transfer":${hostile}}`);
    const instant = '"timestamp":"2023-09-15T14:22:33';

    expect(defaultText(event('transfer.started', data))).toBe(
      `{"event_type":"transfer_started",${instant}Z","transfer":${hostile}}`,
    );
    expect(standardText(event('orders.created', JSON.parse(hostile)))).toBe(
      `{"type":"orders.created",${instant}.000Z","data":${hostile}}`,
    );
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  it('do not stand in for members that the data lacks', () => {
    const inherited =
      '{"__proto__":{"transfer":{"id":"forged"},"message":{"as2MessageId":"forged"},"attachments":["x"]}}';

    expect(defaultBody(event('transfer.started', JSON.parse(inherited)))).not.toHaveProperty('transfer');
    expect(defaultBody(event('message.received', JSON.parse(inherited)))).toMatchObject({
      messageAS2ID: '',
      attachments: [],
    });
  });
});

describe('any data at all', () => {
  const type = fc.constantFrom(
    'transfer.failed',
    'schedule.failed',
    'message.send_failed',
    'mdn.sent',
    'orders.created',
  );
  const member = fc.constantFrom(
    'transfer',
    'schedule',
    'message',
    'station',
    'partner',
    'attachments',
    'mdn',
    'error',
  );
  const data = fc.dictionary(
    member,
    fc.json().map((text) => JSON.parse(text)),
  );

  it('renders to a JSON object in either format', () => {
    fc.assert(
      fc.property(type, data, (name, members) => {
        expect(JSON.parse(defaultText(event(name, members)))).toBeTypeOf('object');
        expect(JSON.parse(standardText(event(name, members))).type).toBe(name);
      }),
    );
  });
});

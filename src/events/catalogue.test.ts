import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { isJsonObject, type Json, type JsonObject } from '../kernel/json.ts';
import { SAMPLES } from './catalogue.samples.ts';
import { checkData, EVENT_TYPES, findEventType, judgeType, subscribable } from './catalogue.ts';

const ALL_TYPES = [
  'transfer.started',
  'transfer.completed',
  'transfer.completed_with_errors',
  'transfer.failed',
  'transfer.cancelled',
  'transfer.overdue',
  'transfer.file_missing',
  'schedule.created',
  'schedule.updated',
  'schedule.deleted',
  'schedule.triggered',
  'schedule.failed',
  'message.received',
  'message.receive_failed',
  'message.sent',
  'message.send_failed',
  'mdn.received',
  'mdn.sent',
  'webhook.paused',
  'webhook.recovered',
  'webhook.test',
  'delivery.exhausted',
  'certificate.expiring',
];

const RESERVED_TYPES = [
  'webhook.paused',
  'webhook.recovered',
  'webhook.test',
  'delivery.exhausted',
  'certificate.expiring',
];

function sampleOf(type: string): JsonObject {
  return structuredClone(findEventType(type)!.sample);
}

function pointersOf(type: string, data: JsonObject): string[] {
  return checkData(type, data).map((fault) => fault.pointer);
}

/** A copy of the value in which the member at the pointer is gone, or is `value` when one is given. */
function changed(data: JsonObject, pointer: string, value?: Json): JsonObject {
  const copy = structuredClone(data);
  const path = pointer.slice(1).split('/');
  const last = path.pop()!;
  let holder: JsonObject = copy;
  for (const step of path) holder = holder[step] as JsonObject;
  if (value === undefined) delete holder[last];
  else holder[last] = value;
  return copy;
}

describe('the catalogue', () => {
  it('knows every built-in type, each once', () => {
    expect(EVENT_TYPES.map((entry) => entry.type)).toEqual(ALL_TYPES);
  });

  it('reserves the types that are about Waybill', () => {
    expect(EVENT_TYPES.filter((entry) => entry.reserved).map((entry) => entry.type)).toEqual(RESERVED_TYPES);
  });

  it('finds an entry by its type, and nothing by the name of an inherited member', () => {
    expect(findEventType('mdn.sent')).toMatchObject({ type: 'mdn.sent', family: 'mdn', reserved: false });
    expect(findEventType('delivery.exhausted')).toMatchObject({ family: 'delivery', reserved: true });
    expect(findEventType('constructor')).toBeNull();
  });

  it.each(EVENT_TYPES)('describes $type in one line, with a schema that is one', ({ description, data }) => {
    expect(description).toMatch(/^[A-Z][^\n]{10,90}\.$/);
    expect(new Ajv2020().validateSchema(data)).toBe(true);
  });

  it('asserts nothing but types and required members, which is what its messages can explain', () => {
    const assertions = new Set(EVENT_TYPES.flatMap((entry) => keywordsOf(entry.data)));

    expect([...assertions].sort()).toEqual(['description', 'items', 'properties', 'required', 'type']);
  });
});

function keywordsOf(schema: unknown): string[] {
  const object = schema as JsonObject;
  const members = Object.values((object.properties ?? {}) as JsonObject);
  const items = object.items === undefined ? [] : [object.items];
  return [...Object.keys(object), ...[...members, ...items].flatMap(keywordsOf)];
}

describe('samples', () => {
  it('are there for every type and for nothing else', () => {
    expect(Object.keys(SAMPLES)).toEqual(ALL_TYPES);
  });

  it.each(EVENT_TYPES)('of $type hold', ({ type, sample }) => {
    expect(checkData(type, sample)).toEqual([]);
  });

  it('of transfer.completed is the content of the documented example', () => {
    expect(JSON.stringify(sampleOf('transfer.completed'))).toBe(
      '{"transfer":{"id":"transfer-123","name":"Daily Backup","source":"local-server","destination":"cloud-storage",' +
        '"status":"success","start_time":"2023-09-15T14:20:01Z","end_time":"2023-09-15T14:22:33Z",' +
        '"duration_seconds":152,"files_transferred":258,"total_size_bytes":1073741824,' +
        '"transfer_rate_bytes_per_second":7064091},' +
        '"schedule":{"id":"schedule-456","name":"Daily Backup Schedule"}}',
    );
  });

  it('of transfer.failed is the content of the documented example', () => {
    expect(JSON.stringify(sampleOf('transfer.failed'))).toBe(
      '{"transfer":{"id":"transfer-123","name":"Daily Backup","source":"local-server","destination":"cloud-storage",' +
        '"status":"failed","start_time":"2023-09-15T14:20:01Z","end_time":"2023-09-15T14:22:33Z",' +
        '"duration_seconds":152,"error":{"code":"CONNECTION_ERROR",' +
        '"message":"Failed to connect to destination: Connection timed out",' +
        '"details":"TCP connection to cloud-storage:22 timed out after 60 seconds"}}}',
    );
  });
});

const transferRequired = ['/transfer', '/transfer/id', '/transfer/name'];
const scheduleRequired = ['/schedule', '/schedule/id', '/schedule/name'];
const as2Required = ['/message', '/message/as2MessageId', '/station', '/station/as2Id', '/partner', '/partner/as2Id'];

/** Every required member of every type. What a list does not name may be left out. */
const REQUIRED = new Map<string, string[]>([
  ['transfer.started', [...transferRequired, '/schedule/id', '/schedule/name']],
  ['transfer.completed', [...transferRequired, '/schedule/id', '/schedule/name']],
  ['transfer.completed_with_errors', [...transferRequired, '/transfer/error', '/schedule/id', '/schedule/name']],
  ['transfer.failed', [...transferRequired, '/transfer/error']],
  ['transfer.cancelled', [...transferRequired, '/schedule/id', '/schedule/name']],
  ['transfer.overdue', [...transferRequired, '/schedule/id', '/schedule/name']],
  ['transfer.file_missing', [...transferRequired, '/schedule/id', '/schedule/name']],
  ['schedule.created', scheduleRequired],
  ['schedule.updated', scheduleRequired],
  ['schedule.deleted', scheduleRequired],
  ['schedule.triggered', scheduleRequired],
  ['schedule.failed', scheduleRequired],
  ['message.received', [...as2Required, '/attachments/0/name']],
  ['message.receive_failed', [...as2Required, '/error']],
  ['message.sent', [...as2Required, '/attachments/0/name']],
  ['message.send_failed', [...as2Required, '/error', '/attachments/0/name']],
  ['mdn.received', [...as2Required, '/mdn', '/attachments/0/name']],
  ['mdn.sent', [...as2Required, '/mdn', '/attachments/0/name']],
]);

/** The pointer of every member of a value, those of members and of array items included. */
function pointersIn(value: Json, pointer = ''): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) => [
    `${pointer}/${key}`,
    ...pointersIn(member, `${pointer}/${key}`),
  ]);
}

/** A value that no member of the pointer's kind may have: only flags can be true, and no flag can be text. */
function wrongFor(pointer: string): Json {
  return /\/(signed|encrypted|compressed|micMatches)$/.test(pointer) ? 'yes' : true;
}

describe('checking data', () => {
  it.each([...REQUIRED])('of %s refuses it without %j, naming the member', (type, pointers) => {
    for (const pointer of pointers) {
      const faults = checkData(type, changed(sampleOf(type), pointer));
      const name = pointer.slice(pointer.lastIndexOf('/') + 1);

      expect(faults.map((fault) => fault.pointer)).toEqual([pointer]);
      expect(faults[0]!.detail).toMatch(new RegExp(`^Missing: ${type} needs "${name}"; give it as an? .+\\.$`));
    }
  });

  it.each(EVENT_TYPES)('of $type does without every other member', ({ type, sample }) => {
    const items = /\/\d+$/;
    const members = pointersIn(sample).filter((pointer) => !items.test(pointer));

    for (const pointer of members.filter((member) => !REQUIRED.get(type)?.includes(member))) {
      expect(checkData(type, changed(sample, pointer)), pointer).toEqual([]);
    }
  });

  it.each(EVENT_TYPES)('of $type refuses any known member of another type, at that member', ({ type, sample }) => {
    for (const pointer of pointersIn(sample)) {
      const faults = checkData(type, changed(sample, pointer, wrongFor(pointer)));

      expect(faults.map((fault) => fault.pointer)).toEqual([pointer]);
      expect(faults[0]!.detail).toMatch(/^Must be .+, not .+\.$/);
    }
  });

  it.each(EVENT_TYPES)('of $type keeps members that it does not know', ({ type, sample }) => {
    const withMore = structuredClone(sample);
    for (const member of Object.values(withMore)) if (isJsonObject(member)) member.colour = ['red'];

    expect(checkData(type, { ...withMore, colour: { depth: 1 } })).toEqual([]);
  });

  it('says what a member must be and what it is', () => {
    const data = { transfer: { id: null, name: 5, files_transferred: 1.5, duration_seconds: '152', error: [] } };

    expect(checkData('transfer.completed', data)).toEqual([
      { pointer: '/transfer/id', detail: 'Must be a string or a number, not null.' },
      { pointer: '/transfer/name', detail: 'Must be a string, not a number.' },
      { pointer: '/transfer/duration_seconds', detail: 'Must be a number, not a string.' },
      { pointer: '/transfer/files_transferred', detail: 'Must be a whole number, not a fraction.' },
      { pointer: '/transfer/error', detail: 'Must be an object, not an array.' },
    ]);
  });

  it('takes ids as strings and as numbers', () => {
    const data = { transfer: { id: 12, name: 'n' }, schedule: { id: 0, name: 's' } };

    expect(checkData('transfer.started', data)).toEqual([]);
  });

  it('takes the names and ids of an unknown AS2 pair as null, and no attachments', () => {
    const data = {
      message: { as2MessageId: '<1@beta>', micMatches: null },
      station: { id: null, name: null, as2Id: 'ACME', email: null },
      partner: { id: null, name: null, as2Id: 'STRANGER' },
      error: { code: 'UNKNOWN_PARTNER' },
    };

    expect(checkData('message.receive_failed', data)).toEqual([]);
  });

  it('refuses a schedule of a transfer that is not whole, though it may be absent', () => {
    expect(pointersOf('transfer.started', { transfer: { id: 't', name: 'n' }, schedule: {} })).toEqual([
      '/schedule/id',
      '/schedule/name',
    ]);
  });

  it('names the attachment that has no name', () => {
    const attachments = [{ name: 'a' }, { key: 'b' }];

    expect(pointersOf('message.received', { ...sampleOf('message.received'), attachments })).toEqual([
      '/attachments/1/name',
    ]);
  });

  it('reports no more faults than a person would read', () => {
    const attachments = Array.from({ length: 1000 }, () => 0);

    expect(checkData('message.received', { ...sampleOf('message.received'), attachments })).toHaveLength(20);
  });

  it('does not take inherited members for given ones', () => {
    const data = JSON.parse('{"__proto__":{"transfer":{"id":"t","name":"n"}}}');

    expect(pointersOf('transfer.started', data)).toEqual(['/transfer']);
  });

  it('asks nothing of types outside the catalogue', () => {
    expect(checkData('orders.created', { transfer: 5, schedule: null })).toEqual([]);
  });
});

describe('judging a type', () => {
  it.each<[string, ReturnType<typeof judgeType>]>([
    ['transfer.completed', 'built_in'],
    ['mdn.sent', 'built_in'],
    ['webhook.test', 'reserved'],
    ['delivery.exhausted', 'reserved'],
    ['certificate.expiring', 'reserved'],
    ['transfer.exploded', 'unknown'],
    ['transfer.completed.twice', 'unknown'],
    ['webhook.made_up', 'unknown'],
    ['delivery.made_up', 'unknown'],
    ['orders.created', 'outside'],
    ['orders.eu.created', 'outside'],
    ['transfers.completed', 'outside'],
    ['0_a.9', 'outside'],
    ['constructor.name', 'outside'],
    ['transfer', 'malformed'],
    ['transfer_completed', 'malformed'],
    ['Transfer.completed', 'malformed'],
    ['transfer.', 'malformed'],
    ['.completed', 'malformed'],
    ['orders..created', 'malformed'],
    ['orders.created ', 'malformed'],
    ['orders.created\n', 'malformed'],
    ['orders.crée', 'malformed'],
    ['orders-eu.created', 'malformed'],
    ['orders.*', 'malformed'],
    ['', 'malformed'],
  ])('calls %j %s', (type, expected) => {
    expect(judgeType(type)).toBe(expected);
  });

  it.each(ALL_TYPES)('knows %s', (type) => {
    expect(judgeType(type)).toBe(RESERVED_TYPES.includes(type) ? 'reserved' : 'built_in');
  });
});

describe('what a webhook may subscribe to', () => {
  it.each([
    '*',
    'transfer.*',
    'webhook.*',
    'orders.*',
    'orders.eu.*',
    'transfer.completed',
    'webhook.test',
    'delivery.exhausted',
    'orders.created',
  ])('includes %j', (pattern) => {
    expect(subscribable(pattern)).toBe(true);
  });

  it.each([
    '',
    'transfer',
    'transfer.exploded',
    'delivery.made_up',
    '*.completed',
    'transfer*',
    'transfer.*.x',
    '.*',
    '**',
    'Orders.*',
    'orders..*',
  ])('does not include %j', (pattern) => {
    expect(subscribable(pattern)).toBe(false);
  });
});

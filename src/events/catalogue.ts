import type { ErrorObject, ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { FieldError } from '../kernel/errors.ts';
import type { JsonObject } from '../kernel/json.ts';
import type { TSchema } from '../kernel/type.ts';
import { SAMPLES } from './catalogue.samples.ts';
import {
  exhaustedDeliveryData,
  expiringCertificateData,
  failedMessageData,
  failedScheduleData,
  failedTransferData,
  mdnData,
  messageData,
  missingFileData,
  scheduleData,
  transferData,
  triggeredScheduleData,
  webhookData,
} from './catalogue.schemas.ts';

/** One kind of event that Waybill knows by name. */
export interface EventType {
  type: string;
  /** The type's first segment. */
  family: string;
  /** One line for people who choose what a webhook is told. */
  description: string;
  /** Whether only Waybill itself may publish it. */
  reserved: boolean;
  /** JSON Schema 2020-12 of `data`. Members that it does not name are allowed. */
  data: TSchema;
  /** A full and likely `data`, for tests of webhooks and previews of templates. Not to be changed. */
  sample: JsonObject;
}

type Definition = Pick<EventType, 'description' | 'data'> & { type: keyof typeof SAMPLES };

const published: Definition[] = [
  { type: 'transfer.started', description: 'A transfer has begun to run.', data: transferData },
  { type: 'transfer.completed', description: 'A transfer has ended and no file failed.', data: transferData },
  {
    type: 'transfer.completed_with_errors',
    description: 'A transfer has ended; some files arrived and some failed.',
    data: failedTransferData,
  },
  { type: 'transfer.failed', description: 'A transfer has ended and nothing arrived.', data: failedTransferData },
  { type: 'transfer.cancelled', description: 'A transfer was stopped by a person.', data: transferData },
  {
    type: 'transfer.overdue',
    description: 'A transfer is still running after the time it was given.',
    data: transferData,
  },
  {
    type: 'transfer.file_missing',
    description: 'A file that a transfer expects was not there in time.',
    data: missingFileData,
  },
  { type: 'schedule.created', description: 'A schedule was created.', data: scheduleData },
  { type: 'schedule.updated', description: 'A schedule was changed.', data: scheduleData },
  { type: 'schedule.deleted', description: 'A schedule was deleted.', data: scheduleData },
  {
    type: 'schedule.triggered',
    description: 'A schedule has come due and started its transfers.',
    data: triggeredScheduleData,
  },
  {
    type: 'schedule.failed',
    description: 'A schedule has come due and could not start its transfers.',
    data: failedScheduleData,
  },
  { type: 'message.received', description: 'An AS2 message has arrived at a station and is kept.', data: messageData },
  {
    type: 'message.receive_failed',
    description: 'An AS2 message has arrived at a station and could not be accepted.',
    data: failedMessageData,
  },
  { type: 'message.sent', description: 'An AS2 message was accepted by its partner.', data: messageData },
  {
    type: 'message.send_failed',
    description: 'An AS2 message could not be sent, or its partner refused it.',
    data: failedMessageData,
  },
  { type: 'mdn.received', description: 'The receipt for an AS2 message that we sent has arrived.', data: mdnData },
  { type: 'mdn.sent', description: 'The receipt for an AS2 message that we received has been sent.', data: mdnData },
];

const own: Definition[] = [
  { type: 'webhook.paused', description: 'A webhook was paused; what it is owed is held.', data: webhookData },
  {
    type: 'webhook.recovered',
    description: 'A webhook is sent to again, after a pause or after failures.',
    data: webhookData,
  },
  { type: 'webhook.test', description: 'A person has asked for a test of a webhook.', data: webhookData },
  {
    type: 'delivery.exhausted',
    description: 'The last attempt of a delivery has failed; it is not tried again.',
    data: exhaustedDeliveryData,
  },
  {
    type: 'certificate.expiring',
    description: 'A certificate that is in use expires soon.',
    data: expiringCertificateData,
  },
];

/** Every built-in event type. The order is the one in which people are shown them. */
export const EVENT_TYPES: readonly EventType[] = [
  ...published.map((definition) => toEventType(definition, { reserved: false })),
  ...own.map((definition) => toEventType(definition, { reserved: true })),
];

function toEventType(definition: Definition, { reserved }: { reserved: boolean }): EventType {
  const { type } = definition;
  return { ...definition, family: firstSegment(type), reserved, sample: SAMPLES[type] };
}

const typesByName: ReadonlyMap<string, EventType> = new Map(EVENT_TYPES.map((entry) => [entry.type, entry]));
const families: ReadonlySet<string> = new Set(EVENT_TYPES.map((entry) => entry.family));

/** What the catalogue says of a type, or null when it does not know it. */
export function findEventType(type: string): EventType | null {
  return typesByName.get(type) ?? null;
}

const TYPE_NAME = /^[a-z0-9_]+(\.[a-z0-9_]+)+$/;

/**
 * `built_in` and `reserved` are in the catalogue, `reserved` being Waybill's own to publish; `unknown` lies in a
 * built-in family without being in the catalogue; `outside` is another system's; `malformed` is no dotted lower-case
 * name.
 */
export type TypeJudgement = 'built_in' | 'reserved' | 'outside' | 'unknown' | 'malformed';

/** Says what kind of name an event's type is. Pure. */
export function judgeType(type: string): TypeJudgement {
  const entry = typesByName.get(type);
  if (entry !== undefined) return entry.reserved ? 'reserved' : 'built_in';
  if (!TYPE_NAME.test(type)) return 'malformed';
  return families.has(firstSegment(type)) ? 'unknown' : 'outside';
}

const FAMILY_PATTERN = /^[a-z0-9_]+(\.[a-z0-9_]+)*\.\*$/;

/**
 * Whether a webhook's `eventTypes` may hold the entry: `*`, `family.*` of any depth, or the exact name of a built-in
 * or outside type. An exact name that a built-in family does not have would never match, and is most likely a typo.
 */
export function subscribable(pattern: string): boolean {
  if (pattern === '*' || FAMILY_PATTERN.test(pattern)) return true;
  const judgement = judgeType(pattern);
  return judgement !== 'unknown' && judgement !== 'malformed';
}

/** How many faults of one event are reported; a hostile array could hold a million. */
const MAX_FAULTS = 20;

/**
 * What is wrong with an event's `data`, at most 20 faults: pointers are relative to `data` and name the member, also
 * a missing one. Empty when nothing is, and for types outside the catalogue, whose `data` may be any object.
 */
export function checkData(type: string, data: JsonObject): FieldError[] {
  const entry = typesByName.get(type);
  if (entry === undefined || firstFault(entry.data)(data)) return [];
  const validate = everyFault(entry.data);
  validate(data);
  const errors = validate.errors ?? [];
  // A validator holds on to what it said last, and with it to the whole event.
  validate.errors = null;
  return errors.slice(0, MAX_FAULTS).map((error) => describeFault(type, error));
}

// Two compilers, because a validator that can list every fault takes twice as long to find none.
const firstFault = createCompiler({ allErrors: false });
const everyFault = createCompiler({ allErrors: true, verbose: true });

/**
 * Returns a function that compiles a schema on first use; after that Ajv knows it by the schema object. The schemas
 * are not checked against their meta-schema, which takes longer than everything else here: the tests do that.
 */
function createCompiler(options: { allErrors: boolean; verbose?: boolean }): (schema: TSchema) => ValidateFunction {
  let ajv: Ajv2020 | null = null;
  return (schema) => {
    ajv ??= new Ajv2020({ ...options, strict: false, meta: false, validateSchema: false });
    return ajv.compile(schema);
  };
}

function describeFault(type: string, error: ErrorObject): FieldError {
  if (error.keyword === 'required') {
    const name: string = error.params.missingProperty;
    const wanted = kindNames(error.parentSchema?.properties[name].type);
    return {
      pointer: `${error.instancePath}/${name}`,
      detail: `Missing: ${type} needs "${name}"; give it as ${wanted}.`,
    };
  }
  // The schemas of the catalogue hold no other assertion than `required` and `type`; the test keeps it so.
  return {
    pointer: error.instancePath,
    detail: `Must be ${kindNames(error.params.type)}, not ${kindOf(error.data)}.`,
  };
}

const ARTICLES = new Map([
  ['string', 'a string'],
  ['number', 'a number'],
  ['integer', 'a whole number'],
  ['boolean', 'true or false'],
  ['object', 'an object'],
  ['array', 'an array'],
  ['null', 'null'],
]);

function kindNames(kinds: string | string[]): string {
  return [kinds]
    .flat()
    .map((kind) => ARTICLES.get(kind) ?? kind)
    .join(' or ');
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'a number' : 'a fraction';
  return typeof value === 'boolean' ? String(value) : kindNames(typeof value);
}

function firstSegment(type: string): string {
  return type.slice(0, type.indexOf('.'));
}

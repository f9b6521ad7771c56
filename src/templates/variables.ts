import { isJsonObject, type Json, type JsonObject, objectMember, ownMember } from '../kernel/json.ts';
import { type EventContent, type InstanceFacts, wholeSeconds } from '../payloads/index.ts';

/** What a template is rendered from. */
export interface TemplateEvent {
  event: EventContent;
  webhook: { name: string };
  instance: InstanceFacts;
}

/** A name that templates may use. */
export interface Variable {
  name: string;
  meaning: string;
}

/** One of the short names, and where its value comes from; undefined where the event does not say. */
interface ShortName extends Variable {
  valueIn: (facts: Facts) => Json | undefined;
}

/** The parts of an event that the short names speak of. */
interface Facts extends TemplateEvent {
  transfer: JsonObject;
  schedule: JsonObject;
  error: JsonObject;
}

const ofTransfer =
  (member: string): ShortName['valueIn'] =>
  ({ transfer }) =>
    ownMember(transfer, member);
const ofError =
  (member: string): ShortName['valueIn'] =>
  ({ error }) =>
    ownMember(error, member);

/** The flat names of GoMFT's documents, and those that go with them. */
export const SHORT_NAMES: readonly ShortName[] = [
  {
    name: 'event_type',
    meaning: 'The type with `_` for `.`, such as `transfer_completed`',
    valueIn: ({ event }) => event.type.replaceAll('.', '_'),
  },
  {
    name: 'timestamp',
    meaning: 'When the event occurred, RFC 3339; where the default body has a `timestamp`, that one',
    valueIn: ({ event }) => wholeSeconds(event.occurredAt),
  },
  {
    name: 'environment',
    meaning: '`WAYBILL_ENVIRONMENT`',
    valueIn: ({ instance }) => instance.environment,
  },
  { name: 'status', meaning: '`transfer.status`', valueIn: ofTransfer('status') },
  { name: 'transfer_status', meaning: '`transfer.status`', valueIn: ofTransfer('status') },
  { name: 'transfer_name', meaning: '`transfer.name`', valueIn: ofTransfer('name') },
  { name: 'transfer_id', meaning: '`transfer.id`', valueIn: ofTransfer('id') },
  { name: 'source', meaning: '`transfer.source`', valueIn: ofTransfer('source') },
  { name: 'destination', meaning: '`transfer.destination`', valueIn: ofTransfer('destination') },
  { name: 'start_time', meaning: '`transfer.start_time`', valueIn: ofTransfer('start_time') },
  { name: 'end_time', meaning: '`transfer.end_time`', valueIn: ofTransfer('end_time') },
  { name: 'duration', meaning: '`transfer.duration_seconds`', valueIn: ofTransfer('duration_seconds') },
  { name: 'duration_seconds', meaning: '`transfer.duration_seconds`', valueIn: ofTransfer('duration_seconds') },
  { name: 'total_files', meaning: '`transfer.files_transferred`', valueIn: ofTransfer('files_transferred') },
  { name: 'files_transferred', meaning: '`transfer.files_transferred`', valueIn: ofTransfer('files_transferred') },
  { name: 'total_size', meaning: '`transfer.total_size_bytes`', valueIn: ofTransfer('total_size_bytes') },
  { name: 'total_size_bytes', meaning: '`transfer.total_size_bytes`', valueIn: ofTransfer('total_size_bytes') },
  {
    name: 'total_size_mb',
    meaning: '`transfer.total_size_bytes` in units of 1,048,576, at most two decimals',
    valueIn: ({ transfer }) => inMebibytes(ownMember(transfer, 'total_size_bytes')),
  },
  { name: 'error_code', meaning: '`code` of `transfer.error`, else of `error`', valueIn: ofError('code') },
  { name: 'error_message', meaning: '`message` of `transfer.error`, else of `error`', valueIn: ofError('message') },
  { name: 'error_details', meaning: '`details` of `transfer.error`, else of `error`', valueIn: ofError('details') },
  { name: 'schedule_name', meaning: '`schedule.name`', valueIn: ({ schedule }) => ownMember(schedule, 'name') },
];

/** What there is for every event, whatever its type. */
export const ALWAYS: readonly Variable[] = [
  { name: 'event.id', meaning: 'The id of the event, `evt_…`' },
  { name: 'event.type', meaning: 'The type of the event, such as `transfer.completed`' },
  { name: 'event.occurredAt', meaning: 'When it occurred, RFC 3339 with milliseconds' },
  { name: 'webhook.name', meaning: 'The name of the webhook that the body is for' },
  { name: 'type', meaning: 'The same as `event.type`, where the default body is the `standard` one' },
  { name: 'data', meaning: "The event's own data, whole; its members by path, such as `data.order.id`" },
];

/** The tree of GoMFT's program. */
export const GOMFT_NAMES: readonly Variable[] = [
  { name: 'event', meaning: '`Job Started`, `Job Completed`, `job_error`, or the type with `_` for `.`' },
  { name: 'job.id', meaning: '`schedule.id`, or `transfer.id` without a schedule' },
  { name: 'job.name', meaning: '`schedule.name`, or `transfer.name` without a schedule' },
  { name: 'job.status', meaning: '`running`, `completed`, `completed_with_errors` or `failed`' },
  { name: 'job.event', meaning: 'The same as `event`' },
  { name: 'job.message', meaning: '`transfer.error.message`; empty without an error' },
  { name: 'job.started_at', meaning: '`transfer.start_time`' },
  { name: 'job.completed_at', meaning: '`transfer.end_time`' },
  { name: 'job.duration_seconds', meaning: '`transfer.duration_seconds`' },
  { name: 'job.config_id', meaning: '`transfer.id`' },
  { name: 'job.config_name', meaning: '`transfer.name`' },
  { name: 'job.transfer_bytes', meaning: '`transfer.total_size_bytes`, or 0' },
  { name: 'job.file_count', meaning: '`transfer.files_transferred`, or 0' },
  { name: 'instance.id', meaning: '`gomft`' },
  { name: 'instance.name', meaning: '`GoMFT`' },
  { name: 'instance.version', meaning: '`1.0`' },
  { name: 'instance.environment', meaning: '`WAYBILL_ENVIRONMENT`' },
];

/** The flat members of MFT Gateway's body, under the names before its release 3.1.1 and those since. */
export const MFT_GATEWAY_NAMES: readonly Variable[] = [
  { name: 'eventType', meaning: 'Such as `MESSAGE.RECEIVED.SUCCESS`' },
  { name: 'to', meaning: "The station's e-mail address, or the instance's" },
  { name: 'messageAS2ID', meaning: '`message.as2MessageId`' },
  { name: 'messageIdentifier', meaning: '`message.as2MessageId`' },
  { name: 'messageSubject', meaning: '`message.subject`' },
  { name: 'subject', meaning: '`message.subject`, in failures' },
  { name: 'partnerAS2ID', meaning: '`partner.as2Id`' },
  { name: 'partnerIdentifier', meaning: '`partner.as2Id`' },
  { name: 'partnerName', meaning: '`partner.name`' },
  { name: 'stationAS2ID', meaning: '`station.as2Id`' },
  { name: 'stationIdentifier', meaning: '`station.as2Id`' },
  { name: 'stationName', meaning: '`station.name`' },
  { name: 'attachments', meaning: 'Storage keys, an array of text; `data.attachments` has the whole objects' },
  { name: 'bucketName', meaning: 'Of `settings/instance`' },
  { name: 'tenantName', meaning: '`name` of `settings/instance`' },
  { name: 'tenantEmail', meaning: '`email` of `settings/instance`' },
  { name: 'tenantId', meaning: 'Of `settings/instance`' },
  { name: 'receivedAt', meaning: 'Epoch milliseconds, of `message.received` and `message.receive_failed`' },
  { name: 'sentAt', meaning: 'Epoch milliseconds, of `message.sent`' },
  { name: 'lastAttemptTime', meaning: 'Epoch milliseconds, of `message.send_failed`' },
  { name: 'failureReason', meaning: '`error.message`, in failures' },
  { name: 'failures', meaning: 'How often it has failed, in failures' },
  { name: 'disposition', meaning: '`mdn.disposition`, of receipts' },
  { name: 'mic', meaning: '`mdn.mic`, of receipts' },
];

const shortNames: ReadonlyMap<string, ShortName> = new Map(SHORT_NAMES.map((one) => [one.name, one]));

/** Finds the value that a short name has for an event: undefined for what is none, or what the event does not say. Pure. */
export function shortNamesOf(of: TemplateEvent): (name: string) => Json | undefined {
  const { data } = of.event;
  const transfer = objectMember(data, 'transfer');
  const error = ownMember(transfer, 'error');
  const facts: Facts = {
    ...of,
    transfer,
    schedule: objectMember(data, 'schedule'),
    error: isJsonObject(error) ? error : objectMember(data, 'error'),
  };
  return (name) => shortNames.get(name)?.valueIn(facts);
}

function inMebibytes(bytes: Json | undefined): number | undefined {
  return typeof bytes === 'number' ? Number((bytes / 1_048_576).toFixed(2)) : undefined;
}

import { parseInstant } from '../kernel/instants.ts';
import { isJsonObject, type JsonObject, objectMember, ownMember } from '../kernel/json.ts';
import type { EventContent, Identifiers, InstanceIdentity } from './content.ts';

type Folder = 'inbox' | 'outbox';

/** The member of `message` that each instant is read from; a receipt's `timestamp` is when the event occurred. */
const INSTANT_SOURCES = {
  receivedAt: 'receivedAt',
  sentAt: 'sentAt',
  lastAttemptTime: 'lastAttemptAt',
  timestamp: null,
} as const;

/** How one event type looks in MFT Gateway's words. */
interface Notice {
  eventType: string;
  /** Where the files lie that the event speaks of. */
  folder: Folder;
  instant: keyof typeof INSTANT_SOURCES;
  /** What only this kind has. */
  extra: 'failure' | 'receipt' | null;
}

/** MESSAGE.RECEIVED.SUCCESS and MESSAGE.SEND.* are MFT Gateway's own; the others are named after them. */
const NOTICES: ReadonlyMap<string, Notice> = new Map<string, Notice>([
  ['message.received', { eventType: 'MESSAGE.RECEIVED.SUCCESS', folder: 'inbox', instant: 'receivedAt', extra: null }],
  [
    'message.receive_failed',
    { eventType: 'MESSAGE.RECEIVED.FAILED', folder: 'inbox', instant: 'receivedAt', extra: 'failure' },
  ],
  ['message.sent', { eventType: 'MESSAGE.SEND.SUCCESS', folder: 'outbox', instant: 'sentAt', extra: null }],
  [
    'message.send_failed',
    { eventType: 'MESSAGE.SEND.FAILED', folder: 'outbox', instant: 'lastAttemptTime', extra: 'failure' },
  ],
  // A receipt that came in is about a message that went out, and the other way round.
  ['mdn.received', { eventType: 'MDN.RECEIVED', folder: 'outbox', instant: 'timestamp', extra: 'receipt' }],
  ['mdn.sent', { eventType: 'MDN.SENT', folder: 'inbox', instant: 'timestamp', extra: 'receipt' }],
]);

/**
 * The flat body that MFT Gateway posts for an AS2 message or receipt, member by member in its order, or null for a
 * type that it has none for. Every identifier has two names since its release 3.1.1; `identifiers` says which are
 * written. Instants are epoch milliseconds. Text that `data` lacks is `""`, because handlers written for MFT Gateway
 * read every member as a required string. Pure. Source: MFT Gateway, "Webhooks", and its connector's schema.
 */
export function mftGatewayBody(
  event: EventContent,
  identifiers: Identifiers,
  instance: InstanceIdentity,
): JsonObject | null {
  const notice = NOTICES.get(event.type);
  if (notice === undefined) return null;
  const message = objectMember(event.data, 'message');
  const station = objectMember(event.data, 'station');
  const partner = objectMember(event.data, 'partner');
  const subject = textMember(message, 'subject');
  return {
    eventType: notice.eventType,
    to: textMember(station, 'email') || instance.email,
    ...identified(identifiers, 'messageAS2ID', 'messageIdentifier', textMember(message, 'as2MessageId')),
    messageSubject: subject,
    ...(notice.extra === 'failure' ? { subject } : {}),
    ...identified(identifiers, 'partnerAS2ID', 'partnerIdentifier', textMember(partner, 'as2Id')),
    partnerName: textMember(partner, 'name'),
    ...identified(identifiers, 'stationAS2ID', 'stationIdentifier', textMember(station, 'as2Id')),
    stationName: textMember(station, 'name'),
    attachments: attachmentKeys(event.data, notice),
    bucketName: instance.bucketName,
    tenantName: instance.name,
    tenantEmail: instance.email,
    tenantId: instance.tenantId,
    [notice.instant]: instantMs(message, notice.instant) ?? event.occurredAt,
    ...extraMembers(event.data, notice),
  };
}

function identified(identifiers: Identifiers, oldName: string, newName: string, value: string): JsonObject {
  switch (identifiers) {
    case 'both':
      return { [oldName]: value, [newName]: value };
    case 'old':
      return { [oldName]: value };
    case 'new':
      return { [newName]: value };
  }
}

function extraMembers(data: JsonObject, notice: Notice): JsonObject {
  switch (notice.extra) {
    case 'failure':
      return {
        failureReason: textMember(objectMember(data, 'error'), 'message'),
        failures: failureCount(objectMember(data, 'message')),
      };
    case 'receipt': {
      const mdn = objectMember(data, 'mdn');
      return { disposition: textMember(mdn, 'disposition'), mic: textMember(mdn, 'mic') };
    }
    case null:
      return {};
  }
}

/** At least 1: the failure that the event tells of has happened, whatever has been counted. */
function failureCount(message: JsonObject): number {
  const failures = ownMember(message, 'failures');
  return typeof failures === 'number' ? Math.max(1, failures) : 1;
}

/** The storage key of each attachment: its own, else one of the form that MFT Gateway's keys have. */
function attachmentKeys(data: JsonObject, notice: Notice): string[] {
  const attachments = ownMember(data, 'attachments');
  if (!Array.isArray(attachments)) return [];
  const folder = attachmentFolder(data, notice);
  return attachments.filter(isJsonObject).map((attachment) => {
    return textMember(attachment, 'key') || `${folder}/${textMember(attachment, 'name')}`;
  });
}

/** `AS2/files/<station>/<partner>/inbox|outbox/<message>`; the AS2 id stands in for a message without an id of ours. */
function attachmentFolder(data: JsonObject, notice: Notice): string {
  const message = objectMember(data, 'message');
  const messageId = textMember(message, 'id') || textMember(message, 'as2MessageId');
  const station = textMember(objectMember(data, 'station'), 'as2Id');
  const partner = textMember(objectMember(data, 'partner'), 'as2Id');
  return `AS2/files/${station}/${partner}/${messageFolder(message, notice)}/${messageId}`;
}

/** The type of a message event settles it; of a receipt's event only as long as the message does not. */
function messageFolder(message: JsonObject, notice: Notice): Folder {
  const direction = ownMember(message, 'direction');
  if (notice.extra === 'receipt' && direction === 'in') return 'inbox';
  if (notice.extra === 'receipt' && direction === 'out') return 'outbox';
  return notice.folder;
}

/** Epoch milliseconds, or null where the message does not say. */
function instantMs(message: JsonObject, instant: Notice['instant']): number | null {
  const source = INSTANT_SOURCES[instant];
  return source === null ? null : parseInstant(textMember(message, source));
}

/** The member if it is a string, else the empty string. */
function textMember(object: JsonObject, key: string): string {
  const value = ownMember(object, key);
  return typeof value === 'string' ? value : '';
}

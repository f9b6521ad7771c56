/** The size of one event as published, in bytes. */
export const EVENT_BYTES = 1_024;

const SENT_AT_DIGITS = 16;
const NUMBER_DIGITS = 8;
const SENT_AT_MARK = Buffer.from('"benchSentAt":"');
const NUMBER_MARK = Buffer.from('"benchNumber":"');
const TRANSFER_MARK = Buffer.from('"id":"bench-');
const TRANSFER_DIGITS = 2;

/** The most events of one benchmark process: numbers never repeat, so that a late arrival cannot pass for another. */
export const MAX_EVENTS = 10 ** NUMBER_DIGITS;

/** The transfer whose events the webhook with that number, from 1, is subscribed to. */
export function transferId(webhookNumber: number): string {
  return `bench-${String(webhookNumber).padStart(TRANSFER_DIGITS, '0')}`;
}

/** A request that publishes one event, or an array of them, and that is filled in anew for each use. */
export interface PublishRequest {
  /** The whole request, head and body. Changed in place by `fill`. */
  bytes: Buffer;
  /** Writes the event's number, the transfer that decides its webhook, and the instant its latency counts from. */
  fill(index: number, event: { number: number; webhookNumber: number; sentAtUs: number }): void;
}

/**
 * Builds `POST /api/v1/events` with `eventCount` events of 1 KB: an object for one event, an array for more.
 * What differs between events has a fixed width, so that a request is built once and its digits are overwritten.
 */
export function createPublishRequest(options: { host: string; apiKey: string; eventCount: number }): PublishRequest {
  const event = Buffer.from(eventText());
  const separator = options.eventCount === 1 ? 0 : 1;
  const bodyBytes = options.eventCount * (event.length + separator) + separator;
  const head = Buffer.from(
    `POST /api/v1/events HTTP/1.1\r\nhost: ${options.host}\r\nauthorization: Bearer ${options.apiKey}\r\n` +
      `content-type: application/json\r\ncontent-length: ${bodyBytes}\r\n\r\n`,
  );
  const bytes = Buffer.alloc(head.length + bodyBytes, ',');
  head.copy(bytes);
  if (separator === 1) {
    bytes.write('[', head.length);
    bytes.write(']', bytes.length - 1);
  }
  const eventStart = (index: number): number => head.length + separator + index * (event.length + separator);
  for (let index = 0; index < options.eventCount; index += 1) event.copy(bytes, eventStart(index));

  const transferAt = event.indexOf(TRANSFER_MARK) + TRANSFER_MARK.length;
  const sentAtAt = event.indexOf(SENT_AT_MARK) + SENT_AT_MARK.length;
  const numberAt = event.indexOf(NUMBER_MARK) + NUMBER_MARK.length;

  return {
    bytes,
    fill(index, { number, webhookNumber, sentAtUs }) {
      const start = eventStart(index);
      bytes.write(String(webhookNumber).padStart(TRANSFER_DIGITS, '0'), start + transferAt, 'latin1');
      bytes.write(String(sentAtUs).padStart(SENT_AT_DIGITS, '0'), start + sentAtAt, 'latin1');
      bytes.write(String(number).padStart(NUMBER_DIGITS, '0'), start + numberAt, 'latin1');
    },
  };
}

function eventText(): string {
  const withPadding = (padding: string): string =>
    JSON.stringify({
      type: 'transfer.completed',
      occurredAt: new Date().toISOString(),
      data: {
        transfer: {
          id: transferId(0),
          name: 'Daily Backup',
          source: 'local-server',
          destination: 'cloud-storage',
          status: 'success',
          start_time: '2023-09-15T14:20:01Z',
          end_time: '2023-09-15T14:22:33Z',
          duration_seconds: 152,
          files_transferred: 258,
          total_size_bytes: 1_073_741_824,
          transfer_rate_bytes_per_second: 7_064_091,
          benchSentAt: '0'.repeat(SENT_AT_DIGITS),
          benchNumber: '0'.repeat(NUMBER_DIGITS),
          padding,
        },
        schedule: { id: 'schedule-456', name: 'Daily Backup Schedule' },
      },
    });
  return withPadding('lorem ipsum '.repeat(EVENT_BYTES).slice(0, EVENT_BYTES - withPadding('').length));
}

/** What a delivered body says of its event; null when the event is not one of the benchmark's. */
export function readDelivered(body: Buffer): { number: number; sentAtUs: number } | null {
  const sentAtUs = digitsAfter(body, SENT_AT_MARK, SENT_AT_DIGITS);
  const number = digitsAfter(body, NUMBER_MARK, NUMBER_DIGITS);
  return sentAtUs === null || number === null ? null : { number, sentAtUs };
}

function digitsAfter(body: Buffer, mark: Buffer, digits: number): number | null {
  const found = body.indexOf(mark);
  if (found === -1) return null;
  const start = found + mark.length;
  let value = 0;
  for (let at = start; at < start + digits; at += 1) {
    const digit = (body[at] ?? 0) - 48;
    if (digit < 0 || digit > 9) return null;
    value = value * 10 + digit;
  }
  return value;
}

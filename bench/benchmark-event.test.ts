import { expect, test } from 'vitest';
import { createPublishRequest, EVENT_BYTES, readDelivered } from './benchmark-event.ts';

interface Published {
  type: string;
  data: { transfer: { id: string; benchSentAt: string; benchNumber: string }; schedule: { id: string } };
}

function bodyOf(bytes: Buffer): string {
  const text = bytes.toString();
  const [head = '', body = ''] = text.split('\r\n\r\n');
  expect(head).toContain(`content-length: ${Buffer.byteLength(body)}`);
  return body;
}

const options = { host: '127.0.0.1:1', apiKey: 'k'.repeat(32) };

test('a request for one event holds an object of exactly 1 KB that says what was filled in', () => {
  const request = createPublishRequest({ ...options, eventCount: 1 });
  request.fill(0, { number: 41, webhookNumber: 3, sentAtUs: 123_456_789_012 });
  request.fill(0, { number: 42, webhookNumber: 8, sentAtUs: 1_234_567_890 });
  const body = bodyOf(request.bytes);
  expect(Buffer.byteLength(body)).toBe(EVENT_BYTES);
  const event = JSON.parse(body) as Published;
  expect(event.type).toBe('transfer.completed');
  expect(event.data.transfer.id).toBe('bench-08');
  expect(readDelivered(Buffer.from(body))).toEqual({ number: 42, sentAtUs: 1_234_567_890 });
});

test('a request for many events holds an array in which each is its own', () => {
  const request = createPublishRequest({ ...options, eventCount: 3 });
  for (const index of [0, 1, 2]) request.fill(index, { number: 7 + index, webhookNumber: 1 + index, sentAtUs: 5 });
  const events = JSON.parse(bodyOf(request.bytes)) as Published[];
  expect(events.map(({ data }) => data.transfer.id)).toEqual(['bench-01', 'bench-02', 'bench-03']);
  expect(events.map((event) => readDelivered(Buffer.from(JSON.stringify(event)))?.number)).toEqual([7, 8, 9]);
});

test('a body that is not of the benchmark, or is cut short, is not read', () => {
  expect(readDelivered(Buffer.from('{"event_type":"transfer_completed"}'))).toBeNull();
  expect(readDelivered(Buffer.from('{"benchSentAt":"0000000000000001","benchNumber":"0000'))).toBeNull();
  expect(readDelivered(Buffer.from('{"benchSentAt":"000000000000000x","benchNumber":"00000001"}'))).toBeNull();
});

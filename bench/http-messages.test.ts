import { expect, test } from 'vitest';
import { createMessageReader, requestPath, responseStatus } from './http-messages.ts';

interface Message {
  head: string;
  body: string;
}

/** What the reader makes of the bytes when they come in chunks of that size. */
function read(text: string, chunkBytes: number): Message[] {
  const messages: Message[] = [];
  const feed = createMessageReader((head, body) => messages.push({ head, body: body.toString() }));
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += chunkBytes) feed(bytes.subarray(at, at + chunkBytes));
  return messages;
}

const THREE =
  'POST /1 HTTP/1.1\r\nhost: a\r\nContent-Length: 5\r\n\r\nhéll' +
  'HTTP/1.1 204 No Content\r\n\r\n' +
  'HTTP/1.1 202 Accepted\r\ncontent-length:2\r\nx: y\r\n\r\n{}';

test('messages are read whole however their bytes are cut', () => {
  const whole = read(THREE, THREE.length * 2);
  expect(whole).toEqual([
    { head: 'POST /1 HTTP/1.1\r\nhost: a\r\nContent-Length: 5', body: 'héll' },
    { head: 'HTTP/1.1 204 No Content', body: '' },
    { head: 'HTTP/1.1 202 Accepted\r\ncontent-length:2\r\nx: y', body: '{}' },
  ]);
  for (let chunkBytes = 1; chunkBytes < 40; chunkBytes += 1) expect(read(THREE, chunkBytes)).toEqual(whole);
});

test('a message is handed on as soon as its last byte is there, and not before', () => {
  const bodies: string[] = [];
  const feed = createMessageReader((_, body) => bodies.push(body.toString()));
  feed(Buffer.from('POST / HTTP/1.1\r\ncontent-length: 4\r\n\r\nabc'));
  expect(bodies).toEqual([]);
  feed(Buffer.from('dPOST / HTTP/1.1\r\ncontent-length: 1\r'));
  expect(bodies).toEqual(['abcd']);
  feed(Buffer.from('\n\r\ne'));
  expect(bodies).toEqual(['abcd', 'e']);
});

test('a header whose name ends in content-length does not set the length', () => {
  expect(read('HTTP/1.1 200 OK\r\nx-content-length: 9\r\ncontent-length: 1\r\n\r\na', 1_000)).toEqual([
    { head: 'HTTP/1.1 200 OK\r\nx-content-length: 9\r\ncontent-length: 1', body: 'a' },
  ]);
});

test('what the reader cannot read is an error and not a guess', () => {
  expect(() => read('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', 1_000)).toThrow(
    'Transfer-Encoding',
  );
  expect(() => read('x'.repeat(70_000), 1_000)).toThrow('has no end');
});

test('the start line gives the path or the status', () => {
  expect(requestPath('POST /1?a=b HTTP/1.1\r\nhost: a')).toBe('/1?a=b');
  expect(responseStatus('HTTP/1.1 503 Service Unavailable')).toBe(503);
  expect(responseStatus('GET / HTTP/1.1')).toBeNaN();
});

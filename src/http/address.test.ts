import { expect, test } from 'vitest';
import { addressBehind } from './address.ts';

test.each<[peer: string, forwardedFor: string, address: string]>([
  ['192.0.2.1', '', '192.0.2.1'],
  ['192.0.2.1', '203.0.113.9', '192.0.2.1'],
  ['::ffff:192.0.2.1', '203.0.113.9', '192.0.2.1'],
  ['127.0.0.1', '', '127.0.0.1'],
  ['127.0.0.1', '203.0.113.9', '203.0.113.9'],
  ['::1', '203.0.113.9', '203.0.113.9'],
  ['::ffff:127.0.0.1', '::ffff:203.0.113.9', '203.0.113.9'],
  ['127.0.0.1', '10.0.0.1, 2001:db8::7', '2001:db8::7'],
  ['127.0.0.1', '203.0.113.9, unknown', '127.0.0.1'],
  ['127.0.0.1', '203.0.113.9:4711', '127.0.0.1'],
])('who comes from %s with X-Forwarded-For %j is %s', (peer, forwardedFor, address) => {
  expect(addressBehind(peer, forwardedFor)).toBe(address);
});

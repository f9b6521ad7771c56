import { expect, test } from 'vitest';
import { createRequestBox, type InboxRequest } from './request-box.ts';

function request(id: string, bodyBytes = 0): InboxRequest {
  return {
    id,
    receivedAt: 0,
    method: 'POST',
    path: '/inbox/a',
    headers: {},
    body: Buffer.alloc(bodyBytes),
    signature: { verdict: 'valid', scheme: 'standard', webhookId: 'wh_a', reason: null },
    answer: { status: 200, retryAfterS: null, delayMs: 0 },
  };
}

function idsIn(box: ReturnType<typeof createRequestBox>): string[] {
  return box.list().map(({ id }) => id);
}

test('beyond so many requests the oldest are dropped, and counted', () => {
  const box = createRequestBox({ most: 2, mostBytes: 1e9 });
  for (const id of ['a', 'b', 'c', 'd']) box.add(request(id));
  expect(idsIn(box)).toEqual(['d', 'c']);
  expect(box.dropped).toBe(2);
});

test('beyond so many bytes the oldest are dropped, and give back what they took', () => {
  const box = createRequestBox({ most: 100, mostBytes: 20_000 });
  for (const id of ['a', 'b', 'c']) box.add(request(id, 8000));
  expect(idsIn(box)).toEqual(['c', 'b']);
  const full = box.bytes;
  box.add(request('d', 8000));
  expect(box.bytes).toBe(full);
  box.clear();
  expect([box.bytes, box.dropped, box.list()]).toEqual([0, 0, []]);
});

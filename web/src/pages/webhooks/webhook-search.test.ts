import { expect, test } from 'vitest';
import type { Webhook } from './webhook-queries.ts';
import { isFound, readWebhookSearch, standingOf } from './webhook-search.ts';

const webhook = {
  id: 'wh_1',
  name: 'Ops',
  url: 'https://hooks.example.com/x',
  eventTypes: ['transfer.*'],
  scope: { stationIds: ['ACME'] },
  state: 'active',
  pauseReason: null,
  breaker: null,
} as unknown as Webhook;
const gone = { ...webhook, state: 'paused', pauseReason: 'gone' } as Webhook;
const failing = { ...webhook, breaker: { openedAt: '', failedProbes: 0, nextProbeAt: '' } } as Webhook;

test('a webhook stands as its state, the reason for a pause and its breaker say', () => {
  const disabled = { ...failing, state: 'disabled' } as Webhook;
  expect([webhook, gone, failing, disabled].map(standingOf)).toEqual(['active', 'gone', 'failing', 'disabled']);
});

test.each(['', 'ops', 'EXAMPLE transfer', 'acme', 'wh_1'])('%j finds it', (q) => {
  expect(isFound(webhook, { q })).toBe(true);
});

test('what is nowhere in it does not find it, nor another state', () => {
  expect(isFound(webhook, { q: 'ops elsewhere' })).toBe(false);
  expect(isFound(webhook, { state: 'paused' })).toBe(false);
});

test('a receiver that is gone or failing is in trouble', () => {
  expect([webhook, gone, failing].map((each) => isFound(each, { state: 'trouble' }))).toEqual([false, true, true]);
});

test('a URL says a text and a state that there is, and nothing else', () => {
  expect(readWebhookSearch({ q: 42, state: 'trouble', other: 1 })).toEqual({ q: '42', state: 'trouble' });
  expect(readWebhookSearch({ q: {}, state: 'unheard of' })).toEqual({});
});

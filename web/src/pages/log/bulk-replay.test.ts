import { expect, test } from 'vitest';
import { selectionOf, selectionsOf } from './bulk-replay.ts';
import type { Delivery } from './delivery.ts';

const NOW_MS = Date.parse('2026-03-01T12:00:00.000Z');
const NOW = '2026-03-01T12:00:00.000Z';

test.each([
  [{}, { from: '1970-01-01T00:00:00.000Z', to: NOW }],
  [
    { state: 'exhausted', webhookId: 'wh_1', eventType: 'a.b', range: '1h' },
    { webhookId: 'wh_1', states: ['exhausted'], eventTypes: ['a.b'], from: '2026-03-01T11:00:00.000Z', to: NOW },
  ],
  [
    { from: '2026-02-01T00:00:00.000Z', to: '2026-02-02T00:00:00.000Z' },
    { from: '2026-02-01T00:00:00.000Z', to: '2026-02-02T00:00:00.000Z' },
  ],
] as const)('the filter %j is one replay of a range', (filter, selection) => {
  expect(selectionOf(filter, NOW_MS)).toEqual(selection);
});

test.each([{ status: 500 }, { errorCode: 'timeout' }, { q: 'daily' }, { eventId: 'evt_1' }])(
  'a replay cannot choose by %j, so its events have to be named',
  (filter) => {
    expect(selectionOf(filter, NOW_MS)).toBeNull();
  },
);

function delivery(eventId: string, webhookId: string, eventType = 'a.b'): Delivery {
  return { id: `dlv_${eventId}`, eventId, webhookId, eventType } as Delivery;
}

test('named events make a replay for each webhook, each event once, and connection tests are left out', () => {
  const listed = [delivery('1', 'a'), delivery('2', 'a'), delivery('1', 'b'), delivery('1', 'a')];
  expect(selectionsOf([...listed, delivery('3', 'a', 'webhook.test')])).toEqual([
    { webhookId: 'a', eventIds: ['1', '2'] },
    { webhookId: 'b', eventIds: ['1'] },
  ]);
});

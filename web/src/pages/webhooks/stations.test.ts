import { expect, test } from 'vitest';
import { stationMapOf } from './stations.ts';
import type { Webhook } from './webhook-queries.ts';

function webhook(name: string, settings: Partial<Webhook>): Webhook {
  return { name, eventTypes: [], scope: {}, routing: 'always', ...settings } as Webhook;
}

test('each webhook is where matching asks it: at its stations, at its partners, as fallback, or always', () => {
  const map = stationMapOf([
    webhook('both', { scope: { stationIds: ['B', 'A'] } }),
    webhook('one', { scope: { stationIds: ['A'], partnerIds: ['P'] }, eventTypes: ['message.received'] }),
    webhook('partner', { scope: { partnerIds: ['P'] } }),
    webhook('rest', { routing: 'unmatched' }),
    webhook('all', { eventTypes: ['*'] }),
    webhook('transfers', { eventTypes: ['transfer.*'] }),
  ]);
  const names = (webhooks: readonly Webhook[]) => webhooks.map(({ name }) => name);
  expect(map.rows.map(({ kind, id, webhooks }) => [kind, id, names(webhooks)])).toEqual([
    ['station', 'A', ['both', 'one']],
    ['station', 'B', ['both']],
    ['partner', 'P', ['partner']],
  ]);
  expect(names(map.fallback)).toEqual(['rest']);
  expect(names(map.always)).toEqual(['all']);
});

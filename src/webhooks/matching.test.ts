import { describe, expect, test } from 'vitest';
import { type MatchEvent, type MatchRules, matchWebhooks, wantsType } from './matching.ts';

const ANYTHING = { transferIds: [], scheduleIds: [], stationIds: [], partnerIds: [] };

/** A webhook that wants everything, but for what is said of it. */
function webhook(
  name: string,
  rules: Partial<Omit<MatchRules, 'id' | 'scope'>> & { scope?: Partial<MatchRules['scope']> } = {},
): MatchRules {
  const { scope, ...others } = rules;
  return {
    id: `wh_${name}`,
    enabled: true,
    eventTypes: [],
    routing: 'always',
    ...others,
    scope: { ...ANYTHING, ...scope },
  };
}

function event(type: string, ids: Partial<MatchEvent> = {}): MatchEvent {
  return { type, transferId: null, scheduleId: null, stationId: null, partnerId: null, webhookId: null, ...ids };
}

function namesOf(webhooks: MatchRules[], about: MatchEvent): string[] {
  return matchWebhooks(webhooks, about).map(({ id }) => id.slice('wh_'.length));
}

describe('eventTypes', () => {
  test.each<[eventTypes: string[], type: string, isWanted: boolean]>([
    [[], 'transfer.failed', true],
    [[], 'order.shipped', true],
    [[], 'webhook.paused', true],
    [[], 'webhook.test', false],
    [['*'], 'transfer.failed', true],
    [['*'], 'webhook.test', false],
    [['*', 'webhook.test'], 'webhook.test', true],
    [['webhook.*'], 'webhook.test', true],
    [['transfer.failed'], 'transfer.failed', true],
    [['transfer.failed'], 'transfer.failed.twice', false],
    [['transfer.failed'], 'transfer.fail', false],
    [['transfer.*'], 'transfer.failed', true],
    [['transfer.*'], 'transfers.failed', false],
    [['transfer.*'], 'transfer', false],
    [['order.*'], 'order.item.shipped', true],
    [['order.item.*'], 'order.item.shipped', true],
    [['order.item.*'], 'order.shipped', false],
    [['order.*', 'transfer.failed'], 'transfer.failed', true],
    [['order.*', 'transfer.failed'], 'transfer.started', false],
  ])('%j and the type %s: %s', (eventTypes, type, isWanted) => {
    expect(wantsType(eventTypes, type)).toBe(isWanted);
  });
});

describe('scope', () => {
  const all = { transferId: 't', scheduleId: 's', stationId: 'a', partnerId: 'p' };

  test.each<[scope: Partial<MatchRules['scope']>, ids: Partial<MatchEvent>, isWanted: boolean]>([
    [{}, {}, true],
    [{}, all, true],
    [{ transferIds: ['t'] }, all, true],
    [{ transferIds: ['x', 't'] }, all, true],
    [{ transferIds: ['x'] }, all, false],
    [{ transferIds: ['t'] }, { scheduleId: 't' }, false],
    [{ transferIds: ['t'] }, {}, false],
    [{ transferIds: ['t'], scheduleIds: ['s'], stationIds: ['a'], partnerIds: ['p'] }, all, true],
    [{ transferIds: ['t'], scheduleIds: ['x'] }, all, false],
    [{ transferIds: ['t'], partnerIds: ['p'] }, { transferId: 't' }, false],
    [{ stationIds: ['null'] }, {}, false],
  ])('%j and an event of %j: %s', (scope, ids, isWanted) => {
    expect(namesOf([webhook('w', { scope })], event('transfer.started', ids))).toEqual(isWanted ? ['w'] : []);
  });
});

describe('a webhook', () => {
  test('that is disabled gets nothing', () => {
    expect(namesOf([webhook('on'), webhook('off', { enabled: false })], event('order.shipped'))).toEqual(['on']);
  });

  test.each(['webhook.paused', 'webhook.recovered', 'webhook.test', 'delivery.exhausted'])(
    'never gets a %s about itself',
    (type) => {
      const webhooks = [webhook('a', { eventTypes: [type] }), webhook('b', { eventTypes: [type] })];
      expect(namesOf(webhooks, event(type, { webhookId: 'wh_a' }))).toEqual(['b']);
    },
  );

  test('gets an outside event that happens to carry its id', () => {
    expect(namesOf([webhook('a')], event('order.shipped', { webhookId: 'wh_a' }))).toEqual(['a']);
  });
});

describe('routing unmatched', () => {
  const fallback = webhook('fallback', { routing: 'unmatched' });
  const acme = webhook('acme', { scope: { stationIds: ['acme'] } });
  const beta = webhook('beta', { scope: { partnerIds: ['beta'] } });

  test.each<[what: string, others: MatchRules[], ids: Partial<MatchEvent>, names: string[]]>([
    ['a station nobody names', [acme, beta], { stationId: 'other' }, ['fallback']],
    ['a partner nobody names', [acme, beta], { partnerId: 'other' }, ['fallback']],
    ['a station that is named', [acme, beta], { stationId: 'acme' }, ['acme']],
    ['a partner that is named', [acme, beta], { stationId: 'x', partnerId: 'beta' }, ['beta']],
    ['neither station nor partner', [acme, beta], { transferId: 't' }, []],
    [
      'a station that only a disabled webhook names',
      [{ ...acme, enabled: false }],
      { stationId: 'acme' },
      ['fallback'],
    ],
    [
      'a station that is named for other types',
      [{ ...acme, eventTypes: ['mdn.*'] }],
      { stationId: 'acme' },
      ['fallback'],
    ],
    ['a station, and a webhook for all stations', [webhook('all')], { stationId: 'acme' }, ['all', 'fallback']],
    [
      'a station, and a webhook for a transfer',
      [webhook('t', { scope: { transferIds: ['t'] } })],
      { stationId: 'a', transferId: 't' },
      ['t', 'fallback'],
    ],
  ])('and an event of %s', (_what, others, ids, names) => {
    for (const webhooks of [
      [...others, fallback],
      [fallback, ...others],
    ]) {
      expect(namesOf(webhooks, event('message.received', ids))).toEqual(names);
    }
  });

  test('a fallback that itself names stations keeps to them, and does not keep out another fallback', () => {
    const own = webhook('own', { routing: 'unmatched', scope: { stationIds: ['acme'] } });
    expect(namesOf([own, fallback], event('message.received', { stationId: 'acme' }))).toEqual(['own', 'fallback']);
    expect(namesOf([own, fallback], event('message.received', { stationId: 'x' }))).toEqual(['fallback']);
  });
});

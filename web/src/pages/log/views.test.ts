import { expect, test } from 'vitest';
import { readDeliverySearch } from './delivery-search.ts';
import {
  BUILT_IN_VIEWS,
  builtInViewOf,
  LONGEST_NAME,
  MOST_VIEWS,
  nameOf,
  readViews,
  type View,
  viewOf,
  withoutView,
  withView,
} from './views.ts';

function named(name: string, filter: View['filter'] = {}): View {
  return { name, filter };
}

function many(count: number): View[] {
  return Array.from({ length: count }, (_, n) => named(`view ${n}`));
}

test('what was kept comes back as it was', () => {
  const views = [
    named('ours', { state: 'exhausted', webhookId: 'wh_1', status: 500, range: '1h', q: 'nightly' }),
    named('يوم أمس', { from: '2026-03-01T00:00:00.000Z', to: '2026-03-02T00:00:00.000Z' }),
    named('<b>bold</b>', { errorCode: 'timeout', eventType: 'a.b', eventId: 'evt_1' }),
  ];
  expect(readViews(JSON.stringify(views))).toEqual(views);
});

test.each([null, '', '[{"name":', 'null', '7', '"views"', '{"length":3}', '[null, 1, "view", [], {}]'])(
  '%j holds no view',
  (text) => {
    expect(readViews(text)).toEqual([]);
  },
);

test.each([
  { filter: {} },
  { name: 7, filter: {} },
  { name: ' ', filter: {} },
  { name: 'x'.repeat(200), filter: {} },
  { name: 'no filter' },
  { name: 'no filter', filter: null },
  { name: 'no filter', filter: ['state'] },
])('%j is left out, and the others are not', (foreign) => {
  expect(readViews(JSON.stringify([named('one'), foreign, named('two')]))).toEqual([named('one'), named('two')]);
});

test('of a filter, what makes no sense is left out, and what is none is not taken', () => {
  const filter = { state: 'lost', range: 'constructor', status: {}, q: 'kept', cursor: 'c', open: 'dlv_1', other: 1 };
  expect(readViews(JSON.stringify([{ name: 'odd', filter, other: 1 }]))).toEqual([named('odd', { q: 'kept' })]);
});

test('a name is read once, and no more views than there may be', () => {
  const kept = [named('twice', { q: 'first' }), named('twice', { q: 'second' }), ...many(2 * MOST_VIEWS)];
  const views = readViews(JSON.stringify(kept));
  expect(views).toHaveLength(MOST_VIEWS);
  expect(views.slice(0, 2)).toEqual([named('twice', { q: 'first' }), named('view 0')]);
});

test.each([
  ['ours', 'ours'],
  ['  of\tthe \n night ', 'of the night'],
  ['אתמול', 'אתמול'],
  ['👩‍💻', '👩‍💻'],
  ['e\u0301', '\u00e9'],
  ['<img src=x>', '<img src=x>'],
  ['🙂'.repeat(LONGEST_NAME), '🙂'.repeat(LONGEST_NAME)],
  ['x'.repeat(LONGEST_NAME + 1), null],
  ['', null],
  [' \n', null],
  ['\u200b\u202e', null],
])('what was typed as %j is the name %j', (typed, name) => {
  expect(nameOf(typed)).toBe(name);
});

test('a view goes to the end, or into the place of the one that has its name', () => {
  expect(withView([named('one')], named('two'))).toEqual([named('one'), named('two')]);
  const views = [named('one'), named('two')];
  expect(withView(views, named('one', { q: 'new' }))).toEqual([named('one', { q: 'new' }), named('two')]);
});

test('where there is no room for another view, one that is there can still be replaced', () => {
  expect(withView(many(MOST_VIEWS), named('one more'))).toBeNull();
  expect(withView(many(MOST_VIEWS), named('view 3', { q: 'new' }))?.[3]).toEqual(named('view 3', { q: 'new' }));
});

test('a view is removed by its name', () => {
  expect(withoutView([named('one'), named('two')], 'one')).toEqual([named('two')]);
  expect(withoutView([named('one')], 'another')).toEqual([named('one')]);
});

test('the view of a filter has the same members, in whatever order', () => {
  const views = [named('failing', { state: 'retrying', range: '1h' }), named('all of them')];
  expect(viewOf(views, { range: '1h', state: 'retrying' })).toBe(views[0]);
  expect(viewOf(views, {})).toBe(views[1]);
  expect(viewOf(views, { state: 'retrying' })).toBeNull();
  expect(viewOf(views, { state: 'retrying', range: '1h', q: 'x' })).toBeNull();
});

test('every view that is always there can stand in a URL, and is found by it', () => {
  for (const [name, filter] of Object.entries(BUILT_IN_VIEWS)) {
    expect(readDeliverySearch(filter)).toEqual(filter);
    expect(builtInViewOf(readDeliverySearch(filter))).toBe(name);
  }
  expect(builtInViewOf({ state: 'cancelled' })).toBeNull();
});

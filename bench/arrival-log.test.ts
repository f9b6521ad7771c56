import { expect, test } from 'vitest';
import { createArrivalLog } from './arrival-log.ts';

const everything = (): boolean => true;

test('an event that arrives again counts as an arrival and not as an event, and its first latency stands', () => {
  const log = createArrivalLog();
  log.add({ number: 5, path: '/1', sentAtUs: 100, arrivedAtUs: 150 });
  log.add({ number: 5, path: '/1', sentAtUs: 100, arrivedAtUs: 900 });
  log.add({ number: 6, path: '/2', sentAtUs: 200, arrivedAtUs: 210 });
  expect([log.size, log.events]).toEqual([3, 2]);
  expect([...log.latenciesUs(everything)]).toEqual([50, 10]);
  expect([...log.latenciesUs((_, path) => path === '/2')]).toEqual([10]);
  expect([...log.latenciesUs((sentAtUs) => sentAtUs < 200)]).toEqual([50]);
  expect([log.hasEvent(5), log.hasEvent(7)]).toEqual([true, false]);
  expect([log.firstAtUs(), log.lastAtUs()]).toEqual([150, 210]);
});

test('a range of instants includes its start and excludes its end', () => {
  const log = createArrivalLog();
  for (const arrivedAtUs of [10, 20, 30]) log.add({ number: arrivedAtUs, path: '/1', sentAtUs: 0, arrivedAtUs });
  expect(log.countBetween(10, 30)).toBe(2);
});

test('nothing is forgotten while the log grows, and it holds numbers far apart', () => {
  const log = createArrivalLog();
  const count = 200_000;
  for (let at = 0; at < count; at += 1) {
    log.add({ number: at * 2, path: `/${at % 8}`, sentAtUs: at, arrivedAtUs: at + 3 });
  }
  log.add({ number: 9_000_000, path: '/1', sentAtUs: 1, arrivedAtUs: 2 });
  expect([log.size, log.events]).toEqual([count + 1, count + 1]);
  expect(log.latenciesUs((_, path) => path === '/7')).toHaveLength(count / 8);
  expect([log.hasEvent(2 * count - 2), log.hasEvent(2 * count - 1), log.hasEvent(9_000_000)]).toEqual([
    true,
    false,
    true,
  ]);
});

test('an empty log has no instants and no latencies', () => {
  const log = createArrivalLog();
  expect([log.firstAtUs(), log.lastAtUs(), log.size, log.latenciesUs(everything).length]).toEqual([null, null, 0, 0]);
});

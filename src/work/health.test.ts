import { describe, expect, test } from 'vitest';
import {
  afterFailure,
  afterSuccess,
  concurrencyOf,
  type Failure,
  HEALTHY,
  type Health,
  withBreaker,
} from './health.ts';

const NOW = 1_700_000_000_000;
const LIMIT = 16;

function failure(delivery: number, more: Partial<Failure> = {}): Failure {
  return { delivery, isProbe: false, isOverload: false, holdUntil: null, ...more };
}

/** What comes of failures of those deliveries, one after the other. */
function afterFailures(deliveries: readonly number[], health: Health = HEALTHY, more: Partial<Failure> = {}): Health {
  return deliveries.reduce((before, delivery) => afterFailure(before, failure(delivery, more), LIMIT, NOW, 0), health);
}

const TEN_OF_THREE = [1, 2, 3, 1, 2, 3, 1, 2, 3, 1];

describe('a breaker', () => {
  test('opens with the tenth failure in a row', () => {
    expect(afterFailures(TEN_OF_THREE.slice(0, 9)).breaker).toBeNull();
    expect(afterFailures(TEN_OF_THREE).breaker).toEqual({ openedAt: NOW, probes: 0, probeAt: NOW + 1_000 });
  });

  test('opens for no fewer than three deliveries, however often they fail', () => {
    const ofTwo = afterFailures(Array.from({ length: 40 }, (_, i) => i % 2));
    expect(ofTwo.breaker).toBeNull();
    expect(afterFailures([7], ofTwo).breaker).not.toBeNull();
  });

  test('counts from the last success on', () => {
    const nine = afterFailures(TEN_OF_THREE.slice(0, 9));
    expect(afterFailures(TEN_OF_THREE.slice(0, 9), afterSuccess(nine, LIMIT)).breaker).toBeNull();
  });

  test('probes ever more seldom, and never more than five minutes and a bit apart', () => {
    let health = afterFailures(TEN_OF_THREE);
    const waitsMs: number[] = [];
    for (let probe = 0; probe < 20; probe += 1) {
      health = afterFailure(health, failure(1, { isProbe: true }), LIMIT, NOW, probe < 10 ? 0 : 0.99);
      waitsMs.push((health.breaker?.probeAt ?? 0) - NOW);
      expect(health.breaker?.probes).toBe(probe + 1);
    }
    expect(waitsMs.slice(0, 4)).toEqual([1_500, 2_250, 3_375, 5_063]);
    expect(Math.max(...waitsMs)).toBeLessThanOrEqual(330_000);
    expect(waitsMs).toEqual([...waitsMs].sort((a, b) => a - b));
  });

  test('leaves a receiver alone for as long as it asks', () => {
    const health = afterFailures(TEN_OF_THREE, HEALTHY, { holdUntil: NOW + 60_000 });
    expect(health.breaker?.probeAt).toBe(NOW + 60_000);
  });

  test('is not moved by what was under way when it opened, and fails', () => {
    const open = afterFailures(TEN_OF_THREE);
    expect(afterFailures([4, 5, 6], open)).toEqual(open);
  });

  test('closes with the first success', () => {
    expect(afterSuccess(withBreaker({ openedAt: NOW, probes: 7, probeAt: NOW }), LIMIT).breaker).toBeNull();
  });
});

describe('a window', () => {
  test('is as wide as people allow while all goes well', () => {
    expect(concurrencyOf(HEALTHY, LIMIT)).toBe(LIMIT);
    expect(afterSuccess(HEALTHY, LIMIT)).toBe(HEALTHY);
  });

  test('doubles with each round of answers after a breaker has closed', () => {
    let health = afterSuccess(withBreaker({ openedAt: NOW, probes: 0, probeAt: NOW }), LIMIT);
    const rounds: number[] = [];
    for (let round = 0; round < 6; round += 1) {
      const together = concurrencyOf(health, LIMIT);
      rounds.push(together);
      for (let answer = 0; answer < together; answer += 1) health = afterSuccess(health, LIMIT);
    }
    expect(rounds).toEqual([1, 2, 4, 8, 16, 16]);
    expect(health).toEqual(HEALTHY);
  });

  test('halves once for attempts that were under way together, and grows by one a round from there', () => {
    let health = afterFailures([1, 1, 1, 1], HEALTHY, { isOverload: true });
    expect(concurrencyOf(health, LIMIT)).toBe(8);
    for (let answer = 0; answer < 9; answer += 1) health = afterSuccess(health, LIMIT);
    expect(concurrencyOf(health, LIMIT)).toBe(9);
  });

  test('is never closed', () => {
    const health = afterFailures(Array(200).fill(1), HEALTHY, { isOverload: true });
    expect(concurrencyOf(health, LIMIT)).toBe(1);
  });

  test('is not narrowed by a receiver that answers, and refuses', () => {
    expect(concurrencyOf(afterFailures([1, 1, 1]), LIMIT)).toBe(LIMIT);
  });
});

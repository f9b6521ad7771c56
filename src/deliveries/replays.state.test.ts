import { describe, expect, test } from 'vitest';
import { nextAtAfter, roomOf, stepSize, waitAfter } from './replays.state.ts';

const T0 = 1_700_000_000_000;

/** Makes a full step whenever the plan lets it, `lateMs` after that, and returns the instant of each delivery made. */
function play(ratePerSecond: number, untilMs: number, lateMs = 0): number[] {
  const made: number[] = [];
  let pace = { ratePerSecond, nextAt: T0 };
  for (;;) {
    const now = pace.nextAt + lateMs;
    if (now >= T0 + untilMs) return made;
    const size = stepSize(pace);
    made.push(...Array.from({ length: size }, () => now - T0));
    pace = { ratePerSecond, nextAt: nextAtAfter(pace, size, now) };
  }
}

describe('the pace of a replay', () => {
  test.each([0.5, 1, 7, 30, 200, 450, 2_000])('is %d deliveries a second, also when each step comes late', (rate) => {
    for (const lateMs of [0, 3]) {
      const seconds = 20;
      const made = play(rate, seconds * 1000, lateMs).length;
      expect(Math.abs(made - rate * seconds)).toBeLessThanOrEqual(stepSize({ ratePerSecond: rate, nextAt: 0 }));
    }
  });

  test('spreads what is made over the second', () => {
    expect(play(5, 1000)).toEqual([0, 200, 400, 600, 800]);
    expect(new Set(play(200, 1000)).size).toBe(10);
  });

  test('after an hour in which nothing was made, no burst makes up for it', () => {
    const pace = { ratePerSecond: 100, nextAt: T0 };
    const now = T0 + 3_600_000;
    const nextAt = nextAtAfter(pace, stepSize(pace), now);
    expect(nextAt).toBeGreaterThanOrEqual(now);
  });

  test('a step that could make nothing takes no time', () => {
    expect(nextAtAfter({ ratePerSecond: 1, nextAt: T0 }, 0, T0 + 5_000)).toBe(T0);
  });

  test('without a rate, steps are small all the same and none has to wait', () => {
    const pace = { ratePerSecond: null, nextAt: T0 };
    expect(stepSize(pace)).toBeLessThanOrEqual(100);
    expect(nextAtAfter(pace, 50, T0 + 5)).toBe(T0);
  });
});

test('looks become rarer while nothing can be made, up to a second, and frequent again when something was', () => {
  const waits: number[] = [];
  for (let wait = 0; waits.length < 12; ) {
    wait = waitAfter(0, wait);
    waits.push(wait);
  }
  expect(waits).toEqual(waits.toSorted((a, b) => a - b));
  expect(waits.at(-1)).toBe(1_000);
  expect(waitAfter(1, 1_000)).toBeLessThanOrEqual(20);
});

test('a replay keeps a webhook busy without a line that a fresh event would have to stand in', () => {
  const webhook = { maxConcurrency: 16, isPaced: false, isHeld: false };
  expect(roomOf(webhook)).toBe(32);
  expect(roomOf({ ...webhook, maxConcurrency: 1 })).toBe(8);
  expect(roomOf({ ...webhook, isPaced: true })).toBe(4);
  expect(roomOf({ ...webhook, isPaced: true, isHeld: true })).toBe(500);
});

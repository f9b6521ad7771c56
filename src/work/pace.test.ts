import { describe, expect, test } from 'vitest';
import { afterStart, nextStartAt, paceOf, startsAllowed } from './pace.ts';

const NOON = 1_700_000_000_000;

/** The instants at which a lane starts that tries every so many milliseconds. */
function startsOf(rate: number, options: { everyMs: number; forMs: number; at?: number }): number[] {
  const pace = paceOf(rate);
  const starts: number[] = [];
  let at = options.at ?? 0;
  for (let now = NOON; now < NOON + options.forMs; now += options.everyMs) {
    while (nextStartAt(pace, at, now) <= now) {
      starts.push(now);
      at = afterStart(pace, at, now);
    }
  }
  return starts;
}

/** The most starts that any span of a second holds. The starts are in order. */
function mostInOneSecond(starts: readonly number[]): number {
  let most = 0;
  let first = 0;
  for (const [index, start] of starts.entries()) {
    while ((starts[first] as number) <= start - 1000) first += 1;
    most = Math.max(most, index - first + 1);
  }
  return most;
}

describe('a pace', () => {
  test.each([1, 2, 5, 10, 50])('of %i a second is kept in every span of a second, and reached', (rate) => {
    const starts = startsOf(rate, { everyMs: 1, forMs: 10_000 });
    expect(mostInOneSecond(starts)).toBe(rate);
    expect(starts.length).toBe(rate * 10);
  });

  test.each([100, 1000, 10_000])('of %i a second is reached with timers that are late', (rate) => {
    const starts = startsOf(rate, { everyMs: 15, forMs: 9_990 });
    expect(starts.length).toBeGreaterThan(rate * 9.8);
    expect(mostInOneSecond(starts)).toBeLessThanOrEqual(rate * 1.03);
  });

  test('below one a second spreads starts over several', () => {
    expect(startsOf(0.5, { everyMs: 1, forMs: 10_000 }).map((start) => start - NOON)).toEqual([
      0, 2000, 4000, 6000, 8000,
    ]);
  });

  test('saves nothing up for a burst after a pause', () => {
    const pace = paceOf(5);
    const at = afterStart(pace, 0, NOON);
    const later = NOON + 60_000;
    expect(startsAllowed(pace, at, later, 0)).toBe(1);
    expect(nextStartAt(pace, afterStart(pace, at, later), later)).toBe(later + 200);
  });

  test('tells how many starts there will be', () => {
    const pace = paceOf(10);
    const at = afterStart(pace, 0, NOON);
    expect([0, 99, 100, 199, 200, 1000].map((withinMs) => startsAllowed(pace, at, NOON, withinMs))).toEqual([
      0, 0, 1, 1, 2, 10,
    ]);
    expect(startsAllowed(paceOf(1000), 0, NOON, 0)).toBe(20);
  });

  test('goes on at once after the clock was set back, or the rate was raised', () => {
    const hourAgo = NOON - 3_600_000;
    expect(nextStartAt(paceOf(5), afterStart(paceOf(5), 0, NOON), hourAgo)).toBe(hourAgo);
    expect(nextStartAt(paceOf(10), afterStart(paceOf(0.001), 0, NOON), NOON)).toBe(NOON);
  });
});

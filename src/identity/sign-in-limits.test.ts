import { describe, expect, test } from 'vitest';
import { createManualClock } from '../../test/harness/manual-clock.ts';
import { createSignInLimits, type SignInTry } from './sign-in-limits.ts';

const MINUTE_MS = 60_000;

function stage() {
  const limits = createSignInLimits();
  const clock = createManualClock();
  const now = () => clock.monotonicMs();
  return {
    clock,
    draw: (attempt: SignInTry) => limits.draw(attempt, now()),
    giveBack: (attempt: SignInTry) => limits.giveBack(attempt, now()),
    /** How many of so many tries may go ahead. */
    allowed: (count: number, attempt: (n: number) => SignInTry) =>
      Array.from({ length: count }, (_, n) => limits.draw(attempt(n), now())).filter((waitMs) => waitMs === 0).length,
  };
}

describe('sign-ins', () => {
  test('as one user are allowed ten times, wherever they come from, and then once a minute', async () => {
    const { clock, draw, allowed } = stage();
    const attempt = (n: number) => ({ account: 'ada@example.com', address: `192.0.2.${n}` });
    expect(allowed(20, attempt)).toBe(10);
    expect(draw(attempt(99))).toBe(MINUTE_MS);
    await clock.advance(MINUTE_MS - 1);
    expect(draw(attempt(99))).toBe(1);
    await clock.advance(1);
    expect(draw(attempt(99))).toBe(0);
    expect(draw(attempt(99))).toBe(MINUTE_MS);
  });

  test('from one address are allowed thirty times, as whomever, and then every ten seconds', async () => {
    const { clock, draw, allowed } = stage();
    const attempt = (n: number) => ({ account: `${n}@example.com`, address: '192.0.2.1' });
    expect(allowed(40, attempt)).toBe(30);
    expect(draw(attempt(99))).toBe(10_000);
    await clock.advance(10_000);
    expect(draw(attempt(99))).toBe(0);
  });

  test('from one IPv6 network count as from one address', () => {
    const { draw, allowed } = stage();
    const attempt = (n: number) => ({ account: `${n}@example.com`, address: `2001:db8:0:1::${n.toString(16)}` });
    expect(allowed(40, attempt)).toBe(30);
    expect(draw({ account: 'ada@example.com', address: '2001:db8:0:2::1' })).toBe(0);
    expect(draw({ account: 'ada@example.com', address: 'no address' })).toBe(0);
  });

  test('of other users from other addresses are not held up', () => {
    const { draw, allowed } = stage();
    allowed(20, () => ({ account: 'ada@example.com', address: '192.0.2.1' }));
    expect(draw({ account: 'bob@example.com', address: '192.0.2.2' })).toBe(0);
  });

  test('that are refused draw nothing', async () => {
    const { clock, draw, allowed } = stage();
    const attempt = { account: 'ada@example.com', address: '192.0.2.1' };
    allowed(10, () => attempt);
    for (let n = 0; n < 1_000; n += 1) draw(attempt);
    await clock.advance(MINUTE_MS);
    expect(draw(attempt)).toBe(0);
    expect(draw({ account: 'bob@example.com', address: '192.0.2.1' })).toBe(0);
  });

  test('with the right password do not count, and give nobody more than there was', () => {
    const { draw, giveBack, allowed } = stage();
    const attempt = { account: 'ada@example.com', address: '192.0.2.1' };
    for (let n = 0; n < 100; n += 1) {
      expect(draw(attempt)).toBe(0);
      giveBack(attempt);
    }
    giveBack(attempt);
    expect(allowed(20, () => attempt)).toBe(10);
  });

  test('are allowed again in full after a while', async () => {
    const { clock, allowed } = stage();
    const attempt = () => ({ account: 'ada@example.com', address: '192.0.2.1' });
    allowed(10, attempt);
    await clock.advance(60 * MINUTE_MS);
    expect(allowed(20, attempt)).toBe(10);
  });

  test('as very many users forget the oldest of them, and not those of just now', () => {
    const { draw, allowed } = stage();
    const attempt = (n: number) => ({ account: `${n}@example.com`, address: `192.0.2.${n}` });
    allowed(10, () => attempt(0));
    allowed(10_000, (n) => attempt(n + 1));
    allowed(9, () => attempt(10_000));
    expect(draw(attempt(0))).toBe(0);
    expect(draw(attempt(10_000))).toBe(MINUTE_MS);
  });
});

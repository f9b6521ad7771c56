import { expect, test } from 'vitest';
import { createTurns, MAX_WAITING } from './turns.ts';

test('one goes after the other, also after one that has failed', async () => {
  const inTurn = createTurns();
  const first = Promise.withResolvers<void>();
  const begun: number[] = [];
  const work = (n: number, until: Promise<void>) =>
    inTurn(() => {
      begun.push(n);
      return until.then(() => n);
    });
  const [failed, ...others] = [work(1, first.promise), work(2, Promise.resolve()), work(3, Promise.resolve())];
  const failure = expect(failed).rejects.toThrow('no');
  await Promise.resolve();
  expect(begun).toEqual([1]);
  first.reject(new Error('no'));
  await failure;
  expect(await Promise.all(others)).toEqual([2, 3]);
  expect(begun).toEqual([1, 2, 3]);
});

test('who comes while very many wait is refused, and may come again later', async () => {
  const inTurn = createTurns();
  const first = Promise.withResolvers<void>();
  const taken = Array.from({ length: MAX_WAITING + 1 }, () => inTurn(() => first.promise));
  const refusal = { code: 'rate_limited', status: 429, retryAfterS: expect.any(Number) };
  await expect(inTurn(async () => undefined)).rejects.toMatchObject(refusal);
  first.resolve();
  await Promise.all(taken);
  expect(await inTurn(async () => 'done')).toBe('done');
});

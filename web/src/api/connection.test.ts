import { describe, expect, test } from 'vitest';
import { watchConnection } from './connection.ts';
import { manualLater } from './manual-later.fixture.ts';

function stage() {
  const timers = manualLater();
  let answers = false;
  let asked = 0;
  let comebacks = 0;
  const connection = watchConnection({
    nowMs: () => 1_000_000,
    later: timers.later,
    async probe() {
      asked += 1;
      return answers;
    },
    onBack: () => {
      comebacks += 1;
    },
  });
  return {
    connection,
    timers,
    answer: () => {
      answers = true;
    },
    counts: () => ({ asked, comebacks }),
  };
}

describe('a server that does not answer', () => {
  test('is asked ever less often until it does', async () => {
    const { connection, timers, answer, counts } = stage();
    connection.lost();
    connection.lost();
    expect(connection.state.get()).toEqual({ isGone: true, sinceMs: 1_000_000, nextTryMs: 1_001_000 });
    const waits: number[] = [];
    for (let tries = 0; tries < 6; tries += 1) {
      waits.push(...timers.waits());
      timers.runOut();
      await Promise.resolve();
    }
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000]);
    answer();
    timers.runOut();
    await Promise.resolve();
    expect([connection.state.get(), counts(), timers.waits()]).toEqual([
      { isGone: false },
      { asked: 7, comebacks: 1 },
      [],
    ]);
    connection.lost();
    expect(timers.waits()).toEqual([1_000]);
  });

  test('is asked at once where a person wants that, and not while it answers', async () => {
    const { connection, timers, answer, counts } = stage();
    connection.tryNow();
    expect(counts().asked).toBe(0);
    connection.lost();
    answer();
    connection.tryNow();
    await Promise.resolve();
    expect([connection.state.get(), timers.waits()]).toEqual([{ isGone: false }, []]);
  });
});

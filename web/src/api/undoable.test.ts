import { describe, expect, test } from 'vitest';
import { manualLater } from './manual-later.fixture.ts';
import { createDeletions } from './undoable.ts';

function stage(answer: () => Promise<unknown> = async () => null) {
  const timers = manualLater();
  const deletions = createDeletions(timers.later);
  const sent: string[] = [];
  const settled: unknown[] = [];
  const remove = (id: string): void =>
    deletions.add({
      id,
      name: id,
      send(options) {
        sent.push(`${id}${options.keepalive ? ' on the way out' : ''}`);
        return answer();
      },
      onSettled: (error) => settled.push(error),
    });
  const hidden = () => [...deletions.pending.get().keys()];
  return { deletions, timers, sent, settled, remove, hidden };
}

describe('a deletion', () => {
  test('hides at once what is to be deleted, and is sent when the time to think again is over', async () => {
    const { timers, sent, settled, remove, hidden } = stage();
    remove('a');
    remove('a');
    expect([hidden(), sent, timers.waits()]).toEqual([['a'], [], [8_000]]);
    timers.runOut();
    await expect.poll(hidden).toEqual([]);
    expect([sent, settled]).toEqual([['a'], [null]]);
  });

  test('that is taken back is never sent', () => {
    const { deletions, timers, sent, remove, hidden } = stage();
    remove('a');
    remove('b');
    deletions.takeBack('a');
    timers.runOut();
    expect([hidden(), sent]).toEqual([['b'], ['b']]);
  });

  test('that fails shows the thing again, and says why', async () => {
    const { timers, settled, remove, hidden } = stage(() => Promise.reject(new Error('in use')));
    remove('a');
    timers.runOut();
    await expect.poll(hidden).toEqual([]);
    expect(settled).toEqual([new Error('in use')]);
  });

  test('goes out when the page is left before its time', async () => {
    const { deletions, timers, sent, remove } = stage();
    remove('a');
    deletions.sendAll();
    deletions.takeBack('a');
    timers.runOut();
    deletions.sendAll();
    expect(sent).toEqual(['a on the way out']);
  });
});

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createFeed, type Feed, type Follower, type News } from '../src/feed/feed.ts';
import { openSqliteStore, type Store } from '../src/store/index.ts';
import { change, countKept, TOPIC } from './feed.fixture.ts';
import { createManualClock, type ManualClock } from './harness/manual-clock.ts';

const MINUTE_MS = 60_000;

interface Stage {
  store: Store;
  feed: Feed;
  clock: ManualClock;
  /** Something changes; answers with whether it was written down. */
  change(subject: number, word: string, more?: { isPassing?: boolean; isRefused?: boolean }): Promise<boolean>;
  /** Stops feed and store, and starts others on the same folder. */
  restart(): Promise<Stage>;
}

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'waybill-feed-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function open(folder = makeFolder()): Promise<Stage> {
  const clock = createManualClock();
  const faults: unknown[] = [];
  const store = await openSqliteStore({
    folder,
    threadModule: new URL('./feed.worker.fixture.ts', import.meta.url),
    threadOptions: null,
    onBroken: (message) => faults.push(message),
  });
  const feed = createFeed({
    store,
    clock,
    present: { [TOPIC]: (data: Record<string, unknown>) => data },
    onFault: (error) => faults.push(error),
  });
  feed.start();
  let isClosed = false;
  async function close(): Promise<void> {
    if (isClosed) return;
    isClosed = true;
    feed.stop();
    await store.close();
    expect(faults).toEqual([]);
  }
  onTestFinished(close);
  return {
    store,
    feed,
    clock,
    change: (subject, word, { isPassing = false, isRefused = false } = {}) =>
      store.run(change, { subject, word, isPassing, isRefused }),
    async restart() {
      await close();
      return open(folder);
    },
  };
}

/** What a follower is told, as it comes. */
function listen(follower: Follower): News[] {
  const told: News[] = [];
  void (async () => {
    for await (const news of follower.news()) told.push(news);
  })();
  return told;
}

const wordsOf = (told: readonly News[]): unknown[] =>
  told.flatMap(({ changes }) => changes.map(({ data }) => data.word));

test('while nobody has ever watched, nothing is written down', async () => {
  const { change, store } = await open();
  expect(await change(1, 'unseen')).toBe(false);
  expect(await store.read(countKept, null)).toBe(0);
});

test('a follower is told where it stands at once, every change in order, and where it stands every 15 seconds', async () => {
  const { feed, clock, change } = await open();
  const told = listen(await feed.follow(null));
  await clock.advance(0);
  expect(told).toMatchObject([{ isReset: false, changes: [] }]);
  for (let i = 0; i < 450; i += 1) await change(i, `word ${i}`);
  await clock.advance(100);
  expect(wordsOf(told)).toEqual(Array.from({ length: 450 }, (_, i) => `word ${i}`));

  const before = told.length;
  await clock.advance(15_000);
  expect(told.slice(before)).toMatchObject([{ isReset: false, changes: [] }]);
  expect(told.at(-1)?.id).toBe(told.at(-2)?.id);
});

test('a passing change is left out where the subject changes again at once, and no other is', async () => {
  const { feed, clock, change } = await open();
  const told = listen(await feed.follow(null));
  await clock.advance(0);
  await change(1, 'waits', { isPassing: true });
  await change(2, 'waits too', { isPassing: true });
  await change(1, 'failed');
  await change(1, 'ended');
  await clock.advance(100);
  expect(wordsOf(told)).toEqual(['waits too', 'failed', 'ended']);
});

test('a change that was taken back is not told', async () => {
  const { feed, clock, change } = await open();
  const told = listen(await feed.follow(null));
  await clock.advance(0);
  await expect(change(1, 'taken back', { isRefused: true })).rejects.toThrow('The suite refuses this.');
  await change(1, 'kept');
  await clock.advance(100);
  expect(wordsOf(told)).toEqual(['kept']);
});

test('an id is good for ten minutes after its follower has left, and for a restart in between', async () => {
  const first = await open();
  const follower = await first.feed.follow(null);
  const told = listen(follower);
  await first.clock.advance(0);
  await first.change(1, 'seen');
  await first.clock.advance(100);
  const { id } = told.at(-1) as News;
  follower.leave();
  await first.clock.advance(9 * MINUTE_MS);
  await first.change(1, 'missed');

  const second = await first.restart();
  await second.clock.advance(9 * MINUTE_MS);
  expect(await second.change(1, 'missed too')).toBe(true);
  const resumed = listen(await second.feed.follow(id));
  await second.clock.advance(100);
  expect(resumed.map(({ isReset }) => isReset)).not.toContain(true);
  expect(wordsOf(resumed)).toEqual(['missed', 'missed too']);
});

test('when nobody has followed for longer, nothing more is kept, and ids of that time reset', async () => {
  const { feed, clock, change, store } = await open();
  const follower = await feed.follow(null);
  const told = listen(follower);
  await clock.advance(0);
  await change(1, 'seen');
  await clock.advance(100);
  follower.leave();
  await clock.advance(12 * MINUTE_MS);
  expect(await change(1, 'unseen')).toBe(false);
  await expect.poll(() => store.read(countKept, null)).toBe(0);

  const resumed = listen(await feed.follow((told.at(-1) as News).id));
  await clock.advance(0);
  expect(resumed).toMatchObject([{ isReset: true, changes: [] }]);
  await change(1, 'seen again');
  await clock.advance(100);
  expect(wordsOf(resumed)).toEqual(['seen again']);
});

test('a leftover of a process that is gone comes to rest as well', async () => {
  const first = await open();
  await first.feed.follow(null);
  await first.change(1, 'kept');
  const second = await first.restart();
  await second.clock.advance(12 * MINUTE_MS);
  expect(await second.change(1, 'unseen')).toBe(false);
  await expect.poll(() => second.store.read(countKept, null)).toBe(0);
});

test('changes older than ids are good for are forgotten while somebody follows, and their ids reset', async () => {
  const { feed, clock, change, store } = await open();
  const told = listen(await feed.follow(null));
  await clock.advance(0);
  const [{ id: old }] = told as [News];
  for (let i = 0; i < 5; i += 1) await change(i, 'early');
  await clock.advance(MINUTE_MS);
  const { id: young } = told.findLast(({ changes }) => changes.length > 0) as News;
  await clock.advance(9 * MINUTE_MS);
  await change(1, 'late');
  await clock.advance(3 * MINUTE_MS);
  expect(await store.read(countKept, null)).toBe(1);

  const reset = listen(await feed.follow(old));
  const resumed = listen(await feed.follow(young));
  await clock.advance(100);
  expect(reset.map(({ isReset }) => isReset)).toContain(true);
  expect(wordsOf(resumed)).toEqual(['late']);
});

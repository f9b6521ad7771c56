import { createFeedWrites } from '../src/feed/feed.store.ts';
import { command, type Handler, handleCommand, handleQuery, query } from '../src/store/index.ts';

export const TOPIC = 'note';

/** Tells that a subject has changed, if anybody watches; answers with whether it did. Refused where `isRefused`. */
export const change = command<{ subject: number; word: string; isPassing: boolean; isRefused: boolean }, boolean>(
  'feed_suite.change',
);

/** How many changes are kept. */
export const countKept = query<null, number>('feed_suite.count_kept');

export function feedSuiteHandlers(): Handler[] {
  const feed = createFeedWrites({
    [TOPIC]: async (_tx, subject, snapshot: { word: string }) => ({ subject, ...snapshot }),
  });
  return [
    ...feed.handlers,
    handleCommand(change, async (tx, { subject, word, isPassing, isRefused }) => {
      if (!(await feed.isRecording(tx))) return false;
      await feed.tell(tx, { topic: TOPIC, subject, isPassing, snapshot: { word } });
      if (isRefused) throw new Error('The suite refuses this.');
      return true;
    }),
    handleQuery(countKept, async (tx) => (await tx.get<{ n: number }>('SELECT COUNT(*) AS n FROM changes'))?.n ?? 0),
  ];
}

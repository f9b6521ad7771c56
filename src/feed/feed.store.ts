import type { Json } from '../kernel/json.ts';
import { command, type Handler, handleCommand, handleQuery, query, type ReadTx, type Tx } from '../store/index.ts';

/**
 * Begins to write changes down, or goes on doing so, for somebody who watches from now on. `epoch` names the time for
 * which not one change has been left out; `sequence` is a place in it: what was committed before lies below, what will
 * be lies above. Both are on disk when this is answered, so they hold after a crash too.
 */
export const openFeed = command<{ now: number }, { epoch: string; sequence: number }>('feed.open');

/** Writes no more changes down: nobody watches. Ends the epoch, and returns the last sequence of it. */
export const restFeed = command<null, number>('feed.rest');

/** Forgets some of the changes up to a sequence; `isMore` says that there are others. */
export const pruneFeed = command<{ upTo: number }, { isMore: boolean }>('feed.prune');

/**
 * The changes after a sequence, in order, but none above `upTo`; null when some of them are kept no longer. A passing
 * change is left out when a later one of its subject is on the same page. `to` is how far the page reaches.
 */
export const changesAfter = query<{ after: number; upTo: number }, ChangesPage | null>('feed.changes_after');

export interface ChangesPage {
  changes: { sequence: number; topic: string; data: unknown }[];
  to: number;
}

/** Signalled with its sequence for each change that was written down. */
export const FEED_MOVED = 'feed.moved';

/** A change, as whoever makes it tells of it. */
export interface NewChange {
  topic: string;
  /** What has changed, by its number in its own table. */
  subject: number;
  /** Whether a later change of the same subject says all that this one does. */
  isPassing: boolean;
  /** What could change about it, as it is now. */
  snapshot: Json;
}

/** The writing end of the feed. */
export interface FeedWriter {
  /** Whether somebody has watched lately. When not, nothing needs to be told. */
  isRecording(tx: ReadTx): boolean | Promise<boolean>;
  /** Writes a change down, in the transaction that makes it. */
  tell(tx: Tx, change: NewChange): Promise<void>;
}

/** Makes whole what a change told: the thing as lists show it, with the snapshot of that moment; null when it is gone. */
export type Complete = (tx: ReadTx, subject: number, snapshot: never) => Promise<object | null>;

const COUNTER = 'changes';
const EPOCH = 'feed.epoch';
/** The highest sequence that has been forgotten. */
const PRUNED_TO = 'feed.pruned_to';

/** How many changes a page has at most: a millisecond's work for who reads them. */
const PAGE = 200;
const PRUNE_STEP = 2000;

const INSERT = 'INSERT INTO changes (sequence, topic, subject, is_passing, snapshot) VALUES (?, ?, ?, ?, ?)';
const SELECT = `SELECT sequence, topic, subject, is_passing AS "isPassing", snapshot FROM changes
  WHERE sequence > ? AND sequence <= ? ORDER BY sequence LIMIT ?`;
const SETTING = 'SELECT value FROM settings WHERE name = ?';
const SET = 'INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value';

interface ChangeRow {
  sequence: number;
  topic: string;
  subject: number;
  isPassing: number;
  snapshot: string;
}

async function setting(tx: ReadTx, name: string): Promise<string | null> {
  return (await tx.get<{ value: string }>(SETTING, name))?.value ?? null;
}

/** The feed inside the store. `topics` says for each kind of change how it is made whole. */
export function createFeedWrites(topics: Readonly<Record<string, Complete>>): FeedWriter & { handlers: Handler[] } {
  /** Undefined until it has been looked up; null while nobody watches. */
  let epoch: string | null | undefined;

  async function currentEpoch(tx: ReadTx): Promise<string | null> {
    if (epoch === undefined) epoch = await setting(tx, EPOCH);
    return epoch;
  }

  function setEpoch(tx: Tx, value: string | null): void {
    const before = epoch;
    epoch = value;
    tx.onRollback(() => {
      epoch = before;
    });
  }

  async function beginEpoch(tx: Tx, name: string): Promise<string> {
    await tx.run(SET, EPOCH, name);
    setEpoch(tx, name);
    return name;
  }

  const handlers: Handler[] = [
    handleCommand(openFeed, async (tx, { now }) => ({
      epoch: (await currentEpoch(tx)) ?? (await beginEpoch(tx, now.toString(36))),
      sequence: await tx.next(COUNTER),
    })),
    handleCommand(restFeed, async (tx) => {
      await tx.run('DELETE FROM settings WHERE name = ?', EPOCH);
      setEpoch(tx, null);
      return tx.next(COUNTER);
    }),
    handleCommand(pruneFeed, async (tx, { upTo }) => {
      const first = await tx.get<{ sequence: number | null }>('SELECT MIN(sequence) AS sequence FROM changes');
      const from = first?.sequence ?? null;
      if (from === null || from > upTo) return { isMore: false };
      const to = Math.min(upTo, from + PRUNE_STEP - 1);
      await tx.run('DELETE FROM changes WHERE sequence <= ?', to);
      await tx.run(SET, PRUNED_TO, String(to));
      return { isMore: to < upTo };
    }),
    handleQuery(changesAfter, async (tx, { after, upTo }) => {
      if (after < Number((await setting(tx, PRUNED_TO)) ?? 0)) return null;
      const rows = await tx.all<ChangeRow>(SELECT, after, upTo, PAGE);
      const changes: ChangesPage['changes'] = [];
      for (const { sequence, topic, subject, snapshot } of withoutPassed(rows)) {
        const data = (await topics[topic]?.(tx, subject, JSON.parse(snapshot) as never)) ?? null;
        if (data !== null) changes.push({ sequence, topic, data });
      }
      return { changes, to: rows.length === PAGE ? (rows.at(-1) as ChangeRow).sequence : upTo };
    }),
  ];

  return {
    handlers,
    // Asked for every change there is: no promise where there is nothing to wait for.
    isRecording: (tx) => (epoch === undefined ? currentEpoch(tx).then((name) => name !== null) : epoch !== null),
    async tell(tx, { topic, subject, isPassing, snapshot }) {
      const sequence = await tx.next(COUNTER);
      await tx.run(INSERT, sequence, topic, subject, isPassing ? 1 : 0, JSON.stringify(snapshot));
      tx.signal(FEED_MOVED, sequence);
    },
  };
}

/** The rows but for passing changes whose subject changes again further on. */
function withoutPassed(rows: readonly ChangeRow[]): ChangeRow[] {
  const changedLater = new Set<string>();
  const kept = rows.toReversed().filter(({ topic, subject, isPassing }) => {
    const key = `${topic} ${subject}`;
    const isPassed = isPassing === 1 && changedLater.has(key);
    changedLater.add(key);
    return !isPassed;
  });
  return kept.reverse();
}

import { type Clock, delay, type Timer } from '../kernel/clock.ts';
import { Refusal } from '../kernel/errors.ts';
import { type Store, untilStored } from '../store/index.ts';
import { changesAfter, FEED_MOVED, openFeed, pruneFeed, restFeed } from './feed.store.ts';

/** A change that whoever follows is told of. */
export interface Change {
  /** Where to go on after it. */
  id: string;
  topic: string;
  data: Readonly<Record<string, unknown>>;
  /** `data` in JSON, made once for all followers. */
  json: string;
}

/** What a follower is told: changes, or where it stands when there are none. */
export interface News {
  /** Where to go on after it; good for ten minutes, also over a restart. */
  id: string;
  /** Whether the place to go on from was not known (any more): something may have been missed. */
  isReset: boolean;
  changes: readonly Change[];
}

/** One who follows the feed. */
export interface Follower {
  /** First where it stands; then changes as they are committed, and without any every 15 seconds where it stands. */
  news(): AsyncGenerator<News, void, undefined>;
  /** Ends the news. */
  leave(): void;
}

/** What changes, for live screens. */
export interface Feed {
  /**
   * Follows from now on, or after the id of an earlier change. Refuses (429) when too many follow already, and (503) when
   * the disk takes no writes.
   */
  follow(lastId: string | null): Promise<Follower>;
  /** Forgets what is older than ids are good for, and stops writing changes down when nobody has followed for that long. */
  start(): void;
  /** Ends all news. */
  stop(): void;
}

interface Dependencies {
  store: Store;
  clock: Clock;
  /** For each topic, the data of a change as the API shows it. */
  present: Readonly<Record<string, (data: never) => Readonly<Record<string, unknown>>>>;
  onFault: (error: unknown) => void;
}

interface Page {
  changes: Change[];
  to: number;
}

const MAX_FOLLOWERS = 64;
const HEARTBEAT_MS = 15_000;
/** Changes wait this long for company: a screen is quick enough, and all followers read the same pages. */
const GATHER_MS = 25;
/** The ten minutes that ids are good for, and one for followers that lag behind. */
const KEPT_MS = 11 * 60_000;
const TEND_EVERY_MS = 60_000;
const BREATH_MS = 20;

const ID = /^([0-9a-z]{1,12})-(\d{1,15})$/;

export function createFeed({ store, clock, present, onFault }: Dependencies): Feed {
  const followers = new Set<{ wake(): void; leave(): void }>();
  const pages = new Map<string, Promise<Page | null>>();
  /** The newest sequence that was signalled, and the one that followers read up to. */
  let newest = 0;
  let head = 0;
  let gathering: Timer | null = null;

  store.subscribe<number>(FEED_MOVED, (sequence) => {
    newest = Math.max(newest, sequence);
    if (followers.size > 0) gathering ??= clock.after(GATHER_MS, wakeAll);
  });

  function wakeAll(): void {
    gathering = null;
    head = Math.max(head, newest);
    for (const follower of followers) follower.wake();
  }

  // ── following ────────────────────────────────────────────────────────────────────────────────────────────────────

  /** A page of changes after a sequence, up to the head. Followers who stand at the same place share the reading. */
  function pageAfter(after: number, epoch: string): Promise<Page | null> {
    const key = `${after} ${head}`;
    let page = pages.get(key);
    if (page === undefined) {
      page = readPage(after, head, epoch).finally(() => pages.delete(key));
      pages.set(key, page);
    }
    return page;
  }

  async function readPage(after: number, upTo: number, epoch: string): Promise<Page | null> {
    const page = await store.read(changesAfter, { after, upTo });
    if (page === null) return null;
    const changes = page.changes.map(({ sequence, topic, data }): Change => {
      const shown = present[topic]?.(data as never) ?? {};
      return { id: `${epoch}-${sequence}`, topic, data: shown, json: JSON.stringify(shown) };
    });
    return { changes, to: page.to };
  }

  async function follow(lastId: string | null): Promise<Follower> {
    if (followers.size >= MAX_FOLLOWERS) {
      throw new Refusal(
        'rate_limited',
        `At most ${MAX_FOLLOWERS} streams may be open at once. Close one of them first.`,
      );
    }
    const bell = createBell(clock);
    let isHere = true;
    const self = {
      wake: bell.ring,
      leave(): void {
        isHere = false;
        followers.delete(self);
        if (followers.size === 0) followedAtMs = clock.monotonicMs();
        bell.ring();
      },
    };
    followers.add(self);
    isRecording = true;
    const opened = await store.run(openFeed, { now: clock.now() }).catch((error: unknown) => {
      self.leave();
      throw error;
    });
    const { epoch, sequence } = opened;
    head = Math.max(head, sequence);
    const resumed = lastId === null ? sequence : sequenceOf(lastId, opened);

    async function* news(): AsyncGenerator<News, void, undefined> {
      const tell = (at: number, isReset: boolean, changes: readonly Change[] = []): News => ({
        id: `${epoch}-${at}`,
        isReset,
        changes,
      });
      let at = resumed ?? sequence;
      try {
        yield tell(at, resumed === null);
        while (isHere) {
          if (at < head) {
            const page = await pageAfter(at, epoch);
            at = page?.to ?? head;
            if (page === null || page.changes.length > 0) yield tell(at, page === null, page?.changes);
          } else if (!(await bell.rings(HEARTBEAT_MS))) {
            yield tell(at, false);
          }
        }
      } finally {
        self.leave();
      }
    }

    return { news, leave: self.leave };
  }

  // ── forgetting ───────────────────────────────────────────────────────────────────────────────────────────────────

  /** Where the feed stood at each minute, the oldest first. */
  let marks: { atMs: number; sequence: number }[] = [];
  /** Whether changes are written down. Until it is known otherwise, a process before this one may have begun to. */
  let isRecording = true;
  let followedAtMs = 0;
  let tending: Timer | null = null;

  async function tend(): Promise<void> {
    const nowMs = clock.monotonicMs();
    if (followers.size === 0 && nowMs - followedAtMs >= KEPT_MS) return rest();
    const isOld = (mark: { atMs: number }): boolean => nowMs - mark.atMs >= KEPT_MS;
    const lastOld = marks.findLast(isOld);
    marks = [...marks.filter((mark) => !isOld(mark)), { atMs: nowMs, sequence: newest }];
    if (lastOld !== undefined) await prune(lastOld.sequence);
  }

  async function rest(): Promise<void> {
    isRecording = false;
    marks = [];
    await prune(await store.run(restFeed, null));
  }

  async function prune(upTo: number): Promise<void> {
    while ((await store.run(pruneFeed, { upTo })).isMore && tending !== null) await delay(clock, BREATH_MS);
  }

  function tendLater(): void {
    tending = clock.after(TEND_EVERY_MS, () => {
      const tended = isRecording ? untilStored(clock, tend) : Promise.resolve();
      tended.catch(onFault).finally(() => {
        if (tending !== null) tendLater();
      });
    });
  }

  return {
    follow,
    start() {
      followedAtMs = clock.monotonicMs();
      tendLater();
    },
    stop() {
      tending?.cancel();
      tending = null;
      gathering?.cancel();
      for (const follower of followers) follower.leave();
    },
  };
}

/** The sequence inside an id, or null when the id is none of this epoch. */
function sequenceOf(id: string, opened: { epoch: string; sequence: number }): number | null {
  const [, epoch, digits] = ID.exec(id) ?? [];
  const sequence = Number(digits);
  return epoch === opened.epoch && sequence <= opened.sequence ? sequence : null;
}

/** Something to wait at until it rings. */
function createBell(clock: Clock): { ring(): void; rings(withinMs: number): Promise<boolean> } {
  let onRing: (() => void) | null = null;
  return {
    ring: () => onRing?.(),
    /** Whether it rang within that time. */
    rings: (withinMs) =>
      new Promise((resolve) => {
        const end = (hasRung: boolean): void => {
          onRing = null;
          timer.cancel();
          resolve(hasRung);
        };
        const timer = clock.after(withinMs, () => end(false));
        onRing = () => end(true);
      }),
  };
}

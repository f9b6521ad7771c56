import { createObservable, type Observable } from './observable.ts';

/** What the stream's badge says: `idle` while no page wants to know of changes. */
export type StreamState = 'idle' | 'connecting' | 'live' | 'paused' | 'reconnecting';

/** Something that has changed, as lists show it. */
export interface Change {
  id: string;
}

/** What a page is told. */
export interface Listener {
  /** Of the same thing only the last change is told; many come at once, and several times a second at most. */
  onChanges(changes: readonly Change[]): void;
  /** Something may have been missed: read again what is on the screen. */
  onReset(): void;
}

/** The part of `EventSource` that is needed. */
export interface Source {
  readyState: number;
  addEventListener(type: string, listener: (event: MessageEvent<string>) => void): void;
  close(): void;
}

export interface StreamOptions {
  /** Opens the stream after the event with that id, or from now on. */
  open: (lastEventId: string | null) => Source;
  /** Calls back after a time, unless what it returns is called before. */
  later: (ms: number, then: () => void) => () => void;
  /** Told when the server has refused the stream: the session may have ended. */
  onRefused: () => void;
}

export interface Stream {
  state: Observable<StreamState>;
  /** Tells of each change to something on that topic, until what it returns is called. */
  listen(topic: string, listener: Listener): () => void;
  /** Stands still, at the choice of a person. */
  pause(): void;
  resume(): void;
  /** A tab that nobody sees keeps no connection: a browser has six for each server, for all its tabs. */
  setVisible(isVisible: boolean): void;
}

/** For how long changes are gathered before a page is told: as often as a person can follow. */
const GATHER_MS = 250;
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 30_000;
/** `EventSource.CLOSED`: it will not come back by itself. */
const CLOSED = 2;

/** The one stream of a tab. It is open while a page listens, and goes on where it was after each interruption. */
export function createStream({ open, later, onRefused }: StreamOptions): Stream {
  const state = createObservable<StreamState>('idle');
  const listeners = new Map<string, Set<Listener>>();
  const gathered = new Map<string, Map<string, Change>>();
  let source: Source | null = null;
  let lastEventId: string | null = null;
  let isPaused = false;
  let isVisible = true;
  let waitMs = FIRST_WAIT_MS;
  let stopWaiting = (): void => undefined;
  let stopGathering: (() => void) | null = null;

  const all = (): Listener[] => [...listeners.values()].flatMap((ofTopic) => [...ofTopic]);

  /** Opens or closes the stream, whichever the circumstances ask for. */
  function settle(): void {
    const isWanted = listeners.size > 0 && !isPaused && isVisible;
    if (isWanted && source === null) connect('connecting');
    if (!isWanted) disconnect();
    if (listeners.size === 0) state.set('idle');
    else if (isPaused) state.set('paused');
  }

  function disconnect(): void {
    stopWaiting();
    source?.close();
    source = null;
  }

  function connect(as: StreamState): void {
    stopWaiting();
    state.set(as);
    const opened = open(lastEventId);
    source = opened;
    opened.addEventListener('open', () => {
      waitMs = FIRST_WAIT_MS;
      // It begins now: what was on the screen before may be older.
      if (lastEventId === null) tellReset();
      state.set('live');
    });
    opened.addEventListener('reset', (event) => {
      lastEventId = event.lastEventId;
      tellReset();
    });
    for (const topic of listeners.keys()) follow(opened, topic);
    opened.addEventListener('error', () => {
      if (source !== opened) return;
      state.set('reconnecting');
      if (opened.readyState === CLOSED) comeBackLater();
    });
  }

  function comeBackLater(): void {
    disconnect();
    onRefused();
    stopWaiting = later(waitMs, () => connect('reconnecting'));
    waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS);
  }

  function follow(opened: Source, topic: string): void {
    opened.addEventListener(topic, (event) => {
      lastEventId = event.lastEventId;
      const change = JSON.parse(event.data) as Change;
      const ofTopic = gathered.get(topic) ?? new Map<string, Change>();
      gathered.set(topic, ofTopic.set(change.id, change));
      stopGathering ??= later(GATHER_MS, tellChanges);
    });
  }

  function tellChanges(): void {
    stopGathering = null;
    const told = [...gathered];
    gathered.clear();
    for (const [topic, changes] of told) {
      for (const listener of listeners.get(topic) ?? []) listener.onChanges([...changes.values()]);
    }
  }

  function tellReset(): void {
    stopGathering?.();
    stopGathering = null;
    gathered.clear();
    for (const listener of all()) listener.onReset();
  }

  return {
    state,
    listen(topic, listener) {
      const known = listeners.get(topic);
      const ofTopic = known ?? new Set<Listener>();
      listeners.set(topic, ofTopic.add(listener));
      if (known === undefined && source !== null) follow(source, topic);
      settle();
      return () => {
        ofTopic.delete(listener);
        if (ofTopic.size === 0) listeners.delete(topic);
        if (listeners.size === 0) lastEventId = null;
        settle();
      };
    },
    pause() {
      isPaused = true;
      settle();
    },
    resume() {
      isPaused = false;
      settle();
    },
    setVisible(visible) {
      isVisible = visible;
      settle();
    },
  };
}

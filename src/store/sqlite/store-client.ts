import { Refusal } from '../../kernel/errors.ts';
import type { CommandRef, QueryRef } from '../command.ts';
import { type OnceOnly, STORE_PRESSURE, STORE_TROUBLE, type Store, type StoreLoad } from '../store.ts';
import type { Outcome } from './group-commit.ts';
import { createOutbox } from './outbox.ts';
import type { CheckpointMode, FromReader, FromWriter, ToReader, ToWriter } from './protocol.ts';

/** What a store needs of those who carry it out. Messages arrive there in the order in which they were given. */
export interface StorePorts {
  toWriter(message: ToWriter): void;
  toReader(message: ToReader): void;
  /** Calls `run` once the input that has already arrived has been read. */
  nextTurn(run: () => void): void;
  /** Called when the files can no longer be trusted; the process must end without acknowledging anything more. */
  onBroken(message: string): void;
}

/** The side of the store that hands calls over and gives answers out. */
export interface StoreClient {
  store: Omit<Store, 'close'>;
  /** To be called with each message of the writer and the reader, in the order in which they were sent. */
  fromWriter(message: FromWriter): void;
  fromReader(message: FromReader): void;
  /** Resolves once every command that was handed in has been answered. */
  drained(): Promise<void>;
}

const HEAVY_WEIGHT = 128;

const CHECKPOINT_BYTES = 24 * 1024 * 1024;
const RESTART_BYTES = 64 * 1024 * 1024;
const TRUNCATE_BYTES = 512 * 1024 * 1024;

interface Waiter {
  resolve: (value: never) => void;
  reject: (error: Error) => void;
}

/** Makes a store of a writer and a reader that are reached by messages: threads, or what a test puts in their place. */
export function createStoreClient(ports: StorePorts): StoreClient {
  const waiters = new Map<number, Waiter>();
  const listeners = new Map<string, ((payload: never) => void)[]>();
  const load: StoreLoad = { waiting: 0, lastFlushMs: 0, flushes: 0 };
  const outbox = createOutbox();
  const checkpoints = createCheckpoints((mode) => {
    ports.toReader({ kind: 'checkpoint', mode });
  });
  let lastTrouble: string | null = null;
  let lastNumber = 0;
  let isPostScheduled = false;
  let isPressed = false;
  /** The weights of the groups that the writer has and has not answered, the oldest first. */
  const posted: number[] = [];
  let onDrained: (() => void) | null = null;

  function settle(outcome: Outcome): void {
    const waiter = waiters.get(outcome.number);
    waiters.delete(outcome.number);
    if (outcome.ok) waiter?.resolve(outcome.value as never);
    else waiter?.reject(errorOf(outcome));
  }

  function send<I, O>(ref: CommandRef<I, O>, input: I, once: OnceOnly | null): Promise<never> {
    lastNumber += 1;
    const number = lastNumber;
    load.waiting += 1;
    const traits = { weight: ref.weigh?.(input) ?? 1, isUrgent: ref.isUrgent ?? false };
    const packed = ref.packing === undefined ? input : ref.packing.pack(input);
    outbox.add({ number, name: ref.name, input: packed, once }, traits);
    schedulePost();
    return new Promise((resolve, reject) => waiters.set(number, { resolve, reject }));
  }

  /**
   * Calls wait here while the writer has enough to do: together they cost one wake-up and one commit. It has enough with
   * one heavy group, or with two light ones, so that it need not wait for this thread to digest an answer. So groups grow
   * with the load by themselves: to wait for company would only add to the latency.
   */
  function schedulePost(): void {
    const [ahead = 0] = posted;
    if (isPostScheduled || outbox.length === 0 || posted.length >= 2 || ahead >= HEAVY_WEIGHT) return;
    isPostScheduled = true;
    ports.nextTurn(postGroup);
  }

  function postGroup(): void {
    isPostScheduled = false;
    const { calls, weight } = outbox.takeGroup(isPressed);
    posted.push(weight);
    ports.toWriter({ kind: 'calls', calls });
  }

  function publishSignals(signals: readonly { topic: string; payload: unknown }[]): void {
    for (const { topic, payload } of signals) {
      for (const listener of listeners.get(topic) ?? []) listener(payload as never);
    }
  }

  function fromWriter(message: FromWriter): void {
    if (message.kind !== 'group') return;
    const { outcomes, signals, broken, trouble } = message.answer;
    load.lastFlushMs = message.tookMs;
    load.flushes += 1;
    load.waiting -= outcomes.length;
    posted.shift();
    schedulePost();
    publishSignals(signals);
    for (const outcome of outcomes) settle(outcome);
    if (broken !== null) ports.onBroken(broken);
    if ((trouble === null) !== (lastTrouble === null)) publishSignals([{ topic: STORE_TROUBLE, payload: trouble }]);
    lastTrouble = trouble;
    checkpoints.note(message.walBytes);
    if (load.waiting === 0) onDrained?.();
  }

  listeners.set(STORE_PRESSURE, [
    (value: never) => {
      isPressed = value;
    },
  ]);

  function fromReader(message: FromReader): void {
    if (message.kind === 'answer') settle(message.outcome);
    if (message.kind === 'checkpointed') checkpoints.done();
  }

  const store: Omit<Store, 'close'> = {
    load,
    run: <I, O>(ref: CommandRef<I, O>, input: I) => send(ref, input, null),
    runOnce: <I, O>(ref: CommandRef<I, O>, input: I, once: OnceOnly) => send(ref, input, once),
    read<I, O>(ref: QueryRef<I, O>, input: I) {
      lastNumber += 1;
      const number = lastNumber;
      ports.toReader({ kind: 'query', call: { number, name: ref.name, input, once: null } });
      return new Promise<O>((resolve, reject) => waiters.set(number, { resolve, reject }));
    },
    subscribe<T>(topic: string, listener: (payload: T) => void) {
      const known = listeners.get(topic) ?? [];
      listeners.set(topic, [...known, listener as (payload: never) => void]);
    },
    checkpoint: () => checkpoints.request(),
  };

  return {
    store,
    fromWriter,
    fromReader,
    async drained() {
      if (load.waiting === 0) return;
      await new Promise<void>((resolve) => {
        onDrained = resolve;
      });
    },
  };
}

function errorOf(outcome: Outcome & { ok: false }): Error {
  if ('refusal' in outcome) {
    const { code, status, detail, errors } = outcome.refusal;
    return new Refusal(code, detail, { status, errors });
  }
  const error = new Error(outcome.fault.message);
  if (outcome.fault.stack !== undefined) error.stack = outcome.fault.stack;
  return error;
}

interface Checkpoints {
  note(walBytes: number): void;
  /** Asks for one of all that was written so far. */
  request(): void;
  done(): void;
}

/**
 * Asks for a checkpoint each time the log has grown by 24 MB, and for the log to begin anew when it holds more than
 * 64 MB: while writers keep coming it never does so by itself. A page that was written a hundred times since is copied
 * once, so rarer is cheaper; what a start has to read again stays small.
 */
function createCheckpoints(post: (mode: CheckpointMode) => void): Checkpoints {
  let isRunning = false;
  let isWanted = false;
  let bytesAtLast = 0;
  return {
    note(walBytes) {
      // All of it had been copied, and the writer began it anew.
      if (walBytes < bytesAtLast) bytesAtLast = 0;
      if (isRunning || walBytes - bytesAtLast < CHECKPOINT_BYTES) return;
      isRunning = true;
      bytesAtLast = walBytes;
      if (walBytes > TRUNCATE_BYTES) post('TRUNCATE');
      else post(walBytes > RESTART_BYTES ? 'RESTART' : 'PASSIVE');
    },
    request() {
      isWanted = isRunning;
      if (isRunning) return;
      isRunning = true;
      // Only what has been copied to its end cuts the database file, and a passive one leaves what is written meanwhile.
      post('RESTART');
    },
    done() {
      isRunning = false;
      if (isWanted) this.request();
    },
  };
}

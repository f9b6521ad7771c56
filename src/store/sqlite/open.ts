import { Worker } from 'node:worker_threads';
import { nextTurn } from '../../kernel/clock.ts';
import { Refusal, SetupError } from '../../kernel/errors.ts';
import type { CommandRef, QueryRef } from '../command.ts';
import { type OnceOnly, STORE_PRESSURE, STORE_TROUBLE, type Store, type StoreLoad } from '../store.ts';
import type { Outcome } from './group-commit.ts';
import { createOutbox } from './outbox.ts';
import type { CheckpointMode, FromReader, FromWriter, ThreadSettings, ToReader, ToWriter } from './protocol.ts';

export interface SqliteOptions {
  /** The data folder; the database is `waybill.db` in it. */
  folder: string;
  /** The module that calls `runStoreThread` with every module's handlers. */
  threadModule: URL;
  /** Plain data for that module. */
  threadOptions: unknown;
  /** Called when the files can no longer be trusted; the process must end without acknowledging anything more. */
  onBroken: (message: string) => void;
}

const HEAVY_WEIGHT = 128;

const CHECKPOINT_BYTES = 24 * 1024 * 1024;
const RESTART_BYTES = 64 * 1024 * 1024;
const TRUNCATE_BYTES = 512 * 1024 * 1024;

interface Waiter {
  resolve: (value: never) => void;
  reject: (error: Error) => void;
}

/**
 * Opens (or creates and migrates) the embedded database in a thread of its own, with a second thread for reads and
 * checkpoints. Throws a `SetupError` when the folder is in use, not writable, or written by a newer version.
 */
export async function openSqliteStore(options: SqliteOptions): Promise<Store> {
  const writer = startThread(options, 'writer');
  const reader = startThread(options, 'reader');
  try {
    await isReady(writer);
    reader.postMessage({ kind: 'open' } satisfies ToReader);
    await isReady(reader);
  } catch (error) {
    await Promise.all([writer.terminate(), reader.terminate()]);
    throw error;
  }
  return createStore(writer, reader, options.onBroken);
}

function startThread(options: SqliteOptions, role: ThreadSettings['role']): Worker {
  const workerData: ThreadSettings = { role, folder: options.folder, options: options.threadOptions };
  return new Worker(options.threadModule, {
    workerData,
    name: `store-${role}`,
    // What Node 24.0 says of type stripping and SQLite is no news to an operator.
    execArgv: ['--disable-warning=ExperimentalWarning'],
  });
}

function isReady(thread: Worker): Promise<void> {
  return new Promise((resolve, reject) => {
    thread.once('error', reject);
    thread.once('message', (message: FromWriter | FromReader) => {
      thread.off('error', reject);
      if (message.kind !== 'failed') resolve();
      else reject(message.setup ? new SetupError(message.message) : new Error(message.message));
    });
  });
}

function createStore(writer: Worker, reader: Worker, onBroken: (message: string) => void): Store {
  const waiters = new Map<number, Waiter>();
  const listeners = new Map<string, ((payload: never) => void)[]>();
  const load: StoreLoad = { waiting: 0, lastFlushMs: 0, flushes: 0 };
  const outbox = createOutbox();
  const checkpoints = createCheckpoints((mode) => {
    reader.postMessage({ kind: 'checkpoint', mode } satisfies ToReader);
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
    nextTurn(postGroup);
  }

  function postGroup(): void {
    isPostScheduled = false;
    const { calls, weight } = outbox.takeGroup(isPressed);
    posted.push(weight);
    writer.postMessage({ kind: 'calls', calls } satisfies ToWriter);
  }

  function publishSignals(signals: readonly { topic: string; payload: unknown }[]): void {
    for (const { topic, payload } of signals) {
      for (const listener of listeners.get(topic) ?? []) listener(payload as never);
    }
  }

  writer.on('message', (message: FromWriter) => {
    if (message.kind !== 'group') return;
    const { outcomes, signals, broken, trouble } = message.answer;
    load.lastFlushMs = message.tookMs;
    load.flushes += 1;
    load.waiting -= outcomes.length;
    posted.shift();
    schedulePost();
    publishSignals(signals);
    for (const outcome of outcomes) settle(outcome);
    if (broken !== null) onBroken(broken);
    if ((trouble === null) !== (lastTrouble === null)) publishSignals([{ topic: STORE_TROUBLE, payload: trouble }]);
    lastTrouble = trouble;
    checkpoints.note(message.walBytes);
    if (load.waiting === 0) onDrained?.();
  });
  listeners.set(STORE_PRESSURE, [
    (value: never) => {
      isPressed = value;
    },
  ]);
  reader.on('message', (message: FromReader) => {
    if (message.kind === 'answer') settle(message.outcome);
    if (message.kind === 'checkpointed') checkpoints.done();
  });
  for (const thread of [writer, reader]) {
    thread.on('error', (error) => onBroken(`A store thread failed: ${error.stack ?? error.message}`));
  }

  return {
    load,
    run: <I, O>(ref: CommandRef<I, O>, input: I) => send(ref, input, null),
    runOnce: <I, O>(ref: CommandRef<I, O>, input: I, once: OnceOnly) => send(ref, input, once),
    read<I, O>(ref: QueryRef<I, O>, input: I) {
      lastNumber += 1;
      const number = lastNumber;
      reader.postMessage({ kind: 'query', call: { number, name: ref.name, input, once: null } } satisfies ToReader);
      return new Promise<O>((resolve, reject) => waiters.set(number, { resolve, reject }));
    },
    subscribe<T>(topic: string, listener: (payload: T) => void) {
      const known = listeners.get(topic) ?? [];
      listeners.set(topic, [...known, listener as (payload: never) => void]);
    },
    async close() {
      if (load.waiting > 0) {
        await new Promise<void>((resolve) => {
          onDrained = resolve;
        });
      }
      // The reader first: the last connection to close folds the log into the database file.
      await closeThread(reader);
      await closeThread(writer);
    },
  };
}

async function closeThread(thread: Worker): Promise<void> {
  const ended = new Promise<void>((resolve) => {
    thread.once('exit', () => resolve());
  });
  thread.postMessage({ kind: 'close' });
  await ended;
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
  done(): void;
}

/**
 * Asks for a checkpoint each time the log has grown by 24 MB, and for the log to begin anew when it holds more than
 * 64 MB: while writers keep coming it never does so by itself. A page that was written a hundred times since is copied
 * once, so rarer is cheaper; what a start has to read again stays small.
 */
function createCheckpoints(request: (mode: CheckpointMode) => void): Checkpoints {
  let isRunning = false;
  let bytesAtLast = 0;
  return {
    note(walBytes) {
      // All of it had been copied, and the writer began it anew.
      if (walBytes < bytesAtLast) bytesAtLast = 0;
      if (isRunning || walBytes - bytesAtLast < CHECKPOINT_BYTES) return;
      isRunning = true;
      bytesAtLast = walBytes;
      if (walBytes > TRUNCATE_BYTES) request('TRUNCATE');
      else request(walBytes > RESTART_BYTES ? 'RESTART' : 'PASSIVE');
    },
    done() {
      isRunning = false;
    },
  };
}

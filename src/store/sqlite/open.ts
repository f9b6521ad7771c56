import { Worker } from 'node:worker_threads';
import { nextTurn } from '../../kernel/clock.ts';
import { Refusal, SetupError } from '../../kernel/errors.ts';
import type { CommandRef, QueryRef } from '../command.ts';
import type { OnceAnswer, OnceOnly, Store, StoreLoad } from '../store.ts';
import type { Call, Outcome } from './group-commit.ts';
import type { FromReader, FromWriter, ThreadSettings, ToReader, ToWriter } from './protocol.ts';

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

const CHECKPOINT_BYTES = 4 * 1024 * 1024;
const TRUNCATE_BYTES = 64 * 1024 * 1024;

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
  try {
    await isReady(writer);
  } catch (error) {
    await writer.terminate();
    throw error;
  }
  const reader = startThread(options, 'reader');
  await isReady(reader);
  return createStore(writer, reader, options.onBroken);
}

function startThread(options: SqliteOptions, role: ThreadSettings['role']): Worker {
  const workerData: ThreadSettings = { role, folder: options.folder, migrate: true, options: options.threadOptions };
  return new Worker(options.threadModule, {
    workerData,
    name: `store-${role}`,
    // What Node 24.0 says of type stripping and SQLite is no news to an operator.
    execArgv: [...process.execArgv, '--disable-warning=ExperimentalWarning'],
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
  let lastNumber = 0;
  let outbox: Call[] = [];
  let checkpoints: Checkpoints;

  function settle(outcome: Outcome): void {
    const waiter = waiters.get(outcome.number);
    waiters.delete(outcome.number);
    if (outcome.ok) waiter?.resolve(outcome.value as never);
    else waiter?.reject(errorOf(outcome));
  }

  function send(name: string, input: unknown, once: OnceOnly | null): Promise<unknown> {
    lastNumber += 1;
    const number = lastNumber;
    load.waiting += 1;
    if (outbox.length === 0) nextTurn(postOutbox);
    outbox.push({ number, name, input, once });
    return new Promise((resolve, reject) => waiters.set(number, { resolve, reject }));
  }

  function postOutbox(): void {
    const message: ToWriter = { kind: 'calls', calls: outbox };
    outbox = [];
    writer.postMessage(message);
  }

  function publishSignals(signals: readonly { topic: string; payload: unknown }[]): void {
    for (const { topic, payload } of signals) {
      for (const listener of listeners.get(topic) ?? []) listener(payload as never);
    }
  }

  writer.on('message', (message: FromWriter) => {
    if (message.kind !== 'group') return;
    load.lastFlushMs = message.tookMs;
    load.flushes += 1;
    load.waiting -= message.answer.outcomes.length;
    publishSignals(message.answer.signals);
    for (const outcome of message.answer.outcomes) settle(outcome);
    if (message.answer.broken !== null) onBroken(message.answer.broken);
    checkpoints.note(message.walBytes);
  });
  reader.on('message', (message: FromReader) => {
    if (message.kind === 'answer') settle(message.outcome);
    if (message.kind === 'checkpointed') checkpoints.done();
  });
  for (const thread of [writer, reader]) {
    thread.on('error', (error) => onBroken(`A store thread failed: ${error.stack ?? error.message}`));
  }
  checkpoints = createCheckpoints((truncate) =>
    reader.postMessage({ kind: 'checkpoint', truncate } satisfies ToReader),
  );

  return {
    load,
    run: <I, O>(ref: CommandRef<I, O>, input: I) => send(ref.name, input, null) as Promise<O>,
    runOnce: <I, O>(ref: CommandRef<I, O>, input: I, once: OnceOnly) =>
      send(ref.name, input, once) as Promise<OnceAnswer<O>>,
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
      if (outbox.length > 0) postOutbox();
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

/** Asks for a checkpoint each time the log has grown by 4 MB, and for it to be emptied when it is above 64 MB. */
function createCheckpoints(request: (truncate: boolean) => void): Checkpoints {
  let isRunning = false;
  let groupsSince = 0;
  return {
    note(walBytes) {
      groupsSince += 1;
      if (isRunning || walBytes < CHECKPOINT_BYTES || groupsSince < GROUPS_BETWEEN_CHECKPOINTS) return;
      isRunning = true;
      groupsSince = 0;
      request(walBytes > TRUNCATE_BYTES);
    },
    done() {
      isRunning = false;
    },
  };
}

const GROUPS_BETWEEN_CHECKPOINTS = 100;

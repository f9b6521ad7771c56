import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '../../kernel/clock.ts';
import { messageOf, SetupError } from '../../kernel/errors.ts';
import { createIds } from '../../kernel/ids.ts';
import { systemRandom } from '../../kernel/random.ts';
import type { Handler } from '../command.ts';
import { migrate } from '../migrate.ts';
import { type Connection, classify, connect } from './driver.ts';
import { databasePath, lockFolder, makeFolder, openWritable } from './files.ts';
import { type Call, createGroupCommit, type Outcome } from './group-commit.ts';
import type { CheckpointMode, FromReader, FromWriter, ThreadSettings, ToReader, ToWriter } from './protocol.ts';
import { createQueryAnswers } from './query-answers.ts';
import { createWalGauge } from './wal-size.ts';

/**
 * The body of a store thread. Call it from a module of the composition root that knows every module's handlers; the
 * options are those that the server was started with.
 */
export function runStoreThread(handlersFor: (options: never) => readonly Handler[]): void {
  const settings = workerData as ThreadSettings;
  const handlers = handlersFor(settings.options as never);
  if (settings.role === 'writer') runWriter(settings, handlers);
  else runReader(settings, handlers);
}

function post(message: FromWriter | FromReader): void {
  parentPort?.postMessage(message);
}

function diskIsFull(folder: string): SetupError {
  return new SetupError(`The disk of the data folder ${folder} is full. Free some space and start again.`);
}

function postFailure(error: unknown): void {
  post({ kind: 'failed', message: messageOf(error), setup: error instanceof SetupError });
}

function runWriter(settings: ThreadSettings, handlers: readonly Handler[]): void {
  let lock: Connection;
  let connection: Connection;
  try {
    makeFolder(settings.folder);
    lock = lockFolder(settings.folder);
    connection = openWritable(settings.folder);
    migrate(connection, { folder: settings.folder, apply: true });
  } catch (error) {
    postFailure(classify(error) === 'full' ? diskIsFull(settings.folder) : error);
    return;
  }
  const write = createGroupCommit(connection, handlers, createIds(systemRandom));
  const walBytes = createWalGauge(databasePath(settings.folder));

  /** The owner sends one group at a time, so there is nothing to queue here. */
  async function commit(calls: readonly Call[]): Promise<void> {
    const startedAtMs = systemClock.monotonicMs();
    const answer = await write(calls);
    post({ kind: 'group', answer, tookMs: systemClock.monotonicMs() - startedAtMs, walBytes: walBytes() });
  }

  function shut(): void {
    connection.close();
    lock.close();
    post({ kind: 'closed' });
    parentPort?.close();
  }

  parentPort?.on('message', (message: ToWriter) => {
    if (message.kind === 'close') shut();
    else void commit(message.calls);
  });
  post({ kind: 'ready' });
}

function runReader(settings: ThreadSettings, handlers: readonly Handler[]): void {
  const waiting: Call[] = [];
  let isAnswering = false;
  let connection: Connection;
  let answer: (call: Call) => Promise<Outcome>;

  /** The writer has made the database what it must be by now. */
  function open(): void {
    try {
      // Not read-only: it is also the connection that checkpoints. Its queries are given no means to write.
      connection = connect(databasePath(settings.folder));
      connection.exec('PRAGMA synchronous = FULL');
      connection.exec('PRAGMA temp_store = MEMORY');
      connection.exec('PRAGMA cache_size = -16384');
      answer = createQueryAnswers(connection, handlers);
      post({ kind: 'ready' });
    } catch (error) {
      postFailure(error);
    }
  }

  async function drain(): Promise<void> {
    if (isAnswering) return;
    isAnswering = true;
    for (let call = waiting.shift(); call !== undefined; call = waiting.shift()) {
      post({ kind: 'answer', outcome: await answer(call) });
    }
    isAnswering = false;
  }

  function checkpoint(mode: CheckpointMode): void {
    try {
      connection.exec('PRAGMA wal_checkpoint(PASSIVE)');
      // What is left for it after a passive one is little, and only for that the writer waits.
      if (mode !== 'PASSIVE') connection.exec(`PRAGMA wal_checkpoint(${mode})`);
    } catch {
      // Busy, or no room to grow the database file: the log keeps everything, and the next checkpoint tries again.
    }
    post({ kind: 'checkpointed' });
  }

  parentPort?.on('message', (message: ToReader) => {
    switch (message.kind) {
      case 'open':
        open();
        break;
      case 'query':
        waiting.push(message.call);
        void drain();
        break;
      case 'checkpoint':
        checkpoint(message.mode);
        break;
      case 'close':
        connection.close();
        post({ kind: 'closed' });
        parentPort?.close();
    }
  });
}

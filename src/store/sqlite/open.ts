import { Worker } from 'node:worker_threads';
import { nextTurn } from '../../kernel/clock.ts';
import { SetupError } from '../../kernel/errors.ts';
import type { Store } from '../store.ts';
import type { FromReader, FromWriter, ThreadSettings, ToReader } from './protocol.ts';
import { createStoreClient } from './store-client.ts';

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

/** The store that two threads carry out. */
function createStore(writer: Worker, reader: Worker, onBroken: (message: string) => void): Store {
  const { store, fromWriter, fromReader, drained } = createStoreClient({
    toWriter: (message) => writer.postMessage(message),
    toReader: (message) => reader.postMessage(message),
    nextTurn,
    onBroken,
  });
  writer.on('message', fromWriter);
  reader.on('message', fromReader);
  for (const thread of [writer, reader]) {
    thread.on('error', (error) => onBroken(`A store thread failed: ${error.stack ?? error.message}`));
  }
  return {
    ...store,
    async close() {
      await drained();
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

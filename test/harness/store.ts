import { onTestFinished } from 'vitest';
import type { CommandOptions } from '../../src/app.commands.ts';
import type { DeliveryFilter } from '../../src/deliveries/facets.store.ts';
import { openBeside, openSqliteStore, type Store } from '../../src/store/index.ts';

/** The filter that leaves nothing out of a list of deliveries. */
export const ALL_DELIVERIES: DeliveryFilter = {
  webhookId: null,
  eventId: null,
  eventType: null,
  state: null,
  errorCode: null,
  status: null,
  from: null,
  to: null,
};

const THREAD_MODULE = new URL('../../bin/worker.js', import.meta.url);

/**
 * The store of a data folder with the commands of the server, and none of what calls them. Closed when the test has
 * finished, at the latest.
 */
export async function openServerStore(folder: string): Promise<Store> {
  const threadOptions: CommandOptions = { bootId: 'boot_of_the_test', maxInFlight: 64 };
  const store = await openSqliteStore({
    folder,
    threadModule: THREAD_MODULE,
    threadOptions,
    onBroken(message) {
      throw new Error(message);
    },
  });
  let closed: Promise<void> | null = null;
  const close = (): Promise<void> => {
    closed ??= store.close();
    return closed;
  };
  onTestFinished(close);
  return { ...store, close };
}

/** The rows that a statement finds in the database of a data folder, beside whoever has it open. */
export function rowsOf<R>(folder: string, sql: string, ...params: (string | number)[]): R[] {
  const connection = openBeside(folder);
  try {
    return connection.all<R>(sql, params);
  } finally {
    connection.close();
  }
}

/** Runs a statement on the database of a data folder, beside whoever has it open. */
export function runOn(folder: string, sql: string, ...params: (string | number)[]): void {
  const connection = openBeside(folder);
  try {
    connection.run(sql, params);
  } finally {
    connection.close();
  }
}

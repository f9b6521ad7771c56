import type { Handler } from '../command.ts';
import type { Connection } from './driver.ts';
import { type Call, type Outcome, refused } from './group-commit.ts';
import { readTx } from './transaction.ts';

/**
 * Makes a function that answers queries, each in a snapshot of its own, and never throws: what went wrong is in the
 * outcome. The next call must wait for the one before it.
 */
export function createQueryAnswers(connection: Connection, handlers: readonly Handler[]) {
  const queries = new Map(handlers.filter((h) => h.kind === 'query').map((h) => [h.name, h]));
  return async function answer(call: Call): Promise<Outcome> {
    const handler = queries.get(call.name);
    try {
      if (handler === undefined) throw new Error(`There is no query ${call.name}.`);
      connection.run('BEGIN', []);
      return { number: call.number, ok: true, value: await handler.run(readTx(connection), call.input as never) };
    } catch (error) {
      return refused(call.number, error);
    } finally {
      if (connection.inTransaction) connection.run('COMMIT', []);
    }
  };
}

import { messageOf, Refusal } from '../../kernel/errors.ts';
import type { Ids } from '../../kernel/ids.ts';
import type { Handler } from '../command.ts';
import { runOnceOnly } from '../once.store.ts';
import type { OnceOnly } from '../store.ts';
import { type Connection, classify } from './driver.ts';
import { createGroupTransactions, type GroupTx } from './transaction.ts';

/** One command on its way in. */
export interface Call {
  number: number;
  name: string;
  input: unknown;
  once: OnceOnly | null;
}

/** What became of a call, as plain data that may cross a thread boundary. */
export type Outcome =
  | { number: number; ok: true; value: unknown }
  | {
      number: number;
      ok: false;
      refusal: { code: Refusal['code']; status: number; detail: string; errors: Refusal['errors'] };
    }
  | { number: number; ok: false; fault: { message: string; stack: string | undefined } };

/** All that one commit made known. `broken` is set when the files can no longer be trusted: the process must end. */
export interface GroupAnswer {
  outcomes: Outcome[];
  signals: { topic: string; payload: unknown }[];
  broken: string | null;
  /** Why the disk did not take the group, when a later one may fare better; null when it did. */
  trouble: string | null;
}

/** A failure of the database itself inside a command: it ends the whole group. */
class GroupFailure extends Error {}

const STORAGE_DETAIL =
  'The store could not write to its disk, so nothing of this request was kept. Free some space and send it again.';

/**
 * Writes groups of commands, each group in one transaction: a refused command goes back alone, a failed commit refuses
 * them all, and nothing is answered before the commit is on disk.
 */
export function createGroupCommit(connection: Connection, handlers: readonly Handler[], ids: Ids) {
  const commands = new Map(handlers.filter((h) => h.kind === 'command').map((h) => [h.name, h]));
  const beginGroup = createGroupTransactions(connection, ids);
  let broken: { cause: unknown } | null = null;

  async function runCommand(tx: GroupTx, call: Call): Promise<unknown> {
    const handler = commands.get(call.name);
    if (handler === undefined) throw new Error(`There is no command ${call.name}.`);
    const input = handler.packing === null ? call.input : handler.packing.unpack(call.input as never);
    const effect = () => handler.run(tx, input as never);
    return call.once === null ? effect() : runOnceOnly(tx, call.once, effect);
  }

  async function runInSavepoint(tx: GroupTx, call: Call): Promise<Outcome> {
    const mark = tx.mark();
    connection.run('SAVEPOINT command', []);
    try {
      const value = await runCommand(tx, call);
      connection.run('RELEASE command', []);
      return { number: call.number, ok: true, value };
    } catch (error) {
      if (classify(error) !== 'statement' || !connection.inTransaction) throw new GroupFailure('', { cause: error });
      tx.rewind(mark);
      connection.run('ROLLBACK TO command', []);
      connection.run('RELEASE command', []);
      return refused(call.number, error);
    }
  }

  async function runBare(tx: GroupTx, call: Call): Promise<Outcome> {
    return { number: call.number, ok: true, value: await runCommand(tx, call) };
  }

  /** Runs the calls in order and commits them. Throws, with everything taken back, when one of them or the commit fails. */
  async function attempt(calls: readonly Call[], run: typeof runBare): Promise<GroupAnswer> {
    const tx = beginGroup();
    const start = tx.mark();
    try {
      connection.run('BEGIN IMMEDIATE', []);
      const outcomes: Outcome[] = [];
      for (const call of calls) outcomes.push(await run(tx, call));
      tx.writeCounters();
      connection.run('COMMIT', []);
      for (const done of tx.effects.onCommit) done();
      return { outcomes, signals: tx.effects.signals, broken: null, trouble: null };
    } catch (error) {
      tx.rewind(start);
      rollBack(connection);
      throw error;
    }
  }

  /**
   * Writes a group, and never throws: what went wrong is in the answer. The first try does without savepoints, which
   * cost 5 µs a command; only when a command refuses is the group run again with them. Once the files have failed,
   * nothing more is written: a commit may have reached them that memory believes was taken back.
   */
  return async function write(calls: readonly Call[]): Promise<GroupAnswer> {
    if (broken !== null) return groupRefused(calls, broken.cause);
    try {
      return await attempt(calls, runBare).catch((error: unknown) => {
        if (classify(error) === 'statement') return attempt(calls, runInSavepoint);
        throw error;
      });
    } catch (error) {
      const cause = error instanceof GroupFailure ? error.cause : error;
      if (classify(cause) === 'broken') broken = { cause };
      return groupRefused(calls, cause);
    }
  };
}

function rollBack(connection: Connection): void {
  if (connection.inTransaction) connection.run('ROLLBACK', []);
}

function groupRefused(calls: readonly Call[], cause: unknown): GroupAnswer {
  const failure = classify(cause);
  const isPassing = failure === 'full' || failure === 'busy';
  const refusal = new Refusal('storage_unavailable', STORAGE_DETAIL);
  return {
    outcomes: calls.map((call) => refused(call.number, refusal)),
    signals: [],
    broken: isPassing ? null : `The store failed: ${messageOf(cause)}`,
    trouble: isPassing ? messageOf(cause) : null,
  };
}

/** The outcome of a call that threw: a refusal keeps its code, anything else is a fault. */
export function refused(number: number, error: unknown): Outcome {
  if (error instanceof Refusal) {
    const { code, status, errors } = error;
    return { number, ok: false, refusal: { code, status, detail: error.message, errors } };
  }
  const stack = error instanceof Error ? error.stack : undefined;
  return { number, ok: false, fault: { message: messageOf(error), stack } };
}

import { expect, test } from 'vitest';
import { createIds } from '../../kernel/ids.ts';
import { systemRandom } from '../../kernel/random.ts';
import { command, handleCommand } from '../command.ts';
import { migrate } from '../migrate.ts';
import { type Connection, connect } from './driver.ts';
import { type Call, createGroupCommit } from './group-commit.ts';

const IOERR_FSYNC = 1034;

const take = handleCommand(command<null, number>('take'), (tx) => tx.next('taken'));

function call(number: number): Call {
  return { number, name: 'take', input: null, once: null };
}

/** A database whose next commit fails on request, although it reaches the disk. */
function openBreakable(): { connection: Connection; breakNext: () => void } {
  const database = connect(':memory:');
  migrate(database, { folder: ':memory:', apply: true });
  let isBreaking = false;
  const connection: Connection = {
    ...database,
    run(sql, params) {
      const changes = database.run(sql, params);
      if (!isBreaking || sql !== 'COMMIT') return changes;
      isBreaking = false;
      throw Object.assign(new Error('disk I/O error'), { errcode: IOERR_FSYNC });
    },
    get inTransaction() {
      return database.inTransaction;
    },
  };
  return {
    connection,
    breakNext() {
      isBreaking = true;
    },
  };
}

test('a counter does not go back when the group after an I/O error was on its way already', async () => {
  const { connection, breakNext } = openBreakable();
  const write = createGroupCommit(connection, [take], createIds(systemRandom));
  expect(await write([call(1)])).toMatchObject({ outcomes: [{ ok: true, value: 1 }], broken: null });

  breakNext();
  const refused = (number: number) => ({ number, ok: false, refusal: { code: 'storage_unavailable' } });
  const broken = expect.stringContaining('disk I/O error');
  expect(await write([call(2), call(3)])).toMatchObject({ outcomes: [refused(2), refused(3)], broken });
  expect(await write([call(4)])).toMatchObject({ outcomes: [refused(4)], broken });
  expect(connection.get("SELECT value FROM counters WHERE name = 'taken'", [])).toEqual({ value: 3 });
});

import { command, type Handler, handleCommand } from '../command.ts';
import { suiteHandlers } from '../suite-commands.fixture.ts';

/** Whether the database may grow. While it may not, SQLite answers as it does on a disk without room. */
export const allowGrowth = command<boolean, null>('sqlite_suite.allow_growth');

/** The most that SQLite takes (sqlite.org/pragma.html#pragma_max_page_count); a number too low means the present size. */
const PAGES = { unlimited: 4_294_967_294, noMore: 1 };

/** The suite's commands and queries, and those that only SQLite needs. */
export function sqliteSuiteHandlers(): Handler[] {
  return [
    ...suiteHandlers(),
    handleCommand(allowGrowth, async (tx, isAllowed) => {
      await tx.get(`PRAGMA max_page_count = ${isAllowed ? PAGES.unlimited : PAGES.noMore}`);
      return null;
    }),
  ];
}

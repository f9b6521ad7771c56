import { command, type Handler, handleCommand } from './command.ts';

/**
 * Gives a little of the room that deleted rows have left back to the file system. Returns how many pages; 0 when there
 * is no more than new rows will need. The file itself is cut by a checkpoint.
 */
export const giveBackSpace = command<null, number>('store.give_back_space');

/** Moving a page costs some 40 µs, and publishers wait meanwhile. */
const STEP_PAGES = 32;
/** What new rows will soon need again stays: a share of the file, and a megabyte at least. */
const KEPT_SHARE = 1 / 64;
const KEPT_PAGES = 256;

export function spaceHandlers(): Handler[] {
  return [
    handleCommand(giveBackSpace, async (tx) => {
      const free = (await tx.get<{ freelist_count: number }>('PRAGMA freelist_count'))?.freelist_count ?? 0;
      const pages = (await tx.get<{ page_count: number }>('PRAGMA page_count'))?.page_count ?? 0;
      const surplus = free - Math.max(KEPT_PAGES, Math.ceil(pages * KEPT_SHARE));
      if (surplus <= 0) return 0;
      // Each row that it returns is a page that it has freed, so all of them are asked for.
      const given = Math.min(surplus, STEP_PAGES);
      await tx.all(`PRAGMA incremental_vacuum(${given})`);
      return given;
    }),
  ];
}

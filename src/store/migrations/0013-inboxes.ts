import type { Migration } from './migration.ts';

/** Built-in receivers: their names and what they answer. What they receive is kept in memory. */
export const inboxes: Migration = {
  number: 13,
  name: 'inboxes',
  statements: [
    `CREATE TABLE inboxes (
      number     INTEGER NOT NULL PRIMARY KEY,
      name       TEXT NOT NULL UNIQUE,
      answer     TEXT NOT NULL,
      version    INTEGER NOT NULL,
      created_at INTEGER NOT NULL,
      updated_at INTEGER NOT NULL
    )`,
  ],
};

import type { Migration } from './migration.ts';

/** What has changed lately, for those who watch. Only written while somebody does, and kept for minutes. */
export const feed: Migration = {
  number: 6,
  name: 'feed',
  statements: [
    // sequence: in the order of the commits, with holes.
    // topic, subject: what has changed, such as the delivery with that number.
    // is_passing: a later change of the same subject says all that this one does.
    // snapshot: what could change about the subject, as it was then, in JSON. The rest is read from its own table.
    `CREATE TABLE changes (
      sequence   INTEGER NOT NULL PRIMARY KEY,
      topic      TEXT NOT NULL,
      subject    INTEGER NOT NULL,
      is_passing INTEGER NOT NULL,
      snapshot   TEXT NOT NULL
    )`,
  ],
};

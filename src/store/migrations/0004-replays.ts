import type { Migration } from './migration.ts';

/** Replays, what they have still to make, and which deliveries are theirs. */
export const replays: Migration = {
  number: 4,
  name: 'replays',
  statements: [
    // selection: what was asked for, in JSON. delivery_count: how many deliveries that was when it was asked for, which
    // is made + skipped + what lies in replay_candidates; skipped: event or webhook had gone before it was made.
    // next_at: when the next may be made, for one that has a rate.
    `CREATE TABLE replays (
      number          INTEGER NOT NULL PRIMARY KEY,
      id              TEXT NOT NULL UNIQUE,
      selection       TEXT NOT NULL,
      body            TEXT NOT NULL,
      rate_per_second DOUBLE PRECISION,
      state           TEXT NOT NULL,
      delivery_count  INTEGER NOT NULL,
      made            INTEGER NOT NULL,
      skipped         INTEGER NOT NULL,
      next_at         DOUBLE PRECISION NOT NULL,
      created_at      INTEGER NOT NULL,
      ended_at        INTEGER
    )`,

    // What is left to be made. event_sequences: a rising list, packed.
    `CREATE TABLE replay_candidates (
      replay_number   INTEGER NOT NULL,
      webhook_number  INTEGER NOT NULL,
      number          INTEGER NOT NULL,
      event_count     INTEGER NOT NULL,
      event_sequences TEXT NOT NULL,
      PRIMARY KEY (replay_number, webhook_number, number)
    ) WITHOUT ROWID`,

    'ALTER TABLE deliveries ADD COLUMN replay_number INTEGER',
    // Only what replays have made and has not ended: no other delivery pays for it (measured: 0.1 µs each for insert and
    // settlement). With ended_at in it, always null, counting need not look into the table.
    `CREATE INDEX deliveries_replaying ON deliveries (replay_number, ended_at, number)
      WHERE replay_number IS NOT NULL AND ended_at IS NULL`,
  ],
};

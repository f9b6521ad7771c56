import type { Migration } from './migration.ts';

/** What the log comes to, hour by hour, and how each webhook fares. */
export const statistics: Migration = {
  number: 14,
  name: 'statistics',
  statements: [
    // webhook_number: 0 stands for all webhooks together. hour: hours since 1970.
    // failures: how many attempts failed with each error code; latencies, durations: histograms. All three in JSON.
    `CREATE TABLE hourly_figures (
      webhook_number INTEGER NOT NULL,
      hour           INTEGER NOT NULL,
      succeeded      INTEGER NOT NULL,
      failed         INTEGER NOT NULL,
      unknown        INTEGER NOT NULL,
      delivered      INTEGER NOT NULL,
      exhausted      INTEGER NOT NULL,
      cancelled      INTEGER NOT NULL,
      failures       TEXT NOT NULL,
      latencies      TEXT NOT NULL,
      durations      TEXT NOT NULL,
      PRIMARY KEY (webhook_number, hour)
    ) WITHOUT ROWID`,

    // Of the latest attempt that was counted.
    `CREATE TABLE webhook_health (
      webhook_number       INTEGER NOT NULL PRIMARY KEY,
      attempted_at         INTEGER NOT NULL,
      outcome              TEXT NOT NULL,
      status               INTEGER,
      error_code           TEXT,
      delivered_at         INTEGER,
      consecutive_failures INTEGER NOT NULL
    )`,
  ],
};

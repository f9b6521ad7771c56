import type { Migration } from './migration.ts';

const IN_LEDGER = 'replay_of IS NULL AND sequence IS NOT NULL';

/** Notes for each webhook how far its ledger has been deleted by the retention of versions that did not. */
export const ledger: Migration = {
  number: 7,
  name: 'ledger',
  statements: [
    // All of it, where the last number given is not there.
    `INSERT INTO settings (name, value)
      SELECT 'ledger.pruned_to.' || CAST(w.number AS TEXT), CAST(c.value AS TEXT)
        FROM webhooks w JOIN counters c ON c.name = 'webhook:' || w.id
        WHERE c.value > COALESCE((SELECT MAX(sequence) FROM deliveries WHERE webhook_number = w.number AND ${IN_LEDGER}), 0)`,
    // Else up to the last gap.
    `INSERT INTO settings (name, value)
      SELECT 'ledger.pruned_to.' || CAST(webhook_number AS TEXT), CAST(MAX(sequence) - 1 AS TEXT)
        FROM (
          SELECT webhook_number, sequence, LAG(sequence) OVER (PARTITION BY webhook_number ORDER BY sequence) AS previous
            FROM deliveries WHERE ${IN_LEDGER}
        ) AS numbered
        WHERE sequence <> COALESCE(previous, 0) + 1
        GROUP BY webhook_number
      ON CONFLICT (name) DO NOTHING`,
  ],
};

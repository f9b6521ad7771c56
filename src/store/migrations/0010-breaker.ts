import type { Migration } from './migration.ts';

/** Webhooks whose receivers fail again and again: since when they are left alone, and when one attempt is next made. */
export const breaker: Migration = {
  number: 10,
  name: 'breaker',
  statements: [
    'ALTER TABLE webhooks ADD COLUMN breaker_opened_at INTEGER',
    'ALTER TABLE webhooks ADD COLUMN failed_probes INTEGER NOT NULL DEFAULT 0',
    'ALTER TABLE webhooks ADD COLUMN probe_at INTEGER',
  ],
};

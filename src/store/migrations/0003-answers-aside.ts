import type { Migration } from './migration.ts';

/** A place beside each kept answer for what it shows and the database holds nowhere else in the clear: sealed text. */
export const answersAside: Migration = {
  number: 3,
  name: 'answers aside',
  statements: ['ALTER TABLE idempotency_keys ADD COLUMN aside TEXT'],
};

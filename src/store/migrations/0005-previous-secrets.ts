import type { Migration } from './migration.ts';

/** A rotation keeps the signing secret before it for a while. Both columns are null where there is none. */
export const previousSecrets: Migration = {
  number: 5,
  name: 'previous-secrets',
  statements: [
    'ALTER TABLE webhooks ADD COLUMN previous_secret TEXT',
    'ALTER TABLE webhooks ADD COLUMN previous_secret_expires_at INTEGER',
  ],
};

import type { Migration } from './migration.ts';

/** Counts rotations of a signing secret, so that one names the secret that it replaces, however that is sealed by then. */
export const secretVersions: Migration = {
  number: 8,
  name: 'secret-versions',
  statements: ['ALTER TABLE webhooks ADD COLUMN secret_version INTEGER NOT NULL DEFAULT 1'],
};

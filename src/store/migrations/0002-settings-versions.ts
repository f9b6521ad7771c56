import type { Migration } from './migration.ts';

/** Settings that people change count their changes, so that a change names the version that it was made from. */
export const settingsVersions: Migration = {
  number: 2,
  name: 'settings-versions',
  statements: ['ALTER TABLE settings ADD COLUMN version INTEGER NOT NULL DEFAULT 1'],
};

import type { Migration } from './migration.ts';

/** People, and the browsers in which they are signed in. */
export const users: Migration = {
  number: 12,
  name: 'users',
  statements: [
    // email_key: what e-mail addresses are compared by.
    // password_hash: a PHC string, which names its algorithm and parameters.
    // version: counts the changes of what an administrator sets.
    `CREATE TABLE users (
      id              TEXT NOT NULL PRIMARY KEY,
      email           TEXT NOT NULL,
      email_key       TEXT NOT NULL UNIQUE,
      name            TEXT NOT NULL,
      role            TEXT NOT NULL,
      password_hash   TEXT NOT NULL,
      version         INTEGER NOT NULL,
      created_at      INTEGER NOT NULL,
      last_sign_in_at INTEGER
    ) WITHOUT ROWID`,

    // hash: of the token in the browser's cookie.
    `CREATE TABLE sessions (
      id           TEXT NOT NULL PRIMARY KEY,
      user_id      TEXT NOT NULL,
      hash         TEXT NOT NULL UNIQUE,
      created_at   INTEGER NOT NULL,
      last_seen_at INTEGER NOT NULL,
      expires_at   INTEGER NOT NULL,
      user_agent   TEXT,
      address      TEXT NOT NULL
    ) WITHOUT ROWID`,
    'CREATE INDEX sessions_by_user ON sessions (user_id, id)',
  ],
};

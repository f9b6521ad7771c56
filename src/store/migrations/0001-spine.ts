import type { Migration } from './migration.ts';

/**
 * Events, webhooks, deliveries, attempts, and what serves them. Instants are epoch milliseconds, ids text, JSON text,
 * truth 0 or 1. `WITHOUT ROWID` keeps a row under its own key, which sorts by time because ids do.
 */
export const spine: Migration = {
  number: 1,
  name: 'spine',
  statements: [
    `CREATE TABLE counters (
      name  TEXT NOT NULL PRIMARY KEY,
      value INTEGER NOT NULL
    ) WITHOUT ROWID`,

    `CREATE TABLE settings (
      name  TEXT NOT NULL PRIMARY KEY,
      value TEXT NOT NULL
    ) WITHOUT ROWID`,

    `CREATE TABLE api_keys (
      id         TEXT NOT NULL PRIMARY KEY,
      name       TEXT NOT NULL,
      role       TEXT NOT NULL,
      hash       TEXT NOT NULL UNIQUE,
      created_at INTEGER NOT NULL,
      expires_at INTEGER
    ) WITHOUT ROWID`,

    `CREATE TABLE idempotency_keys (
      scope       TEXT NOT NULL,
      key         TEXT NOT NULL,
      fingerprint TEXT NOT NULL,
      answer      TEXT NOT NULL,
      created_at  INTEGER NOT NULL,
      PRIMARY KEY (scope, key)
    ) WITHOUT ROWID`,
    'CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at)',

    `CREATE TABLE events (
      sequence    INTEGER NOT NULL PRIMARY KEY,
      id          TEXT NOT NULL UNIQUE,
      type        TEXT NOT NULL,
      occurred_at INTEGER NOT NULL,
      created_at  INTEGER NOT NULL,
      data        TEXT NOT NULL
    )`,
    'CREATE INDEX events_by_type ON events (type, sequence)',

    // config: the webhook's own settings, sparse: what is absent is inherited. Secrets in it are sealed.
    `CREATE TABLE webhooks (
      id             TEXT NOT NULL PRIMARY KEY,
      name           TEXT NOT NULL,
      config         TEXT NOT NULL,
      signing_secret TEXT NOT NULL,
      paused         INTEGER NOT NULL,
      pause_reason   TEXT,
      hold_until     INTEGER,
      version        INTEGER NOT NULL,
      created_at     INTEGER NOT NULL,
      updated_at     INTEGER NOT NULL,
      deleted_at     INTEGER
    ) WITHOUT ROWID`,

    // due_at: when the next try is due; null while it is being delivered and once it has ended.
    // planned_at: the instant of the plan that a try by hand has overtaken.
    // attempt_count counts every attempt, tries those that used up one of the plan's.
    // method, content_type, body_id: what the first attempt sent and every later one sends again.
    // held_by: the process that has it in hand while it is `delivering`.
    `CREATE TABLE deliveries (
      id            TEXT NOT NULL PRIMARY KEY,
      event_id      TEXT NOT NULL,
      event_type    TEXT NOT NULL,
      webhook_id    TEXT NOT NULL,
      sequence      INTEGER,
      state         TEXT NOT NULL,
      reason        TEXT,
      due_at        INTEGER,
      planned_at    INTEGER,
      next_trigger  TEXT NOT NULL,
      attempt_count INTEGER NOT NULL,
      tries         INTEGER NOT NULL,
      held_by       TEXT,
      replay_of     TEXT,
      method        TEXT,
      content_type  TEXT,
      body_id       TEXT,
      last_status   INTEGER,
      error_code    TEXT,
      created_at    INTEGER NOT NULL,
      ended_at      INTEGER
    ) WITHOUT ROWID`,
    // The queue: only what waits is in it, so a million ended deliveries cost it nothing.
    'CREATE INDEX deliveries_waiting ON deliveries (webhook_id, due_at, id) WHERE due_at IS NOT NULL',
    // The log's filters, each newest first by id.
    'CREATE INDEX deliveries_by_state ON deliveries (state, id)',
    'CREATE INDEX deliveries_by_webhook ON deliveries (webhook_id, id)',
    'CREATE INDEX deliveries_by_type ON deliveries (event_type, id)',
    'CREATE INDEX deliveries_by_event ON deliveries (event_id)',
    'CREATE INDEX deliveries_by_status ON deliveries (last_status, id) WHERE last_status IS NOT NULL',
    'CREATE INDEX deliveries_by_error ON deliveries (error_code, id) WHERE error_code IS NOT NULL',
    // The ledger: the number is the original's, replays repeat it.
    'CREATE UNIQUE INDEX deliveries_by_sequence ON deliveries (webhook_id, sequence) WHERE replay_of IS NULL AND sequence IS NOT NULL',

    `CREATE TABLE bodies (
      id      TEXT NOT NULL PRIMARY KEY,
      content TEXT NOT NULL
    ) WITHOUT ROWID`,

    `CREATE TABLE attempts (
      delivery_id        TEXT NOT NULL,
      number             INTEGER NOT NULL,
      trigger_kind       TEXT NOT NULL,
      started_at         INTEGER NOT NULL,
      duration_ms        REAL NOT NULL,
      outcome            TEXT NOT NULL,
      request_method     TEXT,
      request_url        TEXT,
      request_headers    TEXT,
      body_id            TEXT,
      response_status    INTEGER,
      response_headers   TEXT,
      response_body      TEXT,
      response_truncated INTEGER,
      error_code         TEXT,
      error_message      TEXT,
      PRIMARY KEY (delivery_id, number)
    ) WITHOUT ROWID`,
  ],
};

import { notFound, Refusal } from '../kernel/errors.ts';
import type { WebhookId } from '../kernel/ids.ts';
import {
  command,
  type Handler,
  handleCommand,
  handleQuery,
  type Param,
  query,
  type ReadTx,
  type Tx,
} from '../store/index.ts';
import { type Defaults, type DefaultsRecord, defaultsOf, effectiveConfig } from './defaults.ts';
import type { MatchRules } from './matching.ts';
import { readSettings, writeSettings } from './settings.store.ts';
import type { Breaker, OwnConfig, PauseReason, WebhookRecord } from './webhook.ts';

/** The part of a webhook that is decided by inside the store: what it matches, and whether it may be sent to. */
export interface WebhookRules extends MatchRules {
  /** The key that deliveries refer to it by. */
  number: number;
  paused: boolean;
  holdUntil: number | null;
  /** Whether its breaker is open, and when a probe may be sent; null while it is closed. */
  probeAt: number | null;
  maxConcurrency: number;
  /** Whether its rate is limited: then the dispatcher claims what it may start, and nothing is handed to it unasked. */
  isPaced: boolean;
}

export interface NewWebhook {
  id: WebhookId;
  name: string;
  config: OwnConfig;
  signingSecret: string;
  /** The defaults that it was checked together with. */
  defaultsVersion: number;
  now: number;
}

/** What a change of a webhook was made from and checked with. */
export interface Basis {
  version: number;
  defaultsVersion: number;
}

/**
 * Creates a webhook. The answer holds the defaults of that moment too, so that it shows the same whenever it is asked for
 * again. Refuses (409) when the defaults are no longer those that it was checked with.
 */
export const createWebhook = command<NewWebhook, { record: WebhookRecord; defaults: DefaultsRecord }>(
  'webhooks.create',
);

/** Replaces name and own configuration. Null when there is no such webhook (any more); refuses (409) on another basis. */
export const changeWebhook = command<
  { id: string; name: string; config: OwnConfig; basis: Basis; now: number },
  WebhookRecord | null
>('webhooks.change');

/**
 * Puts another signing secret in force. The one before it signs too until `previousExpiresAt`, or with null no more; one
 * older than that is gone. Refuses (404) where there is no such webhook (any more), and (409) where its secret is not at
 * `secretVersion` any more.
 */
export const rotateSecret = command<
  { id: string; signingSecret: string; previousExpiresAt: number | null; secretVersion: number; now: number },
  { previousExpiresAt: number | null }
>('webhooks.rotate_secret');

/**
 * Pauses an active webhook, or resumes a paused one: the record, changed or as it was, the defaults and the instant of
 * that moment. Refuses (404) when there is none.
 */
export const pauseWebhook = command<
  { id: string; reason: PauseReason | null; now: number },
  { record: WebhookRecord; defaults: DefaultsRecord; at: number }
>('webhooks.pause');

/**
 * Replaces the defaults at that version. Refuses (409) when they have another, or when the webhooks are no longer those
 * that the new ones were checked with, each by its id and version.
 */
export const changeDefaults = command<
  { record: DefaultsRecord; checkedWith: readonly { id: string; version: number }[] },
  DefaultsRecord
>('webhooks.change_defaults');

/** Every webhook, and those deleted that still have deliveries in the log. */
export const allWebhooks = query<null, WebhookRecord[]>('webhooks.all');

/** The hundred webhooks that were deleted last, by an instant (epoch ms); the latest first. */
export const deletedWebhooks = query<{ by: number }, WebhookRecord[]>('webhooks.deleted');

export const findDefaults = query<null, DefaultsRecord>('webhooks.defaults');

/** Signalled with the record after each change of a webhook, its deletion included. */
export const WEBHOOK_CHANGED = 'webhooks.changed';

/** Signalled with the record after each change of the defaults. */
export const DEFAULTS_CHANGED = 'webhooks.defaults_changed';

/** Where the defaults are kept among the settings, and what their secrets are sealed for. */
export const DEFAULTS = 'settings/webhooks';

export interface WebhookRow {
  number: number;
  id: WebhookId;
  name: string;
  config: string;
  signing_secret: string;
  previous_secret: string | null;
  previous_secret_expires_at: number | null;
  secret_version: number;
  paused: number;
  pause_reason: PauseReason | null;
  hold_until: number | null;
  breaker_opened_at: number | null;
  failed_probes: number;
  probe_at: number | null;
  version: number;
  created_at: number;
  updated_at: number;
  deleted_at: number | null;
}

/** The webhook that a row describes. */
export function toRecord(row: WebhookRow): WebhookRecord {
  const { previous_secret: previous, previous_secret_expires_at: expiresAt } = row;
  const { breaker_opened_at: openedAt, failed_probes: probes, probe_at: probeAt } = row;
  return {
    number: row.number,
    id: row.id,
    name: row.name,
    config: JSON.parse(row.config) as OwnConfig,
    signingSecret: row.signing_secret,
    previousSecret: previous === null || expiresAt === null ? null : { sealed: previous, expiresAt },
    secretVersion: row.secret_version,
    paused: row.paused === 1,
    pauseReason: row.pause_reason,
    holdUntil: row.hold_until,
    breaker: openedAt === null || probeAt === null ? null : { openedAt, probes, probeAt },
    version: row.version,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    deletedAt: row.deleted_at,
  };
}

function toRules(record: WebhookRecord, defaults: Defaults): WebhookRules {
  const config = effectiveConfig(record.config, defaults.config);
  return {
    number: record.number,
    id: record.id,
    enabled: config.enabled,
    eventTypes: config.eventTypes,
    scope: config.scope,
    routing: config.routing,
    paused: record.paused,
    holdUntil: record.holdUntil,
    probeAt: record.breaker?.probeAt ?? null,
    maxConcurrency: config.limits.maxConcurrency,
    isPaced: config.limits.ratePerSecond !== null,
  };
}

/**
 * What the store knows of webhooks while it writes. Every write of a webhook passes through here, in the transaction
 * of whoever caused it, so what is remembered between transactions is never behind.
 */
export interface WebhookBook {
  /** All webhooks that are not deleted, in the order in which they were made. */
  rules(tx: ReadTx): Promise<Iterable<WebhookRules>>;
  find(tx: ReadTx, id: string): Promise<WebhookRules | null>;
  findByNumber(tx: ReadTx, number: number): Promise<WebhookRules | null>;
  /** What webhooks inherit. */
  defaults(tx: ReadTx): Promise<Defaults>;
  /** Refuses (409) when the defaults are not at that version. */
  assertDefaults(tx: ReadTx, version: number): Promise<void>;
  replaceDefaults(tx: Tx, record: DefaultsRecord): Promise<DefaultsRecord>;
  pause(tx: Tx, change: { id: string; reason: PauseReason | null; now: number }): Promise<WebhookRecord | null>;
  /** Lets nothing be sent to the webhook before `until`; a later instant already set stays. */
  hold(tx: Tx, id: string, until: number): Promise<void>;
  /**
   * Opens the breaker, or notes another failed probe, or with null closes it. Returns the record if that changed
   * something.
   */
  setBreaker(tx: Tx, id: string, breaker: Breaker | null): Promise<WebhookRecord | null>;
  /** The record of a row that the caller has just inserted or changed; must be called after each such write. */
  written(tx: Tx, id: string): Promise<WebhookRecord | null>;
  /**
   * Marks it deleted: it matches nothing more, and is found no more. False when there is none. With a basis it refuses
   * (409) to delete what is on another.
   */
  remove(tx: Tx, change: { id: string; basis: Basis | null; now: number }): Promise<boolean>;
}

const ALL = 'SELECT * FROM webhooks ORDER BY number';
const DELETED = 'SELECT * FROM webhooks WHERE deleted_at <= ? ORDER BY deleted_at DESC, number DESC LIMIT 100';
const ONE = 'SELECT * FROM webhooks WHERE id = ? AND deleted_at IS NULL';
const INSERT =
  'INSERT INTO webhooks (number, id, name, config, signing_secret, paused, version, created_at, updated_at) VALUES (?, ?, ?, ?, ?, 0, 1, ?, ?)';
// Whoever changes it means to put something right, so its receiver is tried at once.
const CHANGE =
  'UPDATE webhooks SET name = ?, config = ?, probe_at = CASE WHEN probe_at IS NULL THEN NULL ELSE ? END, version = version + 1, updated_at = ? WHERE id = ? AND version = ? AND deleted_at IS NULL';
// What stands to the right of an equals sign is as it was before the statement: the secret moves.
const ROTATE_BOTH = `UPDATE webhooks SET
    previous_secret = signing_secret, previous_secret_expires_at = ?, signing_secret = ?, secret_version = secret_version + 1, version = version + 1, updated_at = ?
  WHERE id = ? AND secret_version = ? AND deleted_at IS NULL`;
const ROTATE_ALONE = `UPDATE webhooks SET
    previous_secret = NULL, previous_secret_expires_at = NULL, signing_secret = ?, secret_version = secret_version + 1, version = version + 1, updated_at = ?
  WHERE id = ? AND secret_version = ? AND deleted_at IS NULL`;
const PAUSE = 'UPDATE webhooks SET paused = 1, pause_reason = ? WHERE id = ? AND paused = 0 AND deleted_at IS NULL';
const RESUME =
  'UPDATE webhooks SET paused = 0, pause_reason = NULL, hold_until = NULL, breaker_opened_at = NULL, failed_probes = 0, probe_at = NULL WHERE id = ? AND paused = 1 AND deleted_at IS NULL';
const HOLD =
  'UPDATE webhooks SET hold_until = ? WHERE id = ? AND (hold_until IS NULL OR hold_until < ?) AND deleted_at IS NULL';
const OPEN_BREAKER =
  'UPDATE webhooks SET breaker_opened_at = ?, failed_probes = ?, probe_at = ? WHERE id = ? AND deleted_at IS NULL';
const CLOSE_BREAKER =
  'UPDATE webhooks SET breaker_opened_at = NULL, failed_probes = 0, probe_at = NULL WHERE id = ? AND breaker_opened_at IS NOT NULL AND deleted_at IS NULL';
const REMOVE =
  'UPDATE webhooks SET deleted_at = ? WHERE id = ? AND version = COALESCE(?, version) AND deleted_at IS NULL';
const VERSIONS = 'SELECT id, version FROM webhooks WHERE deleted_at IS NULL';

interface Remembered {
  defaults: Defaults;
  rules: Map<string, WebhookRules>;
}

function changedMeanwhile(): Refusal {
  return new Refusal('conflict', 'Somebody else changed this at the same moment. Read it and try again.');
}

export function createWebhookBook(): WebhookBook {
  let remembered: Remembered | null = null;

  async function load(tx: ReadTx): Promise<Remembered> {
    if (remembered === null) {
      const defaults = defaultsOf(await readSettings(tx, DEFAULTS));
      const rows = await tx.all<WebhookRow>(ALL);
      const live = rows.map(toRecord).filter((record) => record.deletedAt === null);
      remembered = { defaults, rules: new Map(live.map((record) => [record.id, toRules(record, defaults)])) };
    }
    return remembered;
  }

  function forget(): void {
    remembered = null;
  }

  async function assertDefaults(tx: ReadTx, version: number): Promise<void> {
    if ((await load(tx)).defaults.version !== version) throw changedMeanwhile();
  }

  /** Reads back a row that has just been written, and keeps memory in step with it. */
  async function written(tx: Tx, id: string): Promise<WebhookRecord | null> {
    const row = await tx.get<WebhookRow>('SELECT * FROM webhooks WHERE id = ?', id);
    if (row === undefined) return null;
    const record = toRecord(row);
    await remember(tx, record);
    return record;
  }

  async function write(tx: Tx, id: string, sql: string, params: Param[]): Promise<WebhookRecord | null> {
    const changes = await tx.run(sql, ...params);
    if (changes > 0) return written(tx, id);
    const row = await tx.get<WebhookRow>(ONE, id);
    return row === undefined ? null : toRecord(row);
  }

  /** Keeps memory in step with the row, and forgets everything should the row be rolled back. */
  async function remember(tx: Tx, record: WebhookRecord): Promise<void> {
    const { rules, defaults } = await load(tx);
    if (record.deletedAt === null) rules.set(record.id, toRules(record, defaults));
    else rules.delete(record.id);
    tx.onRollback(forget);
    tx.signal(WEBHOOK_CHANGED, record);
  }

  return {
    written,
    rules: async (tx) => (await load(tx)).rules.values(),
    find: async (tx, id) => (await load(tx)).rules.get(id) ?? null,
    async findByNumber(tx, number) {
      for (const rules of (await load(tx)).rules.values()) if (rules.number === number) return rules;
      return null;
    },
    defaults: async (tx) => (await load(tx)).defaults,
    async replaceDefaults(tx, record) {
      const written = await writeSettings(tx, DEFAULTS, record);
      // What every webhook inherits is another: whoever asks next reads them all anew.
      forget();
      tx.onRollback(forget);
      tx.signal(DEFAULTS_CHANGED, written);
      return written;
    },
    pause: (tx, { id, reason }) => (reason === null ? write(tx, id, RESUME, [id]) : write(tx, id, PAUSE, [reason, id])),
    async hold(tx, id, until) {
      await write(tx, id, HOLD, [until, id, until]);
    },
    async setBreaker(tx, id, breaker) {
      const changes =
        breaker === null
          ? await tx.run(CLOSE_BREAKER, id)
          : await tx.run(OPEN_BREAKER, breaker.openedAt, breaker.probes, breaker.probeAt, id);
      return changes === 0 ? null : written(tx, id);
    },
    assertDefaults,
    async remove(tx, { id, basis, now }) {
      if (!(await load(tx)).rules.has(id)) return false;
      if (basis !== null) await assertDefaults(tx, basis.defaultsVersion);
      const changes = await tx.run(REMOVE, now, id, basis?.version ?? null);
      if (changes === 0) throw changedMeanwhile();
      await written(tx, id);
      return true;
    },
  };
}

/** Every webhook, and those deleted that still have deliveries in the log. */
export async function readWebhooks(tx: ReadTx): Promise<WebhookRecord[]> {
  return (await tx.all<WebhookRow>(ALL)).map(toRecord);
}

/** Events about a webhook, published with the change that they tell of. */
export interface WebhookNews {
  paused(tx: Tx, record: WebhookRecord, now: number): Promise<void>;
  recovered(tx: Tx, record: WebhookRecord, now: number): Promise<void>;
}

export function webhookHandlers(book: WebhookBook, news: WebhookNews): Handler[] {
  return [
    handleCommand(createWebhook, async (tx, { id, name, config, signingSecret, defaultsVersion, now }) => {
      await book.assertDefaults(tx, defaultsVersion);
      await tx.run(INSERT, await tx.next('webhooks'), id, name, JSON.stringify(config), signingSecret, now, now);
      const record = (await book.written(tx, id)) as WebhookRecord;
      return { record, defaults: await readSettings(tx, DEFAULTS) };
    }),
    handleCommand(changeWebhook, async (tx, { id, name, config, basis, now }) => {
      if ((await book.find(tx, id)) === null) return null;
      await book.assertDefaults(tx, basis.defaultsVersion);
      const changes = await tx.run(CHANGE, name, JSON.stringify(config), now, now, id, basis.version);
      if (changes === 0) throw changedMeanwhile();
      return book.written(tx, id);
    }),
    handleCommand(changeDefaults, async (tx, { record, checkedWith }) => {
      const versions = new Map(checkedWith.map(({ id, version }) => [id, version]));
      for (const { id, version } of await tx.all<{ id: string; version: number }>(VERSIONS)) {
        if (versions.get(id) !== version) throw changedMeanwhile();
      }
      return book.replaceDefaults(tx, record);
    }),
    handleQuery(findDefaults, (tx) => readSettings(tx, DEFAULTS)),
    handleCommand(rotateSecret, async (tx, { id, signingSecret, previousExpiresAt, secretVersion, now }) => {
      const changed = [signingSecret, now, id, secretVersion];
      const changes = await (previousExpiresAt === null
        ? tx.run(ROTATE_ALONE, ...changed)
        : tx.run(ROTATE_BOTH, previousExpiresAt, ...changed));
      if (changes === 0) throw (await book.find(tx, id)) === null ? notFound('webhook', id) : changedMeanwhile();
      await book.written(tx, id);
      return { previousExpiresAt };
    }),
    handleCommand(pauseWebhook, async (tx, change) => {
      const record = await pauseAndTell(tx, book, news, change);
      if (record === null) throw notFound('webhook', change.id);
      return { record, defaults: await readSettings(tx, DEFAULTS), at: change.now };
    }),
    handleQuery(allWebhooks, readWebhooks),
    handleQuery(deletedWebhooks, async (tx, { by }) => (await tx.all<WebhookRow>(DELETED, by)).map(toRecord)),
  ];
}

/** Pauses (or with `reason: null` resumes) a webhook and publishes that it did, in the caller's transaction. */
export async function pauseAndTell(
  tx: Tx,
  book: WebhookBook,
  news: WebhookNews,
  change: { id: string; reason: PauseReason | null; now: number },
): Promise<WebhookRecord | null> {
  const before = await book.find(tx, change.id);
  const after = await book.pause(tx, change);
  if (before === null || after === null || before.paused === after.paused) return after;
  await (after.paused ? news.paused(tx, after, change.now) : news.recovered(tx, after, change.now));
  return after;
}

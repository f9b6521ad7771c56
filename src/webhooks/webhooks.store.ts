import { notFound } from '../kernel/errors.ts';
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
import { effectiveConfig } from './defaults.ts';
import type { MatchRules } from './matching.ts';
import type { OwnConfig, PauseReason, WebhookRecord } from './webhook.ts';

/** The part of a webhook that is decided by inside the store: what it matches, and whether it may be sent to. */
export interface WebhookRules extends MatchRules {
  /** The key that deliveries refer to it by. */
  number: number;
  paused: boolean;
  holdUntil: number | null;
  maxConcurrency: number;
}

export interface NewWebhook {
  id: WebhookId;
  name: string;
  config: OwnConfig;
  signingSecret: string;
  now: number;
}

export const createWebhook = command<NewWebhook, WebhookRecord>('webhooks.create');

/** Replaces name and own configuration. Null when there is no such webhook (any more), or it is not at `version`. */
export const changeWebhook = command<
  { id: string; name: string; config: OwnConfig; version: number; now: number },
  WebhookRecord | null
>('webhooks.change');

/** Pauses an active webhook, or resumes a paused one: the record, changed or as it was. Refuses (404) when there is none. */
export const pauseWebhook = command<{ id: string; reason: PauseReason | null; now: number }, WebhookRecord>(
  'webhooks.pause',
);

/** Every webhook, and those deleted that still have deliveries in the log. */
export const allWebhooks = query<null, WebhookRecord[]>('webhooks.all');

/** Signalled with the record after each change of a webhook, its deletion included. */
export const WEBHOOK_CHANGED = 'webhooks.changed';

interface WebhookRow {
  number: number;
  id: WebhookId;
  name: string;
  config: string;
  signing_secret: string;
  paused: number;
  pause_reason: PauseReason | null;
  hold_until: number | null;
  version: number;
  created_at: number;
  updated_at: number;
  deleted_at: number | null;
}

function toRecord(row: WebhookRow): WebhookRecord {
  return {
    number: row.number,
    id: row.id,
    name: row.name,
    config: JSON.parse(row.config) as OwnConfig,
    signingSecret: row.signing_secret,
    paused: row.paused === 1,
    pauseReason: row.pause_reason,
    holdUntil: row.hold_until,
    version: row.version,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    deletedAt: row.deleted_at,
  };
}

function toRules(record: WebhookRecord): WebhookRules {
  const config = effectiveConfig(record.config);
  return {
    number: record.number,
    id: record.id,
    enabled: config.enabled,
    eventTypes: config.eventTypes,
    scope: config.scope,
    routing: config.routing,
    paused: record.paused,
    holdUntil: record.holdUntil,
    maxConcurrency: config.limits.maxConcurrency,
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
  pause(tx: Tx, change: { id: string; reason: PauseReason | null; now: number }): Promise<WebhookRecord | null>;
  /** Lets nothing be sent to the webhook before `until`; a later instant already set stays. */
  hold(tx: Tx, id: string, until: number): Promise<void>;
  /** The record of a row that the caller has just inserted or changed; must be called after each such write. */
  written(tx: Tx, id: string): Promise<WebhookRecord | null>;
  /** Marks it deleted: it matches nothing more, and is found no more. False when there is none. */
  remove(tx: Tx, id: string, now: number): Promise<boolean>;
}

const ALL = 'SELECT * FROM webhooks ORDER BY number';
const ONE = 'SELECT * FROM webhooks WHERE id = ? AND deleted_at IS NULL';
const INSERT =
  'INSERT INTO webhooks (number, id, name, config, signing_secret, paused, version, created_at, updated_at) VALUES (?, ?, ?, ?, ?, 0, 1, ?, ?)';
const CHANGE =
  'UPDATE webhooks SET name = ?, config = ?, version = version + 1, updated_at = ? WHERE id = ? AND version = ? AND deleted_at IS NULL';
const PAUSE = 'UPDATE webhooks SET paused = 1, pause_reason = ? WHERE id = ? AND paused = 0 AND deleted_at IS NULL';
const RESUME =
  'UPDATE webhooks SET paused = 0, pause_reason = NULL, hold_until = NULL WHERE id = ? AND paused = 1 AND deleted_at IS NULL';
const HOLD =
  'UPDATE webhooks SET hold_until = ? WHERE id = ? AND (hold_until IS NULL OR hold_until < ?) AND deleted_at IS NULL';
const REMOVE = 'UPDATE webhooks SET deleted_at = ? WHERE id = ? AND deleted_at IS NULL';

export function createWebhookBook(): WebhookBook {
  let remembered: Map<string, WebhookRules> | null = null;

  async function load(tx: ReadTx): Promise<Map<string, WebhookRules>> {
    if (remembered === null) {
      const rows = await tx.all<WebhookRow>(ALL);
      const live = rows.map(toRecord).filter((record) => record.deletedAt === null);
      remembered = new Map(live.map((record) => [record.id, toRules(record)]));
    }
    return remembered;
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
    const known = await load(tx);
    if (record.deletedAt === null) known.set(record.id, toRules(record));
    else known.delete(record.id);
    tx.onRollback(() => {
      remembered = null;
    });
    tx.signal(WEBHOOK_CHANGED, record);
  }

  return {
    written,
    rules: async (tx) => (await load(tx)).values(),
    find: async (tx, id) => (await load(tx)).get(id) ?? null,
    async findByNumber(tx, number) {
      for (const rules of (await load(tx)).values()) if (rules.number === number) return rules;
      return null;
    },
    pause: (tx, { id, reason }) => (reason === null ? write(tx, id, RESUME, [id]) : write(tx, id, PAUSE, [reason, id])),
    async hold(tx, id, until) {
      await write(tx, id, HOLD, [until, id, until]);
    },
    async remove(tx, id, now) {
      const isThere = (await load(tx)).has(id);
      if (isThere) await write(tx, id, REMOVE, [now, id]);
      return isThere;
    },
  };
}

/** Events about a webhook, published with the change that they tell of. */
export interface WebhookNews {
  paused(tx: Tx, record: WebhookRecord, now: number): Promise<void>;
  recovered(tx: Tx, record: WebhookRecord, now: number): Promise<void>;
}

export function webhookHandlers(book: WebhookBook, news: WebhookNews): Handler[] {
  return [
    handleCommand(createWebhook, async (tx, { id, name, config, signingSecret, now }) => {
      await tx.run(INSERT, await tx.next('webhooks'), id, name, JSON.stringify(config), signingSecret, now, now);
      return (await book.written(tx, id)) as WebhookRecord;
    }),
    handleCommand(changeWebhook, async (tx, { id, name, config, version, now }) => {
      const changes = await tx.run(CHANGE, name, JSON.stringify(config), now, id, version);
      return changes === 0 ? null : book.written(tx, id);
    }),
    handleCommand(pauseWebhook, async (tx, change) => {
      const record = await pauseAndTell(tx, book, news, change);
      if (record === null) throw notFound('webhook', change.id);
      return record;
    }),
    handleQuery(allWebhooks, async (tx) => (await tx.all<WebhookRow>(ALL)).map(toRecord)),
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

import type { Role } from '../http/index.ts';
import type { ApiKeyId } from '../kernel/ids.ts';
import { command, type Handler, handleCommand, handleQuery, query, type ReadTx } from '../store/index.ts';

/** A key as it is kept. The key itself is not: only its hash. */
export interface ApiKeyRow {
  id: ApiKeyId;
  name: string;
  role: Role;
  hash: string;
  createdAt: number;
  expiresAt: number | null;
}

export const createApiKey = command<ApiKeyRow, ApiKeyRow>('identity.create_api_key');
/** Deletes a key; the answer is the deleted row, or null when there was none. */
export const deleteApiKey = command<{ id: string }, ApiKeyRow | null>('identity.delete_api_key');
export const findApiKey = query<{ hash: string }, ApiKeyRow | null>('identity.find_api_key');
export const hasApiKey = query<{ id: string }, boolean>('identity.has_api_key');
/** Keys, newest first, `limit + 1` of them. */
export const listApiKeys = query<{ limit: number; before: string | null }, ApiKeyRow[]>('identity.list_api_keys');

const COLUMNS = 'id, name, role, hash, created_at AS "createdAt", expires_at AS "expiresAt"';

/** The statement behind `createApiKey`, also for the command line, which writes beside a running server. */
export const INSERT_API_KEY =
  'INSERT INTO api_keys (id, name, role, hash, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)';

/** Deletes a key by its id, also for the command line. */
export const DELETE_API_KEY = 'DELETE FROM api_keys WHERE id = ?';

/** Every key, newest first: for the command line, which reads beside a running server. */
export async function readApiKeys(tx: ReadTx): Promise<ApiKeyRow[]> {
  return tx.all<ApiKeyRow>(`SELECT ${COLUMNS} FROM api_keys ORDER BY id DESC`);
}

export function apiKeyHandlers(): Handler[] {
  return [
    handleCommand(createApiKey, async (tx, key) => {
      await tx.run(INSERT_API_KEY, key.id, key.name, key.role, key.hash, key.createdAt, key.expiresAt);
      return key;
    }),
    handleCommand(deleteApiKey, async (tx, { id }) => {
      const row = await tx.get<ApiKeyRow>(`SELECT ${COLUMNS} FROM api_keys WHERE id = ?`, id);
      if (row === undefined) return null;
      await tx.run(DELETE_API_KEY, id);
      return { ...row };
    }),
    handleQuery(
      findApiKey,
      async (tx, { hash }) => (await tx.get<ApiKeyRow>(`SELECT ${COLUMNS} FROM api_keys WHERE hash = ?`, hash)) ?? null,
    ),
    handleQuery(
      hasApiKey,
      async (tx, { id }) => (await tx.get('SELECT id FROM api_keys WHERE id = ?', id)) !== undefined,
    ),
    handleQuery(listApiKeys, (tx, { limit, before }) =>
      tx.all<ApiKeyRow>(
        `SELECT ${COLUMNS} FROM api_keys WHERE id < ? ORDER BY id DESC LIMIT ?`,
        before ?? 'key~',
        limit + 1,
      ),
    ),
  ];
}

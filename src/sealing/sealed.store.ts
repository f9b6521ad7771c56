import { type Replacement, type Sealed, sealedWith } from '../kernel/sealing.ts';
import { command, type Handler, handleCommand, handleQuery, query, type ReadTx, type Tx } from '../store/index.ts';

/** A secret at rest, and the place it is bound to. */
export interface SealedSecret {
  place: string;
  sealed: Sealed;
}

/** Something that holds sealed secrets. Its key tells it from the others of its part. */
export interface SecretHolder {
  key: string;
  secrets: readonly SealedSecret[];
}

/**
 * What a module keeps sealed, as far as a rotation of the master key has to know. Every module that seals gives one to
 * the composition root: what is in none of them cannot be opened after the next rotation.
 */
export interface SealedPart {
  /** Some holders, in the order of their keys, beginning after that key; `next` is where to go on, null at the end. */
  page(tx: ReadTx, after: string | null): Promise<{ holders: SecretHolder[]; next: string | null }>;
  /** Replaces texts of a holder, as far as they are still there, in the caller's transaction. */
  replace(tx: Tx, key: string, replacements: readonly Replacement[]): Promise<void>;
}

/** Where a walk through all parts stands. */
export interface SealedCursor {
  part: number;
  after: string | null;
}

/** Secrets of one holder that another key than the one wanted has sealed. */
export interface StaleHolder extends SecretHolder {
  part: number;
}

export interface NotedKeys {
  /** The key that seals. */
  keyId: string;
  missing: string[];
}

/**
 * Writes down that the first of these keys seals from now on, beside the keys that something may still be sealed with.
 * `missing` names those of them that are not among the given ones: then nothing was written.
 */
export const noteKeys = command<{ keyIds: readonly string[] }, NotedKeys>('sealing.note_keys');

/** Writes down that everything is sealed with this key. */
export const settleOnKey = command<{ keyId: string }, null>('sealing.settle_on_key');

/** The next holders with secrets that another key has sealed. Few or none may come although there are more: see `next`. */
export const staleSecrets = query<
  { keyId: string; cursor: SealedCursor },
  { holders: StaleHolder[]; next: SealedCursor | null }
>('sealing.stale_secrets');

/** Replaces sealed texts, as far as they are still there. */
export const replaceSecrets = command<{ part: number; key: string; replacements: Replacement[] }[], null>(
  'sealing.replace_secrets',
  { weigh: (holders) => holders.length },
);

/** The setting that names the keys that secrets may be sealed with, the newest first. It is there from the first start on. */
export const SEALED_BY = 'sealed_by';

const WRITE_SEALED_BY =
  'INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value';

export function sealingHandlers(parts: readonly SealedPart[]): Handler[] {
  return [
    handleCommand(noteKeys, async (tx, { keyIds }) => {
      const keyId = keyIds[0] as string;
      const noted = await notedKeys(tx);
      const missing = noted.filter((id) => !keyIds.includes(id));
      if (missing.length === 0 && !noted.includes(keyId)) {
        await tx.run(WRITE_SEALED_BY, SEALED_BY, [keyId, ...noted].join(' '));
      }
      return { keyId, missing };
    }),
    handleCommand(settleOnKey, async (tx, { keyId }) => {
      await tx.run(WRITE_SEALED_BY, SEALED_BY, keyId);
      return null;
    }),
    handleQuery(staleSecrets, async (tx, { keyId, cursor: { part, after } }) => {
      const { holders, next } = await partAt(parts, part).page(tx, after);
      return {
        holders: holders
          .map((holder) => ({ part, ...staleOf(holder, keyId) }))
          .filter(({ secrets }) => secrets.length > 0),
        next: next === null ? startOf(parts, part + 1) : { part, after: next },
      };
    }),
    handleCommand(replaceSecrets, async (tx, holders) => {
      for (const { part, key, replacements } of holders) await partAt(parts, part).replace(tx, key, replacements);
      return null;
    }),
  ];
}

/** The names of the keys that secrets may be sealed with, the newest first; none before the first start. */
export async function notedKeys(tx: ReadTx): Promise<string[]> {
  const row = await tx.get<{ value: string }>('SELECT value FROM settings WHERE name = ?', SEALED_BY);
  return row === undefined ? [] : row.value.split(' ');
}

function partAt(parts: readonly SealedPart[], part: number): SealedPart {
  return parts[part] as SealedPart;
}

function startOf(parts: readonly SealedPart[], part: number): SealedCursor | null {
  return part < parts.length ? { part, after: null } : null;
}

function staleOf({ key, secrets }: SecretHolder, keyId: string): SecretHolder {
  return { key, secrets: secrets.filter(({ sealed }) => sealedWith(sealed) !== keyId) };
}

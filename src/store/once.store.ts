import { Refusal } from '../kernel/errors.ts';
import { command, type Handler, handleCommand, handleQuery, query, type ReadTx, type Tx } from './command.ts';
import type { OnceAnswer, OnceKey, OnceOnly } from './store.ts';

/** The answers kept for requests, in their order: null where there is none, `mismatch` where the key is another request's. */
export const findKeptAnswers = query<OnceKey[], (OnceAnswer<unknown> | 'mismatch' | null)[]>('once.find');

/** Deletes some of the answers that nobody may ask for any more. Returns how many; 0 when there are none left. */
export const pruneKeptAnswers = command<{ now: number }, number>('once.prune');

const FIND = 'SELECT fingerprint, answer, aside FROM idempotency_keys WHERE scope = ? AND key = ? AND created_at > ?';
const KEEP =
  'INSERT INTO idempotency_keys (scope, key, fingerprint, answer, aside, created_at) VALUES (?, ?, ?, ?, ?, ?) ' +
  'ON CONFLICT (scope, key) DO UPDATE SET fingerprint = excluded.fingerprint, answer = excluded.answer, ' +
  'aside = excluded.aside, created_at = excluded.created_at';
const PRUNE = `DELETE FROM idempotency_keys WHERE (scope, key) IN (
  SELECT scope, key FROM idempotency_keys WHERE created_at <= ? ORDER BY created_at LIMIT ?)`;

/** How long an answer is kept for whoever asks again. */
const KEPT_MS = 24 * 60 * 60 * 1000;
/** How many answers one command deletes: small, because publishers wait meanwhile. */
const PRUNE_STEP = 500;

async function findKept<O>(
  tx: ReadTx,
  { scope, key, fingerprint, now }: OnceKey,
): Promise<OnceAnswer<O> | 'mismatch' | null> {
  const kept = await tx.get<{ fingerprint: string; answer: string; aside: string | null }>(
    FIND,
    scope,
    key,
    now - KEPT_MS,
  );
  if (kept === undefined) return null;
  if (kept.fingerprint !== fingerprint) return 'mismatch';
  return { value: JSON.parse(kept.answer) as O, aside: kept.aside, repeated: true };
}

/** What whoever uses a key for a second request is told. */
export function keyMismatch(): Refusal {
  return new Refusal(
    'idempotency_mismatch',
    'This Idempotency-Key was used with another request in the last 24 hours. Use a new key for a new request.',
  );
}

/**
 * Runs `effect` unless its key has been used in the last 24 hours; then returns the answer of that time. Writes in the
 * caller's transaction, so that effect and kept answer exist together or not at all.
 */
export async function runOnceOnly<O>(tx: Tx, once: OnceOnly, effect: () => O | Promise<O>): Promise<OnceAnswer<O>> {
  const kept = await findKept<O>(tx, once);
  if (kept === 'mismatch') throw keyMismatch();
  if (kept !== null) return kept;
  const value = await effect();
  const { scope, key, fingerprint, aside, now } = once;
  await tx.run(KEEP, scope, key, fingerprint, JSON.stringify(value ?? null), aside, now);
  return { value, aside, repeated: false };
}

export function onceHandlers(): Handler[] {
  return [
    handleQuery(findKeptAnswers, async (tx, keys) => {
      const found: (OnceAnswer<unknown> | 'mismatch' | null)[] = [];
      for (const key of keys) found.push(await findKept(tx, key));
      return found;
    }),
    handleCommand(pruneKeptAnswers, (tx, { now }) => tx.run(PRUNE, now - KEPT_MS, PRUNE_STEP)),
  ];
}

import { Refusal } from '../kernel/errors.ts';
import type { Tx } from './command.ts';
import type { OnceAnswer, OnceOnly } from './store.ts';

const FIND = 'SELECT fingerprint, answer, created_at FROM idempotency_keys WHERE scope = ? AND key = ?';
const KEEP =
  'INSERT INTO idempotency_keys (scope, key, fingerprint, answer, created_at) VALUES (?, ?, ?, ?, ?) ' +
  'ON CONFLICT (scope, key) DO UPDATE SET fingerprint = excluded.fingerprint, answer = excluded.answer, created_at = excluded.created_at';

/** How long an answer is kept for whoever asks again. */
export const ONCE_KEPT_MS = 24 * 60 * 60 * 1000;

/**
 * Runs `effect` unless its key has been used in the last 24 hours; then returns the answer of that time. Writes in the
 * caller's transaction, so that effect and kept answer exist together or not at all.
 */
export async function runOnceOnly<O>(tx: Tx, once: OnceOnly, effect: () => O | Promise<O>): Promise<OnceAnswer<O>> {
  const kept = await tx.get<{ fingerprint: string; answer: string; created_at: number }>(FIND, once.scope, once.key);
  if (kept !== undefined && kept.created_at > once.now - ONCE_KEPT_MS) {
    if (kept.fingerprint === once.fingerprint) return { value: JSON.parse(kept.answer) as O, repeated: true };
    throw new Refusal(
      'idempotency_mismatch',
      'This Idempotency-Key was used with another request in the last 24 hours. Use a new key for a new request.',
    );
  }
  const value = await effect();
  await tx.run(KEEP, once.scope, once.key, once.fingerprint, JSON.stringify(value ?? null), once.now);
  return { value, repeated: false };
}

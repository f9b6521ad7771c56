import { command, type Handler, handleCommand, type Tx } from '../store/index.ts';
import { noteLedgerPruned } from './ledger.store.ts';

/**
 * Deletes some of the events made before `before` whose deliveries have all ended before then, with all that belongs
 * to them, and the replays that have ended before then. Looks at events after the sequence `after`; `next` is where to
 * go on, null when there are no more that old.
 */
export const pruneOld = command<{ before: number; after: number }, { deleted: number; next: number | null }>(
  'retention.prune',
);

/** How many events one command looks at: small, because publishers wait meanwhile. */
const STEP = 200;

/** `deleteEvents` deletes the events themselves, by their sequences, in the caller's transaction. */
export function retentionHandlers(deleteEvents: (tx: Tx, sequences: readonly number[]) => Promise<void>): Handler[] {
  return [
    handleCommand(pruneOld, async (tx, { before, after }) => {
      await tx.run('DELETE FROM replays WHERE ended_at < ?', before);
      const looked = await tx.all<{ sequence: number; open: number }>(
        `SELECT e.sequence, EXISTS (
            SELECT 1 FROM deliveries d WHERE d.event_sequence = e.sequence AND (d.ended_at IS NULL OR d.ended_at >= ?)
          ) AS open
          FROM events e WHERE e.sequence > ? AND e.created_at < ? ORDER BY e.sequence LIMIT ?`,
        before,
        after,
        before,
        STEP,
      );
      const old = looked.filter((event) => event.open === 0).map((event) => event.sequence);
      await noteLedgers(tx, old);
      for (const sequence of old) await deleteDeliveries(tx, sequence);
      await deleteEvents(tx, old);
      const next = looked.length === STEP ? (looked.at(-1)?.sequence ?? null) : null;
      return { deleted: old.length, next };
    }),
  ];
}

const LEDGER_NUMBERS = `SELECT webhook_number AS "webhookNumber", sequence FROM deliveries
  WHERE event_sequence = ? AND replay_of IS NULL AND sequence IS NOT NULL`;

/** Remembers how far the ledgers of webhooks will have been deleted with these events. */
async function noteLedgers(tx: Tx, eventSequences: readonly number[]): Promise<void> {
  const highest = new Map<number, number>();
  for (const eventSequence of eventSequences) {
    for (const row of await tx.all<{ webhookNumber: number; sequence: number }>(LEDGER_NUMBERS, eventSequence)) {
      highest.set(row.webhookNumber, Math.max(highest.get(row.webhookNumber) ?? 0, row.sequence));
    }
  }
  for (const [webhookNumber, sequence] of highest) await noteLedgerPruned(tx, webhookNumber, sequence);
}

/** Deletes what belongs to an event. */
async function deleteDeliveries(tx: Tx, sequence: number): Promise<void> {
  await tx.run(
    'DELETE FROM attempts WHERE delivery_number IN (SELECT number FROM deliveries WHERE event_sequence = ?)',
    sequence,
  );
  await tx.run('DELETE FROM deliveries WHERE event_sequence = ?', sequence);
  await tx.run('DELETE FROM bodies WHERE event_sequence = ?', sequence);
}

import { command, type Handler, handleCommand, type Tx } from '../store/index.ts';
import type { ErrorTexts } from './error-texts.store.ts';
import { noteLedgerPruned } from './ledger.store.ts';

/**
 * Deletes some of the events made before `before` whose deliveries have all ended before then, with all that belongs
 * to them, and the replays that have ended before then. Looks at events after the sequence `after`; `next` is where to
 * go on, null when there are no more that old. It takes a few milliseconds at most, because publishers wait meanwhile.
 */
export const pruneOld = command<{ before: number; after: number }, { deleted: number; next: number | null }>(
  'retention.prune',
);

const STEP_MS = 4;
/** How many events, and deliveries of one event, are deleted before the clock is looked at. */
const EVENTS_AT_ONCE = 10;
const DELIVERIES_AT_ONCE = 50;

const OLD_EVENTS = `SELECT e.sequence, EXISTS (
    SELECT 1 FROM deliveries d WHERE d.event_sequence = e.sequence AND (d.ended_at IS NULL OR d.ended_at >= ?)
  ) AS open
  FROM events e WHERE e.sequence > ? AND e.created_at < ? ORDER BY e.sequence LIMIT ?`;
const DELIVERIES =
  'SELECT number, webhook_number, sequence, replay_of FROM deliveries WHERE event_sequence = ? ORDER BY number LIMIT ?';
interface Dependencies {
  errorTexts: ErrorTexts;
  /** Deletes the events themselves, by their sequences, in the caller's transaction. */
  deleteEvents: (tx: Tx, sequences: readonly number[]) => Promise<void>;
  /** Called, in their transaction, after attempts were deleted. */
  onAttemptsDeleted: (tx: Tx) => Promise<void>;
  monotonicMs: () => number;
}

interface OldDelivery {
  number: number;
  webhook_number: number;
  sequence: number | null;
  replay_of: string | null;
}

export function retentionHandlers({
  errorTexts,
  deleteEvents,
  onAttemptsDeleted,
  monotonicMs,
}: Dependencies): Handler[] {
  /** Deletes deliveries of an event with all that belongs to them. Returns whether none is left. */
  async function deleteDeliveries(tx: Tx, eventSequence: number, pruned: Map<number, number>): Promise<boolean> {
    const rows = await tx.all<OldDelivery>(DELIVERIES, eventSequence, DELIVERIES_AT_ONCE);
    const numbers = rows.map(({ number }) => [number]);
    await errorTexts.forget(tx, numbers.flat());
    await tx.runMany('DELETE FROM attempts WHERE delivery_number = ?', numbers);
    await tx.runMany('DELETE FROM deliveries WHERE number = ?', numbers);
    for (const { webhook_number: webhook, sequence, replay_of: replayOf } of rows) {
      if (sequence !== null && replayOf === null) pruned.set(webhook, Math.max(sequence, pruned.get(webhook) ?? 0));
    }
    if (rows.length === DELIVERIES_AT_ONCE) return false;
    await tx.run('DELETE FROM bodies WHERE event_sequence = ?', eventSequence);
    return true;
  }

  async function prune(tx: Tx, { before, after }: { before: number; after: number }) {
    const endsAtMs = monotonicMs() + STEP_MS;
    await tx.run('DELETE FROM replays WHERE ended_at < ?', before);
    const pruned = new Map<number, number>();
    const emptied: number[] = [];
    let at = after;
    let isMore = true;
    while (isMore && monotonicMs() < endsAtMs) {
      const looked = await tx.all<{ sequence: number; open: number }>(OLD_EVENTS, before, at, before, EVENTS_AT_ONCE);
      isMore = looked.length === EVENTS_AT_ONCE;
      for (const { sequence, open } of looked) {
        if (open === 0) {
          // What is left of it is looked at again in the next step.
          if (!(await deleteDeliveries(tx, sequence, pruned))) {
            isMore = true;
            break;
          }
          emptied.push(sequence);
        }
        at = sequence;
      }
    }
    await deleteEvents(tx, emptied);
    await onAttemptsDeleted(tx);
    for (const [webhookNumber, sequence] of pruned) await noteLedgerPruned(tx, webhookNumber, sequence);
    return { deleted: emptied.length, next: isMore ? at : null };
  }

  return [handleCommand(pruneOld, prune)];
}

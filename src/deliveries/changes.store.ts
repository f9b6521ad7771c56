import type { FeedWriter } from '../feed/index.ts';
import type { Param, ReadTx, Tx } from '../store/index.ts';
import { type DeliveryState, isEnded } from './deliveries.state.ts';
import { type DeliveryRow, selectDelivery } from './log.store.ts';

/** What can change about a delivery after it was made, as the feed keeps it. */
type Snapshot = Pick<DeliveryRow, 'state' | 'reason' | 'dueAt' | 'attemptCount'>;

/** What the feed calls deliveries. */
export const DELIVERY_TOPIC = 'delivery';

/**
 * Runs a statement that makes or changes the delivery with that number, and returns how many rows it changed. Every
 * such statement goes through here, so that whoever watches hears of each change, in the transaction that makes it.
 */
export type Change = (tx: Tx, number: number, sql: string, params: readonly Param[]) => Promise<number>;

const SNAPSHOT =
  'SELECT state, reason, due_at AS "dueAt", attempt_count AS "attemptCount" FROM deliveries WHERE number = ?';

export function createChange(feed: FeedWriter): Change {
  async function tell(tx: Tx, number: number): Promise<void> {
    const row = (await tx.get<Snapshot>(SNAPSHOT, number)) as Snapshot;
    const snapshot = { ...row };
    await feed.tell(tx, { topic: DELIVERY_TOPIC, subject: number, isPassing: isPassing(row.state), snapshot });
  }

  return async function change(tx, number, sql, params) {
    const changes = await tx.run(sql, ...params);
    if (changes > 0 && (await feed.isRecording(tx))) await tell(tx, number);
    return changes;
  };
}

/** Nobody misses that a delivery waited or was being sent, once it is seen what became of it. */
function isPassing(state: DeliveryState): boolean {
  return !(isEnded(state) || state === 'retrying');
}

/** The delivery as lists read it, with the snapshot of a moment; null when it has been deleted since. */
export async function completeDelivery(tx: ReadTx, number: number, snapshot: Snapshot): Promise<DeliveryRow | null> {
  const row = await selectDelivery(tx, number);
  return row === null ? null : { ...row, ...snapshot };
}

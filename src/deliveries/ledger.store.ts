import { Refusal } from '../kernel/errors.ts';
import type { DeliveryId, EventId } from '../kernel/ids.ts';
import { type Handler, handleQuery, query, type ReadTx, type Tx } from '../store/index.ts';
import type { DeliveryState } from './deliveries.state.ts';

/** One number of a webhook: what it was given for, and how that stands. */
export interface LedgerRow {
  sequence: number;
  eventId: EventId;
  /** The delivery that the number was given to. */
  deliveryId: DeliveryId;
  /** The state of the newest delivery with that number: a replay's, where there was one. */
  state: DeliveryState;
}

/**
 * A webhook's numbers after one, ascending, `limit + 1` of them. Refuses with `gone` when retention has deleted some of
 * them.
 */
export const readLedger = query<{ webhookNumber: number; after: number; limit: number }, LedgerRow[]>(
  'deliveries.ledger',
);

/** The setting that holds the highest number of a webhook that retention has deleted. */
function ledgerPrunedTo(webhookNumber: number): string {
  return `ledger.pruned_to.${webhookNumber}`;
}

const LEDGER = `SELECT d.sequence, e.id AS "eventId", d.id AS "deliveryId",
    (SELECT latest.state FROM deliveries latest
      WHERE latest.event_sequence = d.event_sequence AND latest.webhook_number = d.webhook_number AND latest.sequence = d.sequence
      ORDER BY latest.number DESC LIMIT 1) AS state
  FROM deliveries d
  JOIN events e ON e.sequence = d.event_sequence
  WHERE d.webhook_number = ? AND d.replay_of IS NULL AND d.sequence IS NOT NULL AND d.sequence > ?
  ORDER BY d.sequence LIMIT ?`;

const NOTE = `INSERT INTO settings (name, value) VALUES (?, ?)
  ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE CAST(settings.value AS INTEGER) < ?`;

/** Remembers how far a webhook's ledger has been deleted, in the transaction that deletes. */
export async function noteLedgerPruned(tx: Tx, webhookNumber: number, sequence: number): Promise<void> {
  await tx.run(NOTE, ledgerPrunedTo(webhookNumber), String(sequence), sequence);
}

/** The highest number of a webhook that retention has deleted, 0 when it has deleted none. */
export async function prunedTo(tx: ReadTx, webhookNumber: number): Promise<number> {
  const row = await tx.get<{ value: string }>(
    'SELECT value FROM settings WHERE name = ?',
    ledgerPrunedTo(webhookNumber),
  );
  return Number(row?.value ?? 0);
}

export function ledgerHandlers(): Handler[] {
  return [
    handleQuery(readLedger, async (tx, { webhookNumber, after, limit }) => {
      const pruned = await prunedTo(tx, webhookNumber);
      if (after < pruned) {
        throw new Refusal(
          'gone',
          `Numbers up to ${pruned} are older than the retention and no longer kept. Ask with after=${pruned}.`,
        );
      }
      return tx.all<LedgerRow>(LEDGER, webhookNumber, after, limit + 1);
    }),
  ];
}

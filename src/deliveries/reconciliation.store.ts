import type { DeliveryId } from '../kernel/ids.ts';
import type { ReadTx } from '../store/index.ts';
import { type DeliveryState, isEnded } from './deliveries.state.ts';
import { prunedTo } from './ledger.store.ts';

// What a tool counts to prove that nothing is missing. Each of these reads the whole log at most once.

/** How the numbers given to a webhook add up. */
export interface LedgerSum {
  webhookNumber: number;
  /** How many numbers it was given, from 1. */
  owed: number;
  delivered: number;
  open: number;
  exhausted: number;
  cancelled: number;
  /** How many retention has deleted. */
  pruned: number;
  /** The highest number that is in the log. */
  highest: number;
  /** What is left: numbers that are in no place where they should be, or more than were given when negative. */
  missing: number;
}

/** What waits of a webhook. */
export interface Waiting {
  webhookNumber: number;
  count: number;
  /** When the first of it is due. */
  dueAt: number;
  oldest: { id: DeliveryId; createdAt: number };
}

/** Things that point to what is not there. */
export interface LooseEnds {
  deliveriesWithoutEvent: number;
  deliveriesWithoutWebhook: number;
  attemptsWithoutDelivery: number;
  bodiesWithoutEvent: number;
  /** Deliveries whose latest attempt is not in the log. */
  deliveriesWithoutAttempt: number;
}

const IN_LEDGER = 'replay_of IS NULL AND sequence IS NOT NULL';
const KEPT = `SELECT webhook_number AS "webhookNumber", COUNT(*) AS count, MAX(sequence) AS highest FROM deliveries
  WHERE ${IN_LEDGER} GROUP BY webhook_number`;
// Nearly all are delivered: to count the others by the index of states is ten times as quick as to look at every row.
const NOT_DELIVERED = `SELECT webhook_number AS "webhookNumber", state, COUNT(*) AS count FROM deliveries
  WHERE state IN ('pending', 'delivering', 'retrying', 'exhausted', 'cancelled') AND ${IN_LEDGER} GROUP BY webhook_number, state`;
const GIVEN = `SELECT w.number AS "webhookNumber", c.value AS owed FROM webhooks w JOIN counters c ON c.name = 'webhook:' || w.id`;
const KEPT_BELOW = `SELECT COUNT(*) AS count FROM deliveries
  WHERE webhook_number = ? AND ${IN_LEDGER} AND sequence <= ?`;
const WAITING = `SELECT q."webhookNumber", q.count, q."dueAt", d.id, d.created_at AS "createdAt" FROM (
    SELECT webhook_number AS "webhookNumber", COUNT(*) AS count, MIN(due_at) AS "dueAt", MIN(number) AS oldest
      FROM deliveries WHERE due_at IS NOT NULL GROUP BY webhook_number
  ) AS q JOIN deliveries d ON d.number = q.oldest`;
const IN_HAND = `SELECT held_by AS "heldBy", COUNT(*) AS count FROM deliveries WHERE state = 'delivering' GROUP BY held_by`;

const LOOSE_ENDS: Record<keyof LooseEnds, string> = {
  deliveriesWithoutEvent:
    'SELECT COUNT(*) AS count FROM deliveries d WHERE NOT EXISTS (SELECT 1 FROM events e WHERE e.sequence = d.event_sequence)',
  deliveriesWithoutWebhook:
    'SELECT COUNT(*) AS count FROM deliveries d WHERE NOT EXISTS (SELECT 1 FROM webhooks w WHERE w.number = d.webhook_number)',
  attemptsWithoutDelivery:
    'SELECT COUNT(*) AS count FROM attempts a WHERE NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.number = a.delivery_number)',
  bodiesWithoutEvent:
    'SELECT COUNT(*) AS count FROM bodies b WHERE NOT EXISTS (SELECT 1 FROM events e WHERE e.sequence = b.event_sequence)',
  deliveriesWithoutAttempt: `SELECT COUNT(*) AS count FROM deliveries d WHERE d.attempt_count > 0
    AND NOT EXISTS (SELECT 1 FROM attempts a WHERE a.delivery_number = d.number AND a.number = d.attempt_count)`,
};

/** The sums of every webhook that was ever owed something. */
export async function sumLedgers(tx: ReadTx): Promise<LedgerSum[]> {
  const kept = await tx.all<{ webhookNumber: number; count: number; highest: number }>(KEPT);
  const others = await tx.all<{ webhookNumber: number; state: DeliveryState; count: number }>(NOT_DELIVERED);
  const sums: LedgerSum[] = [];
  for (const { webhookNumber, owed } of await tx.all<{ webhookNumber: number; owed: number }>(GIVEN)) {
    const inLog = kept.find((row) => row.webhookNumber === webhookNumber) ?? { count: 0, highest: 0 };
    const own = others.filter((row) => row.webhookNumber === webhookNumber);
    const count = (accepts: (state: DeliveryState) => boolean): number =>
      own.filter(({ state }) => accepts(state)).reduce((sum, row) => sum + row.count, 0);
    const pruned = await prunedOf(tx, webhookNumber);
    sums.push({
      webhookNumber,
      owed,
      delivered: inLog.count - count(() => true),
      open: count((state) => !isEnded(state)),
      exhausted: count((state) => state === 'exhausted'),
      cancelled: count((state) => state === 'cancelled'),
      pruned,
      highest: inLog.highest,
      missing: owed - pruned - inLog.count,
    });
  }
  return sums;
}

/** How many numbers of a webhook retention has deleted: all up to the highest one, but for those it has passed over. */
async function prunedOf(tx: ReadTx, webhookNumber: number): Promise<number> {
  const upTo = await prunedTo(tx, webhookNumber);
  if (upTo === 0) return 0;
  return upTo - ((await tx.get<{ count: number }>(KEPT_BELOW, webhookNumber, upTo))?.count ?? 0);
}

/** What waits, by webhook. */
export async function countWaitingByWebhook(tx: ReadTx): Promise<Waiting[]> {
  const rows = await tx.all<Omit<Waiting, 'oldest'> & Waiting['oldest']>(WAITING);
  return rows.map(({ id, createdAt, ...rest }) => ({ ...rest, oldest: { id, createdAt } }));
}

/** How many deliveries each run of the server has, or had, in hand. */
export async function countInHand(tx: ReadTx): Promise<{ heldBy: string; count: number }[]> {
  return tx.all<{ heldBy: string; count: number }>(IN_HAND);
}

/** What points to something that is not there. */
export async function countLooseEnds(tx: ReadTx): Promise<LooseEnds> {
  const counts: [string, number][] = [];
  for (const [name, sql] of Object.entries(LOOSE_ENDS)) {
    counts.push([name, (await tx.get<{ count: number }>(sql))?.count ?? 0]);
  }
  return Object.fromEntries(counts) as unknown as LooseEnds;
}

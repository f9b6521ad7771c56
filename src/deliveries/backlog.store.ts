import { type Handler, handleQuery, indexed, query, type ReadTx } from '../store/index.ts';
import { facetRanges } from './facets.store.ts';

/** What waits of a webhook. */
export interface WaitingOfWebhook {
  webhookNumber: number;
  pending: number;
  retrying: number;
  /** When the oldest of them was made, epoch milliseconds. */
  oldestAt: number;
}

/** What waits, of every webhook that is owed something, and how many deliveries are in hand. */
export const readBacklog = query<null, { waiting: WaitingOfWebhook[]; delivering: number }>('deliveries.backlog');

const WAITING = ['pending', 'retrying'] as const;
type WaitingState = (typeof WAITING)[number];

/** Counts from one end of a range of the index to the other: some 70 ns each (measured). */
const countOf = (state: WaitingState): string =>
  `SELECT COUNT(*) AS count FROM ${indexed('deliveries d', 'deliveries_by_facets')}
    WHERE d.webhook_number = ? AND d.state = '${state}' AND d.state <> 'delivering'`;
const COUNTS = { pending: countOf('pending'), retrying: countOf('retrying') };
const IN_HAND = `SELECT COUNT(*) AS count FROM ${indexed('deliveries', 'deliveries_in_hand')} WHERE state = 'delivering'`;
const MADE_AT = 'SELECT created_at AS "createdAt" FROM deliveries WHERE number = ?';

async function counted(tx: ReadTx, sql: string, ...params: number[]): Promise<number> {
  return (await tx.get<{ count: number }>(sql, ...params))?.count ?? 0;
}

/** The smallest number of those that wait: the first of each combination of facets, which are few. */
async function oldestOf(tx: ReadTx, webhookNumber: number, state: WaitingState): Promise<number> {
  const ranges = await facetRanges(
    tx,
    [],
    [
      ['webhook_number', webhookNumber],
      ['state', state],
    ],
  );
  let oldest = Number.POSITIVE_INFINITY;
  for (const { where, params, index } of ranges) {
    const first = await tx.get<{ number: number }>(
      `SELECT d.number FROM ${indexed('deliveries d', index)} WHERE ${where} ORDER BY d.number LIMIT 1`,
      ...params,
    );
    oldest = Math.min(oldest, first?.number ?? oldest);
  }
  return oldest;
}

async function waitingOf(tx: ReadTx, webhookNumber: number): Promise<WaitingOfWebhook | null> {
  const pending = await counted(tx, COUNTS.pending, webhookNumber);
  const retrying = await counted(tx, COUNTS.retrying, webhookNumber);
  if (pending + retrying === 0) return null;
  const oldest = Math.min(await oldestOf(tx, webhookNumber, 'pending'), await oldestOf(tx, webhookNumber, 'retrying'));
  const made = await tx.get<{ createdAt: number }>(MADE_AT, oldest);
  return { webhookNumber, pending, retrying, oldestAt: made?.createdAt ?? 0 };
}

export function backlogHandlers(): Handler[] {
  return [
    handleQuery(readBacklog, async (tx) => {
      const webhooks = await tx.all<{ number: number }>('SELECT number FROM webhooks WHERE deleted_at IS NULL');
      const waiting: WaitingOfWebhook[] = [];
      for (const { number } of webhooks) {
        const found = await waitingOf(tx, number);
        if (found !== null) waiting.push(found);
      }
      return { waiting, delivering: await counted(tx, IN_HAND) };
    }),
  ];
}

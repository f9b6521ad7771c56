import type { Tx } from '../store/index.ts';
import type { AttemptOutcome, Trigger } from './deliveries.state.ts';
import type { SentBody } from './handed.ts';
import type { ShownRequest } from './outgoing.ts';

/** What was sent and what came back, as the log shows it: credentials masked, the request without its body. */
export interface LoggedExchange {
  request: ShownRequest | null;
  response: { status: number; headers: Record<string, string>; body: string; truncated: boolean } | null;
  error: { code: string; message: string } | null;
}

/** One attempt as it is kept. */
export interface AttemptRecord {
  number: number;
  trigger: Trigger;
  startedAt: number;
  durationMs: number;
  outcome: AttemptOutcome;
  /** Which of the event's bodies was sent; null when none is known to have been. */
  bodyHash: string | null;
  /** A `LoggedExchange` in JSON. */
  exchange: string;
}

const INSERT_BODY =
  'INSERT INTO bodies (event_sequence, hash, content) VALUES (?, ?, ?) ON CONFLICT (event_sequence, hash) DO NOTHING';
const INSERT_ATTEMPT = `INSERT INTO attempts (delivery_number, number, trigger_kind, started_at, duration_ms, outcome, body_hash, exchange)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?)`;

/** Keeps the bytes that were sent, unless the event has them already. Writes in the caller's transaction. */
export async function keepBody(tx: Tx, eventSequence: number, { hash, content }: SentBody): Promise<void> {
  await tx.run(INSERT_BODY, eventSequence, hash, content);
}

/** Writes an attempt down, in the caller's transaction. */
export async function insertAttempt(tx: Tx, deliveryNumber: number, attempt: AttemptRecord): Promise<void> {
  const { number, trigger, startedAt, durationMs, outcome, bodyHash, exchange } = attempt;
  await tx.run(INSERT_ATTEMPT, deliveryNumber, number, trigger, startedAt, durationMs, outcome, bodyHash, exchange);
}

const NOTHING_KNOWN = JSON.stringify({ request: null, response: null, error: null } satisfies LoggedExchange);

/** The attempt of which nobody is left to hear the answer: it was sent, perhaps. */
export function unknownAttempt(number: number, trigger: Trigger, startedAt: number): AttemptRecord {
  return { number, trigger, startedAt, durationMs: 0, outcome: 'unknown', bodyHash: null, exchange: NOTHING_KNOWN };
}

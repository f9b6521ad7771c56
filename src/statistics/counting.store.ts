import { command, type Handler, handleCommand, handleQuery, query, type ReadTx, type Tx } from '../store/index.ts';
import { ALL_WEBHOOKS, addToHour } from './figures.store.ts';
import { type CountedAttempt, countAttempt, type Figures, hourOf, noFigures } from './figures.ts';

/**
 * Counts some more of the attempts that were written down. It takes a few milliseconds at most, because publishers wait
 * meanwhile. `isMore` says that others are left.
 */
export const countAttempts = command<null, { isMore: boolean }>('statistics.count');

/** Whether there are attempts that have not been counted. */
export const isCountBehind = query<null, boolean>('statistics.is_count_behind');

/**
 * Deletes figures of one webhook: those of hours before `before`, and all of them when it has been deleted. It is the next
 * one after the number `after`; its number is returned, null when there was none.
 */
export const pruneFigures = command<{ before: number; after: number }, number | null>('statistics.prune');

/** How far counting has come: the place of an attempt among all, in the order in which they were written. */
const COUNTED_TO = 'statistics.counted_to';

/** How long one step may read. An attempt takes some 10 µs. */
const STEP_MS = 3;
const STEP_ATTEMPTS = 400;
/** How many hours of webhooks a step may have to write. Each takes some 45 µs. */
const STEP_HOURS = 64;

const READ_PROGRESS = 'SELECT value FROM settings WHERE name = ?';
const WRITE_PROGRESS =
  'INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value';
const LAST = 'SELECT MAX(rowid) AS place FROM attempts';
// What an attempt came to is in its delivery while it is the latest that was settled, and else in its exchange, which may
// be long.
const NEXT = `SELECT a.rowid AS place, a.number, a.started_at AS "startedAt", a.duration_ms AS "durationMs", a.outcome,
    d.webhook_number AS "webhookNumber", d.state, d.sequence, d.attempt_count AS "attemptCount",
    d.last_status AS "lastStatus", d.error_code AS "errorCode", d.created_at AS "owedAt",
    CASE WHEN d.state = 'cancelled' OR (a.outcome = 'failed' AND d.attempt_count <> a.number) THEN a.exchange END AS exchange
  FROM attempts a JOIN deliveries d ON d.number = a.delivery_number
  WHERE a.rowid > ? ORDER BY a.rowid LIMIT 1`;
const WEBHOOK_OF = 'SELECT webhook_number AS "webhookNumber" FROM deliveries WHERE number = ?';

const READ_HEALTH =
  'SELECT delivered_at AS "deliveredAt", consecutive_failures AS "consecutiveFailures" FROM webhook_health WHERE webhook_number = ?';
const WRITE_HEALTH = `INSERT INTO webhook_health
    (webhook_number, attempted_at, outcome, status, error_code, delivered_at, consecutive_failures)
  VALUES (?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (webhook_number) DO UPDATE SET
    attempted_at = excluded.attempted_at, outcome = excluded.outcome, status = excluded.status,
    error_code = excluded.error_code, delivered_at = excluded.delivered_at,
    consecutive_failures = excluded.consecutive_failures`;

const NEXT_WEBHOOK = `SELECT f.webhook_number AS "webhookNumber",
    (SELECT COUNT(*) FROM webhooks w WHERE w.number = f.webhook_number AND w.deleted_at IS NULL) AS "isLive"
  FROM hourly_figures f WHERE f.webhook_number > ? ORDER BY f.webhook_number LIMIT 1`;
const DELETE_OLD = 'DELETE FROM hourly_figures WHERE webhook_number = ? AND hour < ?';
const DELETE_ALL = 'DELETE FROM hourly_figures WHERE webhook_number = ?';
const DELETE_HEALTH =
  'DELETE FROM webhook_health WHERE webhook_number NOT IN (SELECT number FROM webhooks WHERE deleted_at IS NULL)';

interface AttemptRow {
  place: number;
  number: number;
  startedAt: number;
  durationMs: number;
  outcome: CountedAttempt['outcome'];
  webhookNumber: number;
  state: string;
  sequence: number | null;
  attemptCount: number;
  lastStatus: number | null;
  errorCode: string | null;
  owedAt: number;
  exchange: string | null;
}

const NOTHING_CAME = { status: null, errorCode: null };

interface Attempt extends CountedAttempt {
  webhookNumber: number;
  status: number | null;
}

/** How each webhook fares, as it is kept. */
interface Health {
  deliveredAt: number | null;
  consecutiveFailures: number;
}

function toAttempt(row: AttemptRow): Attempt {
  const { webhookNumber, startedAt, durationMs, outcome, owedAt, state, exchange } = row;
  const isLatest = row.attemptCount === row.number;
  const hasEnded = isLatest && (state === 'delivered' || state === 'exhausted');
  const settled = { status: row.lastStatus, errorCode: outcome === 'failed' ? row.errorCode : null };
  const came = outcome === 'unknown' ? NOTHING_CAME : exchange === null ? settled : outcomeIn(exchange);
  const ended = hasEnded ? (state as 'delivered' | 'exhausted') : null;
  return { webhookNumber, at: startedAt + durationMs, durationMs, outcome, owedAt, ended, ...came };
}

/** What a logged exchange says of how it ended. */
function outcomeIn(exchange: string): Pick<Attempt, 'status' | 'errorCode'> {
  const { response, error } = JSON.parse(exchange) as {
    response: { status: number } | null;
    error: { code: string } | null;
  };
  return { status: response?.status ?? null, errorCode: error?.code ?? null };
}

async function countedTo(tx: ReadTx): Promise<number> {
  return Number((await tx.get<{ value: string }>(READ_PROGRESS, COUNTED_TO))?.value ?? 0);
}

async function lastPlace(tx: ReadTx): Promise<number> {
  return (await tx.get<{ place: number | null }>(LAST))?.place ?? 0;
}

/** Whether there are attempts that have not been counted. */
export async function isBehind(tx: ReadTx): Promise<boolean> {
  return (await lastPlace(tx)) > (await countedTo(tx));
}

/** The figures of some attempts, by webhook and hour. */
function createSheet() {
  const sheet = new Map<string, { webhookNumber: number; hour: number; figures: Figures }>();

  function countFor(webhookNumber: number, attempt: Attempt): void {
    const hour = hourOf(attempt.at);
    const key = `${webhookNumber} ${hour}`;
    const entry = sheet.get(key) ?? { webhookNumber, hour, figures: noFigures() };
    sheet.set(key, entry);
    countAttempt(entry.figures, attempt);
  }

  return {
    /** Counts it, and returns it. */
    count(attempt: Attempt): Attempt {
      countFor(attempt.webhookNumber, attempt);
      countFor(ALL_WEBHOOKS, attempt);
      return attempt;
    },
    entries: () => sheet.values(),
    size: () => sheet.size,
  };
}

type Sheet = ReturnType<typeof createSheet>;

async function noteHealth(tx: Tx, webhookNumber: number, attempts: readonly Attempt[]): Promise<void> {
  const kept = await tx.get<Health>(READ_HEALTH, webhookNumber);
  let { deliveredAt, consecutiveFailures } = kept ?? { deliveredAt: null, consecutiveFailures: 0 };
  for (const { at, outcome } of attempts) {
    if (outcome === 'delivered') {
      deliveredAt = at;
      consecutiveFailures = 0;
    } else if (outcome === 'failed') consecutiveFailures += 1;
  }
  const last = attempts.at(-1) as Attempt;
  const shown = [webhookNumber, last.at, last.outcome, last.status, last.errorCode];
  await tx.run(WRITE_HEALTH, ...shown, deliveredAt, consecutiveFailures);
}

/**
 * The figures, as the writing side of the store keeps them. Settling does nothing for them: attempts are counted some time
 * after their commit, each exactly once, because how far counting has come is written with what it came to.
 */
export interface Counting {
  handlers: Handler[];
  /** Counts deliveries that the caller has just cancelled, by their numbers, in its transaction. */
  cancelled(tx: Tx, numbers: readonly number[], now: number): Promise<void>;
  /** Must be called after attempts were deleted, in that transaction: the places of the newest are given out again. */
  pruned(tx: Tx): Promise<void>;
}

export function createCounting({ monotonicMs }: { monotonicMs: () => number }): Counting {
  async function step(tx: Tx): Promise<{ isMore: boolean }> {
    const endsAtMs = monotonicMs() + STEP_MS;
    const start = await countedTo(tx);
    const attempts: Attempt[] = [];
    const sheet = createSheet();
    let at = start;
    let isMore = true;
    while (attempts.length < STEP_ATTEMPTS && sheet.size() < STEP_HOURS && monotonicMs() < endsAtMs) {
      const row = await tx.get<AttemptRow>(NEXT, at);
      isMore = row !== undefined;
      if (row === undefined) break;
      // A connection test is none of what the webhook was owed.
      if (row.sequence !== null) attempts.push(sheet.count(toAttempt(row)));
      at = row.place;
    }
    await keep(tx, sheet, attempts);
    if (at > start) await tx.run(WRITE_PROGRESS, COUNTED_TO, String(at));
    return { isMore };
  }

  async function keep(tx: Tx, sheet: Sheet, attempts: readonly Attempt[]): Promise<void> {
    for (const { webhookNumber, hour, figures } of sheet.entries()) await addToHour(tx, webhookNumber, hour, figures);
    const byWebhook = Map.groupBy(attempts, ({ webhookNumber }) => webhookNumber);
    for (const [webhookNumber, own] of byWebhook) await noteHealth(tx, webhookNumber, own);
  }

  return {
    async cancelled(tx, numbers, now) {
      const counts = new Map<number, number>([[ALL_WEBHOOKS, numbers.length]]);
      for (const number of numbers) {
        const { webhookNumber } = (await tx.get<{ webhookNumber: number }>(WEBHOOK_OF, number)) as {
          webhookNumber: number;
        };
        counts.set(webhookNumber, (counts.get(webhookNumber) ?? 0) + 1);
      }
      if (numbers.length === 0) return;
      for (const [webhookNumber, cancelled] of counts) {
        await addToHour(tx, webhookNumber, hourOf(now), { ...noFigures(), cancelled });
      }
    },
    async pruned(tx) {
      const last = await lastPlace(tx);
      if ((await countedTo(tx)) > last) await tx.run(WRITE_PROGRESS, COUNTED_TO, String(last));
    },
    handlers: [
      handleCommand(countAttempts, step),
      handleQuery(isCountBehind, isBehind),
      handleCommand(pruneFigures, async (tx, { before, after }) => {
        const next = await tx.get<{ webhookNumber: number; isLive: number }>(NEXT_WEBHOOK, after);
        if (next === undefined) {
          await tx.run(DELETE_HEALTH);
          return null;
        }
        const { webhookNumber, isLive } = next;
        if (isLive === 1 || webhookNumber === ALL_WEBHOOKS) await tx.run(DELETE_OLD, webhookNumber, hourOf(before));
        else await tx.run(DELETE_ALL, webhookNumber);
        return webhookNumber;
      }),
    ],
  };
}

import { statfs } from 'node:fs/promises';
import type { Settings } from '../config/index.ts';
import { countInHand, countLooseEnds, countWaitingByWebhook, type LooseEnds, sumLedgers } from '../deliveries/index.ts';
import { type EventNumbers, eventNumbers } from '../events/index.ts';
import { formatInstant } from '../kernel/instants.ts';
import { type DatabaseView, isServed } from '../store/index.ts';
import { type InspectedWebhook, inspectWebhooks } from '../webhooks/index.ts';
import { type Finding, failed, ok, warning } from './findings.ts';
import { bytesInWords, count, numberInWords } from './output.ts';

/** What the checks of the database are about. */
export interface DatabaseCheckup {
  settings: Settings;
  view: DatabaseView;
  /** Epoch milliseconds. */
  now: number;
}

/** What everything else hangs on. Attempts and bodies, the bulk, are for a full check. */
const MAIN_TABLES = ['settings', 'counters', 'api_keys', 'webhooks', 'events', 'deliveries'];
/** How far the machine's clock may be behind the newest event: ids made in a rush are ahead of it. */
const AHEAD_MS = 5_000;
/** The server hands out what is due within moments. */
const LATE_MS = 60_000;
const SHOWN = 5;
const BEGINNING = Date.UTC(2024, 0);
const REPORT_IT = 'Keep a copy of the data folder and report it: this should not be possible.';
const RESTORE = 'Stop the server, keep a copy of the data folder, and restore the newest sound backup.';

/** Whether this version knows the database. The other checks need that. */
export function checkSchema({ applied, newest }: DatabaseView['schema']): Finding {
  const message = `the database is at ${applied} of ${newest}`;
  if (applied > newest) return failed('schema', `${message}: a newer version wrote it`, 'Use that version.');
  if (applied === newest) return ok('schema', message);
  return warning(
    'schema',
    message,
    'Run waybill migrate up, or start the server. Then ask again: most checks need it.',
  );
}

/** Whether the files hold what SQLite wrote. */
export function checkIntegrity({ view }: DatabaseCheckup, isFull: boolean): Finding {
  const [first, ...more] = view.faults(isFull ? 'everything' : MAIN_TABLES);
  if (first === undefined) return ok('integrity', isFull ? 'every page is sound' : 'the main tables are sound');
  return failed('integrity', `${first}${more.length > 0 ? ` (and ${more.length} more)` : ''}`, RESTORE);
}

/** Whether the machine's clock can be right. */
export async function checkClock({ view, now }: DatabaseCheckup): Promise<Finding> {
  const { newestAt } = await eventNumbers(view.tx, now);
  const remedy = 'Set the clock of the machine (NTP), then restart the server.';
  if (now < BEGINNING) return failed('clock', `it is ${formatInstant(now)}, which cannot be`, remedy);
  if (newestAt !== null && newestAt > now + AHEAD_MS) {
    const message = `it is ${formatInstant(now)}, and the newest event is of ${formatInstant(newestAt)}: the clock was set back`;
    return warning('clock', message, remedy);
  }
  return ok('clock', formatInstant(now));
}

/** That the numbers of events have no gap. */
export async function checkEvents({ view, now }: DatabaseCheckup): Promise<Finding> {
  const numbers = await eventNumbers(view.tx, now);
  const missing = missingEvents(numbers);
  const { given, kept } = numbers;
  const message = `${numberInWords(given)} published, ${numberInWords(kept)} kept, ${numberInWords(given - kept)} deleted by retention`;
  if (missing === 0) return ok('events', `${message}; no number is missing`);
  if (missing < 0) return failed('events', `${count(-missing, 'event')} more than numbers were given`, REPORT_IT);
  return failed('events', `${count(missing, 'event')} missing of ${numberInWords(given)}`, RESTORE);
}

function missingEvents({ given, prunedTo, kept, keptBelow }: EventNumbers): number {
  return given - prunedTo - (kept - keptBelow);
}

/** That what each webhook was owed is delivered, open, ended or deleted by retention, and nothing else. */
export async function checkLedgers({ view }: DatabaseCheckup): Promise<Finding> {
  const sums = await sumLedgers(view.tx);
  const wrong = sums.filter((sum) => sum.missing !== 0 || sum.highest > sum.owed);
  const total = (name: 'owed' | 'delivered' | 'open' | 'exhausted' | 'cancelled' | 'pruned'): string =>
    numberInWords(sums.reduce((sum, row) => sum + row[name], 0));
  const sum = `${total('owed')} owed = ${total('delivered')} delivered + ${total('open')} open + ${total('exhausted')} exhausted + ${total('cancelled')} cancelled + ${total('pruned')} deleted by retention`;
  const [first] = wrong;
  if (first === undefined) return ok('ledgers', `${sum}, by each of ${count(sums.length, 'webhook')}`);
  const webhooks = await inspectWebhooks(view.tx);
  const { id } = webhooks.find(({ number }) => number === first.webhookNumber) ?? { id: 'a webhook' };
  const others = wrong.length > 1 ? `, and ${count(wrong.length - 1, 'other webhook')}` : '';
  if (first.missing > 0) {
    return failed(
      'ledgers',
      `${numberInWords(first.missing)} of ${first.owed} numbers of ${id} are missing${others}`,
      RESTORE,
    );
  }
  return failed('ledgers', `${id} has numbers that were never given${others}`, REPORT_IT);
}

const LOOSE_ENDS: Record<keyof LooseEnds, string> = {
  deliveriesWithoutEvent: 'deliveries without their event',
  deliveriesWithoutWebhook: 'deliveries without their webhook',
  attemptsWithoutDelivery: 'attempts without their delivery',
  bodiesWithoutEvent: 'bodies without their event',
  deliveriesWithoutAttempt: 'deliveries without their latest attempt',
};

/** That nothing points to what is not there. */
export async function checkLooseEnds({ view }: DatabaseCheckup): Promise<Finding> {
  const found = Object.entries(await countLooseEnds(view.tx)) as [keyof LooseEnds, number][];
  const loose = found.filter(([, number]) => number > 0).map(([name, number]) => `${number} ${LOOSE_ENDS[name]}`);
  if (loose.length === 0) return ok('references', 'events, deliveries, attempts and bodies fit together');
  return failed('references', loose.join(', '), REPORT_IT);
}

/** What is being delivered, and by whom. */
export async function checkInHand({ view, settings }: DatabaseCheckup): Promise<Finding> {
  const holders = await countInHand(view.tx);
  const inHand = holders.reduce((sum, holder) => sum + holder.count, 0);
  const message = count(inHand, 'delivery', 'deliveries');
  if (!isServed(settings.dataDir)) {
    if (inHand === 0) return ok('in hand', 'nothing, as it should be without a server');
    return warning('in hand', `${message} of a server that is gone`, 'Start the server: it sends them again.');
  }
  if (holders.length <= 1) return ok('in hand', message);
  return failed('in hand', `${message}, some of a server that is gone`, 'Restart the server: it takes them over.');
}

/** What webhooks hold back, and what is left of deleted ones. */
export async function checkHeld({ view }: DatabaseCheckup): Promise<Finding[]> {
  const webhooks = await inspectWebhooks(view.tx);
  const waiting = new Map((await countWaitingByWebhook(view.tx)).map((row) => [row.webhookNumber, row.count]));
  const having = (states: readonly InspectedWebhook['state'][]) =>
    webhooks.filter(({ state, number }) => states.includes(state) && waiting.has(number));
  const named = (those: InspectedWebhook[]): string =>
    fewOf(those.map(({ id, number, state }) => `${id} (${state}, ${waiting.get(number)})`));
  const held = having(['paused', 'disabled']);
  const orphaned = having(['deleted']);
  return [
    held.length === 0
      ? ok('held', 'no webhook that is paused or disabled holds a delivery')
      : warning(
          'held',
          `deliveries wait for ${named(held)}`,
          'waybill webhooks resume ID, or enable it, or cancel them.',
        ),
    orphaned.length === 0
      ? ok('deleted webhooks', 'nothing is owed to one')
      : warning(
          'deleted webhooks',
          `deliveries are open for ${named(orphaned)}`,
          'The next start of the server cancels them.',
        ),
  ];
}

/** What waits to be sent, since when, and whether it should have gone out. */
export async function checkWaiting({ view, now, settings }: DatabaseCheckup): Promise<Finding> {
  const waiting = await countWaitingByWebhook(view.tx);
  if (waiting.length === 0) return ok('waiting', 'nothing');
  const webhooks = new Map((await inspectWebhooks(view.tx)).map((webhook) => [webhook.number, webhook]));
  const { oldest } = waiting.reduce((a, b) => (a.oldest.createdAt <= b.oldest.createdAt ? a : b));
  const all = waiting.reduce((sum, row) => sum + row.count, 0);
  const message = `${count(all, 'delivery', 'deliveries')}, the oldest ${oldest.id} of ${formatInstant(oldest.createdAt)}`;
  const late = waiting.filter(({ webhookNumber, dueAt }) => {
    const webhook = webhooks.get(webhookNumber);
    return webhook?.state === 'active' && Math.max(dueAt, webhook.holdUntil ?? 0) < now - LATE_MS;
  });
  if (late.length === 0) return ok('waiting', message);
  const names = fewOf(late.map(({ webhookNumber }) => String(webhooks.get(webhookNumber)?.id)));
  const remedy = isServed(settings.dataDir)
    ? 'Their receivers may be slower than events come: see waybill deliveries list, and raise limits.maxConcurrency.'
    : 'Start the server.';
  return warning('waiting', `${message}; overdue for ${names}`, remedy);
}

/** The first of many, and how many more there are. */
function fewOf(names: readonly string[]): string {
  const shown = names.slice(0, SHOWN).join(', ');
  return names.length > SHOWN ? `${shown} and ${count(names.length - SHOWN, 'other')}` : shown;
}

/** How large the database is, and whether the disk will hold what the retention keeps. */
export async function checkGrowth({ view, now, settings }: DatabaseCheckup): Promise<Finding> {
  const { kept, ofLastDay } = await eventNumbers(view.tx, now);
  const { bytes, unusedBytes, logBytes } = view.sizes;
  const { bavail, bsize } = await statfs(settings.dataDir);
  const bytesADay = kept === 0 ? 0 : ((bytes - unusedBytes) / kept) * ofLastDay;
  const room = bavail * bsize + unusedBytes;
  const size = `${bytesInWords(bytes)}, ${bytesInWords(unusedBytes)} of it free for new events, and ${bytesInWords(logBytes)} of log`;
  const pace = `${count(ofLastDay, 'event')} in the last 24 hours, about ${bytesInWords(bytesADay)}`;
  const wanted = bytesADay * settings.retentionDays - (bytes - unusedBytes);
  if (wanted <= room) return ok('database size', `${size}; ${pace}`);
  const days = Math.floor(room / bytesADay);
  const remedy = 'Give it a larger disk, or set a shorter WAYBILL_RETENTION_DAYS.';
  return warning('database size', `${size}; ${pace}: at this pace the disk is full in ${count(days, 'day')}`, remedy);
}

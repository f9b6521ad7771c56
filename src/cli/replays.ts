import { delay, keepingAlive } from '../kernel/clock.ts';
import { formatInstant } from '../kernel/instants.ts';
import type { JsonObject } from '../kernel/json.ts';
import type { PageAnswer, ReplayAnswer } from './api-answers.ts';
import type { ApiContext } from './api-client.ts';
import { type ExitCode, wrongUsage } from './command-io.ts';
import { fieldLines, nextPageLines, printJson, printLines, shortInstant, tableLines } from './output.ts';

/** What `waybill replays create` is told to send again, and how. */
export interface ReplayOptions {
  webhookId?: string;
  from?: string;
  to?: string;
  states?: string[];
  eventTypes?: string[];
  eventIds?: string[];
  body?: string;
  ratePerSecond?: number;
  dryRun?: boolean;
  wait?: boolean;
  idempotencyKey?: string;
}

/** `waybill replays create`: prints the replay's id and how much it sends. With `wait`, how it ended. */
export async function createReplay(context: ApiContext, options: ReplayOptions): Promise<ExitCode> {
  const { io, api, json } = context;
  const { wait, idempotencyKey } = options;
  const created = await api.request<{ id: string | null; count: number }>({
    method: 'POST',
    path: '/replays',
    body: bodyOf(options, io.clock.now()),
    idempotencyKey,
  });
  if (wait === true && created.id !== null) return waitFor(context, created.id);
  if (json) printJson(io, created);
  else printLines(io, [createdInWords(created)]);
  return 0;
}

function bodyOf({ wait, idempotencyKey: _header, ...asked }: ReplayOptions, now: number): JsonObject {
  const { from, eventIds, dryRun } = asked;
  if ((from === undefined) === (eventIds === undefined)) {
    throw wrongUsage('Say what to send again: --from, and --to if not until now; or --webhook-id with --event-ids.');
  }
  if (eventIds !== undefined && asked.webhookId === undefined) {
    throw wrongUsage('--event-ids goes with --webhook-id: the events are sent to one webhook.');
  }
  if (dryRun && wait) throw wrongUsage('With --dry-run nothing is sent, so there is nothing to --wait for.');
  const given = Object.entries(asked).filter(([, value]) => value !== undefined);
  return { ...(from === undefined ? {} : { to: formatInstant(now) }), ...Object.fromEntries(given) };
}

function createdInWords({ id, count }: { id: string | null; count: number }): string {
  if (id === null) return `It would send ${deliveries(count)}. Nothing was kept.`;
  return count === 0 ? `${id} has nothing to send.` : `${id} sends ${deliveries(count)}.`;
}

function deliveries(count: number): string {
  return count === 1 ? '1 delivery' : `${count} deliveries`;
}

const FIRST_LOOK_MS = 100;
const LAST_LOOK_MS = 2_000;

/** Looks until the replay has ended, ever less often, and prints it. 1 when it was cancelled. */
async function waitFor(context: ApiContext, id: string): Promise<ExitCode> {
  for (let waitMs = FIRST_LOOK_MS; ; waitMs = Math.min(LAST_LOOK_MS, waitMs * 2)) {
    const replay = await read(context, id);
    if (replay.state !== 'running') {
      print(context, replay);
      return replay.state === 'completed' ? 0 : 1;
    }
    await keepingAlive(delay(context.io.clock, waitMs));
  }
}

function read({ api }: ApiContext, id: string): Promise<ReplayAnswer> {
  return api.request<ReplayAnswer>({ method: 'GET', path: pathOf(id) });
}

/** `waybill replays list`. `query` holds the server's own parameters. */
export async function listReplays({ io, api, json }: ApiContext, query: Record<string, string>): Promise<ExitCode> {
  const page = await api.request<PageAnswer<ReplayAnswer>>({ method: 'GET', path: '/replays', query });
  if (json) {
    printJson(io, page);
    return 0;
  }
  const lines = tableLines(
    page.items,
    [
      { heading: 'ID', cell: (replay) => replay.id },
      { heading: 'CREATED (UTC)', cell: (replay) => shortInstant(replay.createdAt) },
      { heading: 'STATE', cell: (replay) => replay.state },
      { heading: 'DONE', cell: (replay) => `${replay.done}/${replay.count}` },
      { heading: 'WEBHOOK', cell: (replay) => replay.webhookId ?? 'every' },
    ],
    'No replays.',
  );
  printLines(io, [...lines, ...nextPageLines(page.next)]);
  return 0;
}

/** `waybill replays show`: what it sends again, and how far it has come. With `wait`, once it has ended. */
export async function showReplay(context: ApiContext, id: string, options: { wait?: boolean }): Promise<ExitCode> {
  if (options.wait === true) return waitFor(context, id);
  print(context, await read(context, id));
  return 0;
}

/** `waybill replays cancel`. */
export async function cancelReplay({ io, api, json }: ApiContext, id: string): Promise<ExitCode> {
  const replay = await api.request<ReplayAnswer>({ method: 'POST', path: `${pathOf(id)}/cancel` });
  if (json) printJson(io, replay);
  else printLines(io, [`${replay.id} is cancelled. Of ${deliveries(replay.count)}, ${replay.done} had been made.`]);
  return 0;
}

function print({ io, json }: ApiContext, replay: ReplayAnswer): void {
  if (json) {
    printJson(io, replay);
    return;
  }
  const skipped = replay.skipped === 0 ? '' : `, ${replay.skipped} of them skipped: event or webhook had gone`;
  const fields: [string, string | null][] = [
    ['replay', replay.id],
    ['webhook', replay.webhookId ?? 'every one'],
    ['events', eventsInWords(replay)],
    ['whose last delivery is', replay.states?.join(' or ') ?? null],
    ['of types', replay.eventTypes?.join(', ') ?? null],
    ['body', replay.body === 'exact' ? 'exact: the bytes that were sent first' : 'rendered: as the webhook is today'],
    ['rate', replay.ratePerSecond === null ? null : `${replay.ratePerSecond} a second`],
    ['created', replay.createdAt],
    ['ended', replay.endedAt],
    ['state', replay.state],
    ['done', `${replay.done} of ${replay.count}${skipped}`],
  ];
  printLines(io, fieldLines(fields.filter((field): field is [string, string] => field[1] !== null)));
}

function eventsInWords({ from, to, eventIds }: ReplayAnswer): string {
  return eventIds === null ? `from ${from}, before ${to}` : eventIds.join('\n');
}

function pathOf(id: string): string {
  return `/replays/${encodeURIComponent(id)}`;
}

import type { Json, JsonObject } from '../kernel/json.ts';
import type { EventAnswer, PageAnswer, PublishAnswer, UnmatchedAnswer } from './api-answers.ts';
import type { ApiContext } from './api-client.ts';
import { type CommandIo, type ExitCode, wrongUsage } from './command-io.ts';
import { stateInWords } from './deliveries.ts';
import { fieldLines, nextPageLines, printable, printJson, printLines, shortInstant, tableLines } from './output.ts';
import { parseJson, readJson } from './read-input.ts';

export interface PublishOptions {
  type?: string;
  data?: string;
  sample?: string;
  idempotencyKey?: string;
}

/** `waybill events publish`: prints the id of each event and how many deliveries it caused. */
export async function publishEvents(
  { io, api, json }: ApiContext,
  file: string | undefined,
  options: PublishOptions,
): Promise<ExitCode> {
  const body = await eventToPublish(io, file, options);
  const answer = await api.request<PublishAnswer | PublishAnswer[]>({
    method: 'POST',
    path: '/events',
    body,
    idempotencyKey: options.idempotencyKey,
  });
  if (json) printJson(io, answer);
  else
    printLines(
      io,
      [answer].flat().map((event) => `${event.id}  ${countOf(event.deliveryCount)}`),
    );
  return 0;
}

function countOf(deliveries: number): string {
  if (deliveries === 0) return 'no deliveries: no enabled webhook wants it';
  return deliveries === 1 ? '1 delivery' : `${deliveries} deliveries`;
}

async function eventToPublish(io: CommandIo, file: string | undefined, options: PublishOptions): Promise<Json> {
  const { type, data, sample } = options;
  if ([file, type, sample].filter((source) => source !== undefined).length !== 1) {
    throw wrongUsage(
      'Say what to publish: a FILE (- for standard input), or --type with --data, or --sample. One of them.',
    );
  }
  if (type === undefined && data !== undefined) throw wrongUsage('--data goes with --type.');
  if (file !== undefined) return readJson(io, file);
  if (sample !== undefined) return { type: sample, data: await sampleOf(sample) };
  return { type: type ?? '', data: await readData(io, data ?? '{}') };
}

async function readData(io: CommandIo, data: string): Promise<Json> {
  return data.startsWith('@') ? readJson(io, data.slice(1)) : parseJson(data, '--data');
}

async function sampleOf(type: string): Promise<JsonObject> {
  const { EVENT_TYPES } = await import('../events/index.ts');
  const entry = EVENT_TYPES.find((candidate) => candidate.type === type);
  if (entry === undefined) {
    throw wrongUsage(
      `${JSON.stringify(type)} is no built-in event type, so it has no sample. See \`waybill events types\`.`,
    );
  }
  return entry.sample;
}

/** `waybill events list`. `query` holds the server's own parameters; with `after` it is in the order of sequences. */
export async function listEvents({ io, api, json }: ApiContext, query: Record<string, string>): Promise<ExitCode> {
  const page = await api.request<PageAnswer<EventAnswer>>({ method: 'GET', path: '/events', query });
  if (json) {
    printJson(io, page);
    return 0;
  }
  const lines = tableLines(
    page.items,
    [
      { heading: 'ID', cell: (event) => event.id },
      { heading: 'SEQUENCE', cell: (event) => String(event.sequence) },
      { heading: 'OCCURRED (UTC)', cell: (event) => shortInstant(event.occurredAt) },
      { heading: 'TYPE', cell: (event) => event.type, flexible: true },
    ],
    'No events.',
  );
  printLines(io, [...lines, ...(query.after === undefined ? nextPageLines(page.next) : nextAfterLines(page.items))]);
  return 0;
}

/** What a list in the order of sequences says below itself: whoever reconciles goes on from the last one. */
function nextAfterLines(events: readonly EventAnswer[]): string[] {
  const last = events.at(-1);
  return last === undefined ? [] : ['', `To go on: --after ${last.sequence}`];
}

/** `waybill events show`: the event, its deliveries, which webhooks it did not go to and why, and its data. */
export async function showEvent({ io, api, json }: ApiContext, id: string): Promise<ExitCode> {
  const event = await api.request<EventAnswer>({ method: 'GET', path: `/events/${encodeURIComponent(id)}` });
  if (json) {
    printJson(io, event);
    return 0;
  }
  const fields = fieldLines([
    ['id', event.id],
    ['type', event.type],
    ['occurredAt', event.occurredAt],
    ['createdAt', event.createdAt],
    ['sequence', String(event.sequence)],
  ]);
  const deliveries = tableLines(
    event.deliveries ?? [],
    [
      { heading: 'SENT TO', cell: ({ webhookId }) => webhookId },
      { heading: 'DELIVERY', cell: ({ id }) => id },
      { heading: 'ATTEMPTS', cell: ({ attemptCount }) => String(attemptCount) },
      { heading: 'STATE', cell: stateInWords },
    ],
    'No deliveries: no webhook was owed it.',
  );
  const data = printable(JSON.stringify(event.data, null, 2));
  printLines(io, [
    ...fields,
    '',
    ...deliveries,
    ...unmatchedLines(event.unmatched ?? []),
    '',
    data,
    ...nextSteps(event),
  ]);
  return 0;
}

/** Where to go from here for whoever asks why it did not arrive. */
function nextSteps({ id, deliveries = [], unmatched = [] }: EventAnswer): string[] {
  const [late] = deliveries.filter(({ state }) => state !== 'delivered');
  const steps: [string, string][] = [];
  if (late !== undefined) steps.push(['What came of a delivery:', `waybill deliveries show ${late.id}`]);
  if (unmatched.some(({ because }) => because !== 'deleted')) {
    steps.push(['What a webhook wants:', 'waybill webhooks show WEBHOOK']);
    steps.push(['To send it all the same:', `waybill replays create --webhook-id WEBHOOK --event-ids ${id}`]);
  }
  return steps.length === 0 ? [] : ['', ...fieldLines(steps)];
}

/** Those that want other events come last: they are many, and seldom what is asked about. */
function unmatchedLines(unmatched: readonly UnmatchedAnswer[]): string[] {
  if (unmatched.length === 0) return [];
  const wantsOthers = ({ because }: UnmatchedAnswer): number => Number(because === 'event_type');
  const lines = tableLines(
    unmatched.toSorted((a, b) => wantsOthers(a) - wantsOthers(b)),
    [
      { heading: 'NOT SENT TO', cell: ({ webhookId }) => webhookId },
      { heading: 'NAME', cell: ({ name }) => name, flexible: true },
      { heading: 'BECAUSE', cell: ({ because }) => mismatchInWords(because) },
    ],
    '',
  );
  return ['', ...lines];
}

function mismatchInWords(because: string): string {
  const words: Record<string, string> = {
    created_later: 'it was created later',
    disabled: 'it is disabled',
    about_itself: 'the event is about this webhook',
    event_type: 'its event types leave this one out',
    scope: 'its scope leaves this event out',
    routing: 'its routing leaves this event to others',
    changed_since: 'its settings were others then',
    deleted: 'it had been deleted',
  };
  return words[because] ?? because;
}

/** `waybill events types`: the built-in types. Asks no server. */
export async function listEventTypes(io: CommandIo, json: boolean): Promise<ExitCode> {
  const { EVENT_TYPES } = await import('../events/index.ts');
  if (json) {
    printJson(
      io,
      EVENT_TYPES.map(({ type, family, description, reserved }) => ({ type, family, description, reserved })),
    );
    return 0;
  }
  const linesOf = (reserved: boolean) =>
    fieldLines(
      EVENT_TYPES.filter((entry) => entry.reserved === reserved).map((entry) => [entry.type, entry.description]),
    );
  printLines(io, [
    ...linesOf(false),
    '',
    'Only Waybill itself publishes these:',
    ...linesOf(true),
    '',
    'Any other dotted lower-case name outside these families, such as orders.created, is yours to use.',
  ]);
  return 0;
}

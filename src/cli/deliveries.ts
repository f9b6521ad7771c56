import type { AttemptAnswer, DeliveryAnswer, ExchangeResponse, PageAnswer } from './api-answers.ts';
import type { ApiContext } from './api-client.ts';
import type { ExitCode } from './command-io.ts';
import { type Column, fieldLines, nextPageLines, printJson, printLines, shortInstant, tableLines } from './output.ts';

/** How a delivery stands in every table. */
const deliveryColumns: readonly Column<DeliveryAnswer>[] = [
  { heading: 'ID', cell: (delivery) => delivery.id },
  { heading: 'CREATED (UTC)', cell: (delivery) => shortInstant(delivery.createdAt) },
  { heading: 'ATTEMPTS', cell: (delivery) => String(delivery.attemptCount) },
  { heading: 'STATE', cell: (delivery) => delivery.state },
  { heading: 'EVENT TYPE', cell: (delivery) => delivery.eventType, flexible: true },
];

/** `waybill deliveries list`. `query` holds the server's own parameters. */
export async function listDeliveries({ io, api, json }: ApiContext, query: Record<string, string>): Promise<ExitCode> {
  const page = await api.request<PageAnswer<DeliveryAnswer>>({ method: 'GET', path: '/deliveries', query });
  if (json) printJson(io, page);
  else printLines(io, [...tableLines(page.items, deliveryColumns, 'No deliveries.'), ...nextPageLines(page.next)]);
  return 0;
}

/** `waybill deliveries show`: what the delivery is, each attempt as a sentence or two, and what comes next. */
export async function showDelivery({ io, api, json }: ApiContext, id: string): Promise<ExitCode> {
  const delivery = await api.request<DeliveryAnswer>({ method: 'GET', path: pathOf(id) });
  if (json) printJson(io, delivery);
  else printLines(io, storyLines(delivery, await remedyFor(delivery)));
  return 0;
}

/** What can be done about the latest attempt, where that failed. */
async function remedyFor({ attempts = [] }: DeliveryAnswer): Promise<string | null> {
  const latest = attempts.at(-1);
  if (latest === undefined || latest.error === null) return null;
  // Loaded only here: the module brings half the server along.
  const { findRemedy } = await import('../deliveries/index.ts');
  return findRemedy(latest.error.code, latest.response?.status ?? null);
}

/** The story of one delivery, for people. `remedy`: what can be done about its latest attempt. */
function storyLines(delivery: DeliveryAnswer, remedy: string | null): string[] {
  const fields: [string, string][] = [
    ['delivery', delivery.id],
    ['event', `${delivery.eventId}  ${delivery.eventType}`],
    ['webhook', delivery.webhookId],
    ['created', delivery.createdAt],
  ];
  if (delivery.replayOf !== null) fields.push(['replay of', delivery.replayOf]);
  fields.push(['state', stateInWords(delivery)]);
  const attempts = (delivery.attempts ?? []).flatMap((attempt, at, all) => [
    '',
    ...attemptLines(attempt, at === all.length - 1 ? remedy : null),
  ]);
  return [
    ...fieldLines(fields),
    ...(attempts.length === 0 ? ['', 'No attempt was made.'] : attempts),
    '',
    outlookOf(delivery),
  ];
}

function attemptLines(attempt: AttemptAnswer, remedy: string | null): string[] {
  const took = attempt.durationMs === null ? '' : `, took ${attempt.durationMs} ms`;
  const lines: [string, string][] = [
    [`attempt ${attempt.number}`, `${attempt.startedAt}, ${triggerInWords(attempt.trigger)}${took}`],
  ];
  if (attempt.request !== null) lines.push(['request', `${attempt.request.method} ${attempt.request.url}`]);
  lines.push(['outcome', outcomeInWords(attempt.outcome)]);
  if (attempt.response !== null) lines.push(['answer', answerOf(attempt.response)]);
  if (attempt.error !== null) lines.push(['error', `${attempt.error.code}: ${attempt.error.message}`]);
  if (remedy !== null) lines.push(['remedy', remedy]);
  return fieldLines(lines);
}

const LONGEST_ANSWER = 300;

function answerOf(response: ExchangeResponse): string {
  const body = response.body?.trim() ?? '';
  if (body === '') return String(response.status);
  const rest = body.length > LONGEST_ANSWER || response.truncated ? '…' : '';
  return `${response.status}, ${body.slice(0, LONGEST_ANSWER)}${rest}`;
}

function triggerInWords(trigger: string): string {
  const words: Record<string, string> = {
    initial: 'the first',
    retry: 'a planned retry',
    manual: 'asked for by hand',
    replay: 'a replay',
    recovery: 'after a restart',
  };
  return words[trigger] ?? trigger;
}

function outcomeInWords(outcome: string): string {
  return outcome === 'unknown' ? 'unknown: the server stopped before it saw an answer' : outcome;
}

/** How a delivery stands: its state, and why where that is known. */
export function stateInWords({ state, reason }: DeliveryAnswer): string {
  return reason === null ? state : `${state}: ${reasonInWords(reason)}`;
}

/** Why a delivery is held, or how it ended. */
function reasonInWords(reason: string): string {
  const words: Record<string, string> = {
    webhook_paused: 'held, because the webhook is paused',
    webhook_disabled: 'held, because the webhook is disabled',
    breaker_open: 'held, because the webhook keeps failing',
    rate_limited: 'held by the rate limit',
    webhook_deleted: 'the webhook was deleted',
    cancelled: 'a person gave it up',
    attempts_spent: 'no attempt is left',
    template_error: 'the payload could not be rendered',
  };
  return words[reason] ?? reason;
}

const ENDED = ['delivered', 'exhausted', 'cancelled'];

/** What lets a held delivery go; null where nothing holds it, or time will. */
function releaseOf({ reason, webhookId }: DeliveryAnswer): string | null {
  if (reason === 'webhook_paused') return `waybill webhooks resume ${webhookId}`;
  return reason === 'webhook_disabled' ? `waybill webhooks update ${webhookId} --enabled true` : null;
}

/** What sends an ended delivery again: where its webhook is gone, to another. */
function sendAgain({ id, eventId, reason }: DeliveryAnswer): string {
  return reason === 'webhook_deleted'
    ? `waybill replays create --webhook-id WEBHOOK --event-ids ${eventId}`
    : `waybill deliveries retry ${id}`;
}

/** The last line of the story: what happens next, or what a person can do. */
function outlookOf(delivery: DeliveryAnswer): string {
  if (delivery.state === 'delivered') return 'It is delivered.';
  if (ENDED.includes(delivery.state)) return `It is not tried again. To send it: ${sendAgain(delivery)}`;
  const release = releaseOf(delivery);
  if (release !== null) return `It is held, and goes out after: ${release}`;
  if (delivery.state === 'delivering') return 'It is being sent now.';
  return delivery.nextAttemptAt === null ? 'It is due now.' : `Next attempt at ${delivery.nextAttemptAt}.`;
}

/** `waybill deliveries retry`: tries an open delivery now, or makes a new one of an ended one and prints its id. */
export async function retryDelivery({ io, api, json }: ApiContext, id: string): Promise<ExitCode> {
  const answer = await api.request<DeliveryAnswer>({ method: 'POST', path: `${pathOf(id)}/retry` });
  if (json) printJson(io, answer);
  else if (answer.id === id) printLines(io, [`${id} is tried now.`]);
  else printLines(io, [`${id} had ended; it is sent again as the new delivery ${answer.id}.`]);
  return 0;
}

/** `waybill deliveries cancel`. */
export async function cancelDelivery({ io, api, json }: ApiContext, id: string): Promise<ExitCode> {
  const delivery = await api.request<DeliveryAnswer>({ method: 'POST', path: `${pathOf(id)}/cancel` });
  if (json) printJson(io, delivery);
  else printLines(io, [`${delivery.id} is cancelled.`]);
  return 0;
}

function pathOf(id: string): string {
  return `/deliveries/${encodeURIComponent(id)}`;
}

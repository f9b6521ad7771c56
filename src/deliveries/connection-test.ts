import { createAuthorizedSender, type Exchange, type OutboundRequest, type Sender } from '../egress/index.ts';
import { EVENT_TYPES, findEventType, type NewEvent, subscribable } from '../events/index.ts';
import type { Clock } from '../kernel/clock.ts';
import { notFound, Refusal } from '../kernel/errors.ts';
import { type Ids, idTime } from '../kernel/ids.ts';
import type { JsonObject } from '../kernel/json.ts';
import type { InstanceFacts } from '../payloads/index.ts';
import { type OnceRequest, onlyOnce, type Store } from '../store/index.ts';
import type { TemplateRenderer } from '../templates/index.ts';
import { type Auth, type Webhook, type WebhookDirectory, webhookFacts } from '../webhooks/index.ts';
import { curlLine } from './curl-line.ts';
import { answerTest, recordTest } from './deliveries.store.ts';
import { type Ending, recordOf, unsent } from './dispatcher.ts';
import { maskEcho, maskEchoes } from './masking.ts';
import { prepare, type ShownRequest, type Subject, sentBody } from './outgoing.ts';
import { remedyFor } from './remedies.ts';
import { renderTemplateBody, type TemplateBody, templateOf } from './template-body.ts';

/** The whole exchange of a connection test, with what to do when it failed. */
export interface TestReport {
  ok: boolean;
  request: { method: string; url: string; headers: Record<string, string>; body: string };
  response: Exchange['response'];
  remoteAddress: string | null;
  /** The proxy that it went through, whose the address is then; absent without one. */
  proxy?: string;
  certificate: Exchange['certificate'];
  timings: Exchange['timings'];
  error: { code: string; message: string; remedy: string } | null;
  curl: string;
}

interface Dependencies {
  store: Store;
  directory: WebhookDirectory;
  egress: Pick<Sender, 'send'>;
  templates: Pick<TemplateRenderer, 'renderTrial'>;
  clock: Clock;
  ids: Ids;
  /** Who this instance says it is now. */
  instance: () => InstanceFacts;
}

/**
 * Sends what a delivery would send, through the same guard, on a connection of its own, and keeps it in the log as a
 * delivery of type `webhook.test`. A receiver that fails is an answer, not an error. The body is rendered from the
 * sample of `eventType`, else of the first type the webhook subscribes to. What is asked for again is not sent again.
 */
export async function testWebhook(
  dependencies: Dependencies,
  webhookId: string,
  eventType: string | null,
  once: OnceRequest | null,
): Promise<TestReport> {
  const { aside } = await onlyOnce(dependencies.store, recordTest, once, async () => {
    const webhook = dependencies.directory.get(webhookId);
    if (webhook === null) throw notFound('webhook', webhookId);
    const sent = await sendTest(dependencies, webhook, eventType);
    return { input: recordOfTest(webhook, sent), aside: reportOf(webhook, sent) };
  });
  return aside;
}

/** `testWebhook` for one that is not saved, made by `draft` unless the test is asked for again. Nothing is logged. */
export async function testUnsavedWebhook(
  dependencies: Dependencies,
  draft: () => Promise<Webhook>,
  eventType: string | null,
  once: OnceRequest | null,
): Promise<TestReport> {
  const { aside } = await onlyOnce(dependencies.store, answerTest, once, async () => {
    const webhook = await draft();
    return { input: null, aside: reportOf(webhook, await sendTest(dependencies, webhook, eventType)) };
  });
  return aside;
}

type SentTest = Awaited<ReturnType<typeof sendTest>>;

/** Sends a test on a connection of its own. */
async function sendTest(dependencies: Dependencies, webhook: Webhook, eventType: string | null) {
  const { templates, clock, ids, instance } = dependencies;
  const sampleType = eventType ?? firstSubscribedType(webhook.config.eventTypes);
  const startedAt = clock.now();
  const eventId = ids.make('evt', startedAt);
  const id = ids.make('dlv', startedAt);
  const sample = sampleOf(sampleType);
  const subject = {
    id,
    sequence: null,
    attemptCount: 0,
    trigger: 'manual',
    event: { id: eventId, type: sampleType, occurredAt: startedAt },
    content: () => sample,
    sent: null,
    announcedType: 'webhook.test',
  } as const;
  const made = await renderSample(webhook, subject, { templates, instance: instance() });
  const empty = sentBody(webhook.config.method, { contentType: webhook.config.contentType, content: '' });
  const outgoing = prepare(webhook, { ...subject, sent: made && (made.body ?? empty) }, instance(), startedAt);
  const isUnsent = made?.body === null;
  const exchange: Ending = isUnsent
    ? unsent(made.fault, clock.now() - startedAt)
    : await sendAs(dependencies, webhook.config.auth, { ...outgoing.request, fresh: true });
  return { subject, outgoing, exchange, isUnsent, startedAt };
}

/** What is written down of a test. */
function recordOfTest(webhook: Webhook, { subject, outgoing, exchange, isUnsent, startedAt }: SentTest) {
  const eventId = subject.event.id;
  const event: NewEvent = {
    id: eventId,
    type: 'webhook.test',
    occurredAt: startedAt,
    createdAt: idTime(eventId),
    data: JSON.stringify({ webhook: webhookFacts(webhook) }),
    keys: { transferId: null, scheduleId: null, stationId: null, partnerId: null, webhookId: webhook.record.id },
  };
  return {
    event,
    delivery: { id: subject.id, webhookId: webhook.record.id, sent: isUnsent ? null : outgoing.body },
    attempt: recordOf(subject, isUnsent ? null : outgoing, exchange, startedAt),
    status: exchange.response?.status ?? null,
    errorCode: exchange.failure?.code ?? null,
    errorMessage: exchange.failure?.message ?? null,
  };
}

/** Sends the request. An access token is fetched for it alone, so that a test tells whether one can be had now. */
function sendAs({ egress, clock }: Dependencies, auth: Auth<string>, request: OutboundRequest): Promise<Exchange> {
  return auth.type === 'oauth2'
    ? createAuthorizedSender(egress, clock, maskEcho).send(request, auth)
    : egress.send(request);
}

/** What the webhook's template makes of the sample, apart from all deliveries; null where it has none. */
async function renderSample(
  webhook: Webhook,
  { event, content }: Pick<Subject, 'event' | 'content'>,
  { templates, instance }: { templates: Pick<TemplateRenderer, 'renderTrial'>; instance: InstanceFacts },
): Promise<TemplateBody | null> {
  const template = templateOf(webhook);
  if (template === null) return null;
  const request = { template, event: { ...event, data: JSON.stringify(content()) } };
  return renderTemplateBody(webhook, request, { templates: { render: templates.renderTrial }, instance });
}

/** The type a webhook's first entry names, or the first built-in one that it covers. */
function firstSubscribedType(eventTypes: readonly string[]): string {
  const [first = '*'] = eventTypes;
  if (!first.endsWith('*')) return first;
  const family = first.slice(0, -1);
  const covered = EVENT_TYPES.find(({ type, reserved }) => type.startsWith(family) && (!reserved || family !== ''));
  return first === '*' ? 'transfer.completed' : (covered?.type ?? `${family}test`);
}

function sampleOf(type: string): JsonObject {
  if (!subscribable(type) || type.endsWith('*')) {
    throw new Refusal('unknown_event_type', `There is no event type ${type} to send a sample of.`, {
      errors: [
        { pointer: '?eventType', detail: 'Name one event type; GET /api/openapi.json lists the built-in ones.' },
      ],
    });
  }
  return findEventType(type)?.sample ?? {};
}

function reportOf(webhook: Webhook, { outgoing, exchange }: SentTest): TestReport {
  const { shown, secrets, body } = outgoing;
  const { response, failure, remoteAddress, proxy, certificate, timings } = exchange;
  return {
    ok: failure === null,
    request: { ...(JSON.parse(shown) as ShownRequest), body: body.content },
    response: maskEchoes(response, secrets),
    remoteAddress,
    ...(proxy === null ? {} : { proxy }),
    certificate,
    timings,
    error: failure && { ...failure, remedy: remedyFor(failure, exchange) },
    curl: curlLine(outgoing, webhook.config, proxy),
  };
}

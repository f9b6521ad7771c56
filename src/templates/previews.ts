import { findEvent, subscribable } from '../events/index.ts';
import type { Clock } from '../kernel/clock.ts';
import { Refusal, unacceptable } from '../kernel/errors.ts';
import { parseInstant } from '../kernel/instants.ts';
import type { JsonObject } from '../kernel/json.ts';
import {
  type EventContent,
  type InstanceFacts,
  mediaKindOf,
  type RenderedBody,
  renderBody,
} from '../payloads/index.ts';
import type { Store } from '../store/index.ts';
import { fieldErrors, type TemplateFieldError } from './checks.ts';
import { checkMediaType } from './content-type.ts';
import { samplesOf, type UnknownVariable, unknownVariables } from './known-variables.ts';
import type { TemplateRenderer } from './renderer.ts';

/** What to render: exactly one of them. */
interface Subject {
  eventType?: string;
  eventId?: string;
  event?: { type: string; occurredAt?: string; data: JsonObject };
}

/** A template to be looked at, and what to render it for. */
export interface PreviewRequest extends Subject {
  template: string;
  contentType?: string;
}

/** What to show the default body of. */
export type DefaultBodyRequest = Pick<PreviewRequest, 'eventType' | 'eventId' | 'contentType'>;

/** What a template makes of one event, and what is wrong with it. */
export interface Preview {
  /** As it would be sent, or as far as it can be shown; null when there is none. */
  body: string | null;
  valid: boolean;
  errors: TemplateFieldError[];
  /** The names that it uses, each once. */
  variables: string[];
  unknownVariables: UnknownVariable[];
}

const JSON_TYPE = 'application/json';
const XML_TYPE = 'application/xml';

interface Dependencies {
  store: Store;
  templates: Pick<TemplateRenderer, 'inspect'>;
  clock: Clock;
  /** Who this instance says it is now. */
  instance: () => InstanceFacts;
}

/**
 * Renders a template for a sample, a past event or the event given, as it is and with hostile texts in it. Refuses (400)
 * more or less than one of them, and (422) an event or type that there is not; a template that does not hold is an answer.
 */
export async function previewTemplate(
  { store, templates, clock, instance }: Dependencies,
  request: PreviewRequest,
): Promise<Preview> {
  const { template, contentType = JSON_TYPE } = request;
  assertOne(request, ['eventType', 'eventId', 'event'], '/');
  checkMediaType(contentType);
  const event = await eventOf(request, '/', { store, clock });
  const inspected = { template, contentType, webhook: { name: 'Preview' }, samples: [event] };
  const { body, errors, variables } = await templates.inspect(inspected, instance());
  return {
    body,
    valid: errors.length === 0,
    errors: fieldErrors(errors),
    variables: [...new Set(variables.map((path) => path.join('.')))],
    unknownVariables: unknownVariables(variables, [event]),
  };
}

/**
 * The body that a webhook without a format of its own sends of a sample or a past event: XML where the media type is
 * XML, JSON otherwise. Refuses as `previewTemplate` does.
 */
export async function defaultBodyOf(
  { store, clock, instance }: Omit<Dependencies, 'templates'>,
  request: DefaultBodyRequest,
): Promise<RenderedBody> {
  assertOne(request, ['eventType', 'eventId'], '?');
  const event = await eventOf(request, '?', { store, clock });
  const isXml = mediaKindOf(request.contentType ?? JSON_TYPE) === 'xml';
  const chosen = { payload: { format: 'default' }, contentType: isXml ? XML_TYPE : JSON_TYPE } as const;
  return renderBody(event, chosen, instance());
}

/** Where a request has its members: in the body, or in the query. */
type Place = '/' | '?';

function assertOne(request: Subject, names: readonly (keyof Subject)[], at: Place): void {
  const given = names.filter((name) => request[name] !== undefined);
  if (given.length === 1) return;
  const detail = `Give one of ${names.join(', ')} to render it for.`;
  const atFault = given.length === 0 ? names.slice(0, 1) : names;
  throw new Refusal('validation_failed', detail, {
    errors: atFault.map((name) => ({ pointer: `${at}${name}`, detail })),
  });
}

async function eventOf(
  { eventType, eventId, event }: Subject,
  at: Place,
  { store, clock }: Pick<Dependencies, 'store' | 'clock'>,
): Promise<EventContent> {
  if (eventId !== undefined) return pastEvent(eventId, at, store);
  const type = event?.type ?? (eventType as string);
  if (type.endsWith('*') || !subscribable(type)) {
    const pointer = event === undefined ? `${at}eventType` : '/event/type';
    throw unacceptable(pointer, `There is no event type ${JSON.stringify(type)}.`, 'unknown_event_type');
  }
  const [sample] = samplesOf([type]) as [EventContent];
  if (event === undefined) return sample;
  const occurredAt = event.occurredAt === undefined ? clock.now() : (parseInstant(event.occurredAt) as number);
  return { ...sample, occurredAt, data: event.data };
}

async function pastEvent(id: string, at: Place, store: Store): Promise<EventContent> {
  const row = await store.read(findEvent, { id });
  if (row === null) throw unacceptable(`${at}eventId`, `There is no event ${JSON.stringify(id)}.`);
  return { id: row.id, type: row.type, occurredAt: row.occurredAt, data: JSON.parse(row.data) as JsonObject };
}

import { findEvent, subscribable } from '../events/index.ts';
import type { Clock } from '../kernel/clock.ts';
import { Refusal, unacceptable } from '../kernel/errors.ts';
import { parseInstant } from '../kernel/instants.ts';
import type { JsonObject } from '../kernel/json.ts';
import type { EventContent, InstanceFacts } from '../payloads/index.ts';
import type { Store } from '../store/index.ts';
import { fieldErrors, type TemplateFieldError } from './checks.ts';
import { checkMediaType } from './content-type.ts';
import { samplesOf, type UnknownVariable, unknownVariables } from './known-variables.ts';
import type { TemplateRenderer } from './renderer.ts';

/** A template to be looked at, and what to render it from: one of the last three. */
export interface PreviewRequest {
  template: string;
  contentType?: string;
  eventType?: string;
  eventId?: string;
  event?: { type: string; occurredAt?: string; data: JsonObject };
}

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
  const { template, contentType = 'application/json' } = request;
  assertOne(request);
  checkMediaType(contentType);
  const event = await eventOf(request, store, clock);
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

function assertOne({ eventType, eventId, event }: PreviewRequest): void {
  const given = [eventType, eventId, event].filter((one) => one !== undefined).length;
  if (given === 1) return;
  const detail = 'Give one of eventType, eventId and event to render it for.';
  const pointers = given === 0 ? ['/eventType'] : ['/eventType', '/eventId', '/event'];
  throw new Refusal('validation_failed', detail, { errors: pointers.map((pointer) => ({ pointer, detail })) });
}

async function eventOf(
  { eventType, eventId, event }: PreviewRequest,
  store: Store,
  clock: Clock,
): Promise<EventContent> {
  if (eventId !== undefined) return pastEvent(eventId, store);
  const type = event?.type ?? (eventType as string);
  if (type.endsWith('*') || !subscribable(type)) {
    const pointer = event === undefined ? '/eventType' : '/event/type';
    throw unacceptable(pointer, `There is no event type ${JSON.stringify(type)}.`, 'unknown_event_type');
  }
  const [sample] = samplesOf([type]) as [EventContent];
  if (event === undefined) return sample;
  const occurredAt = event.occurredAt === undefined ? clock.now() : (parseInstant(event.occurredAt) as number);
  return { ...sample, occurredAt, data: event.data };
}

async function pastEvent(id: string, store: Store): Promise<EventContent> {
  const row = await store.read(findEvent, { id });
  if (row === null) throw unacceptable('/eventId', `There is no event ${JSON.stringify(id)}.`);
  return { id: row.id, type: row.type, occurredAt: row.occurredAt, data: JSON.parse(row.data) as JsonObject };
}

import { formatInstant } from '../kernel/instants.ts';
import type { JsonObject } from '../kernel/json.ts';
import type { EventContent, InstanceIdentity } from './content.ts';

/** The attributes of an event (CloudEvents 1.0.2 §3.1). `source` stays the same wherever this instance listens. */
export function cloudEventAttributes(event: Omit<EventContent, 'data'>, instance: InstanceIdentity) {
  return {
    specversion: '1.0',
    id: event.id,
    source: `urn:waybill:${instance.tenantId}`,
    type: event.type,
    time: formatInstant(event.occurredAt),
  };
}

/** The event in structured mode: its attributes, and its data beside them (CloudEvents JSON format §3). Pure. */
export function cloudEvent(event: EventContent, instance: InstanceIdentity): JsonObject {
  return { ...cloudEventAttributes(event, instance), datacontenttype: 'application/json', data: event.data };
}

/** The media type of an event in structured mode (CloudEvents HTTP binding §3.2). */
export const CLOUD_EVENT_TYPE = 'application/cloudevents+json';

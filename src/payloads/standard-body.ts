import { formatInstant } from '../kernel/instants.ts';
import type { JsonObject } from '../kernel/json.ts';
import type { EventContent } from './content.ts';

/**
 * `{ type, timestamp, data }`: the shape that Standard Webhooks 1.0.0 suggests, "Payload structure". `timestamp` is
 * when the event occurred, RFC 3339 in UTC with milliseconds; `data` is the event's own object, not a copy. Pure.
 */
export function standardBody(event: EventContent): JsonObject {
  return { type: event.type, timestamp: formatInstant(event.occurredAt), data: event.data };
}

import { formatInstant } from '../kernel/instants.ts';
import { type JsonObject, ownMember } from '../kernel/json.ts';
import type { EventContent } from './content.ts';

/**
 * `{ event_type, timestamp, transfer, schedule }`: the body that GoMFT documents for transfers. Both objects go
 * through as they were published, members that we do not know included; one that `data` lacks is left out, and
 * nothing else of `data` enters. Pure. Source: GoMFT, "Webhook Notifications", "Default JSON Payload".
 */
export function transferBody(event: EventContent): JsonObject {
  return { ...head(event), ...picked(event.data, 'transfer'), ...picked(event.data, 'schedule') };
}

/** `{ event_type, timestamp, schedule }`: `transferBody`'s shape for an event about a schedule alone. Pure. */
export function scheduleBody(event: EventContent): JsonObject {
  return { ...head(event), ...picked(event.data, 'schedule') };
}

function head(event: EventContent): JsonObject {
  return { event_type: event.type.replaceAll('.', '_'), timestamp: wholeSeconds(event.occurredAt) };
}

/** RFC 3339 in UTC as GoMFT's examples write it: no fraction, unless the instant has one. */
export function wholeSeconds(ms: number): string {
  return formatInstant(ms).replace('.000Z', 'Z');
}

function picked(data: JsonObject, key: string): JsonObject {
  const value = ownMember(data, key);
  return value === undefined ? {} : { [key]: value };
}

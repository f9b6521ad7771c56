import type { JsonObject } from '../kernel/json.ts';
import type { EventContent, Identifiers, InstanceIdentity, PayloadChoice } from './content.ts';
import { mftGatewayBody } from './mft-gateway-body.ts';
import { scheduleBody, transferBody } from './seed-body.ts';
import { standardBody } from './standard-body.ts';

/**
 * The body of an event as JSON text, in the format that a webhook chose. Pure, and it accepts any event: a member
 * that `data` lacks or has in another type is left out or stands empty, never an error.
 */
export function renderBody(event: EventContent, payload: PayloadChoice, instance: InstanceIdentity): string {
  const body =
    payload.format === 'standard' ? standardBody(event) : defaultBody(event, payload.identifiers ?? 'both', instance);
  return JSON.stringify(body);
}

/** The default of each family; whatever has none of its own gets the standard body. */
function defaultBody(event: EventContent, identifiers: Identifiers, instance: InstanceIdentity): JsonObject {
  if (event.type.startsWith('transfer.')) return transferBody(event);
  if (event.type.startsWith('schedule.')) return scheduleBody(event);
  return mftGatewayBody(event, identifiers, instance) ?? standardBody(event);
}

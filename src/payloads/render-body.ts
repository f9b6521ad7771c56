import type { JsonObject } from '../kernel/json.ts';
import { CLOUD_EVENT_TYPE, cloudEvent } from './cloud-event.ts';
import type {
  EventContent,
  Identifiers,
  InstanceFacts,
  InstanceIdentity,
  PayloadChoice,
  RenderedBody,
} from './content.ts';
import { gomftBody } from './gomft-body.ts';
import { mediaKindOf } from './media-type.ts';
import { mftGatewayBody } from './mft-gateway-body.ts';
import { scheduleBody, transferBody } from './seed-body.ts';
import { standardBody } from './standard-body.ts';
import { xmlDocument } from './xml.ts';

/**
 * The body of an event in the format and media type (JSON or XML) that a webhook chose. Pure, and it accepts any event: a
 * member that `data` lacks or has in another type is left out or stands empty, never an error.
 */
export function renderBody(
  event: EventContent,
  { payload, contentType }: { payload: PayloadChoice; contentType: string },
  instance: InstanceFacts,
): RenderedBody {
  const body = bodyOf(event, payload, instance);
  if (mediaKindOf(contentType) === 'xml') return { contentType, content: xmlDocument(body) };
  const isStructured = payload.format === 'cloudevents' && payload.mode === 'structured';
  return {
    contentType: isStructured ? contentType.replace(/^application\/json/i, CLOUD_EVENT_TYPE) : contentType,
    content: JSON.stringify(body),
  };
}

function bodyOf(event: EventContent, payload: PayloadChoice, instance: InstanceFacts): JsonObject {
  switch (payload.format) {
    case 'default':
      return defaultBody(event, payload.identifiers ?? 'both', instance);
    case 'standard':
      return standardBody(event);
    case 'cloudevents':
      return payload.mode === 'structured' ? cloudEvent(event, instance) : event.data;
    case 'gomft':
      return gomftBody(event, instance);
  }
}

/** The default of each family; whatever has none of its own gets the standard body. */
function defaultBody(event: EventContent, identifiers: Identifiers, instance: InstanceIdentity): JsonObject {
  if (event.type.startsWith('transfer.')) return transferBody(event);
  if (event.type.startsWith('schedule.')) return scheduleBody(event);
  return mftGatewayBody(event, identifiers, instance) ?? standardBody(event);
}

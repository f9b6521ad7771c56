import { SearchQuery } from '../http/index.ts';
import { parseInstant } from '../kernel/instants.ts';
import { type Static, Type } from '../kernel/type.ts';
import { DELIVERY_STATES } from './deliveries.state.ts';
import type { DeliveryFilter } from './facets.store.ts';

const InstantQuery = Type.Optional(Type.String({ format: 'date-time' }));

/** The query parameters that say which deliveries. */
export const FilterQuery = {
  webhookId: Type.Optional(Type.String()),
  eventId: Type.Optional(Type.String()),
  eventType: Type.Optional(Type.String()),
  state: Type.Optional(Type.Enum([...DELIVERY_STATES])),
  errorCode: Type.Optional(Type.String({ description: 'Of the latest attempt.' })),
  status: Type.Optional(Type.Integer({ description: 'The HTTP status of the latest attempt.' })),
  from: InstantQuery,
  to: InstantQuery,
  q: SearchQuery(
    'the type of the event and the names in it (transfer, schedule, station, partner, AS2 message), the name of the webhook, why an attempt failed; or the id of event, delivery or webhook',
  ),
};

const _filter = Type.Object(FilterQuery);

/** Which deliveries the query parameters ask for. */
export function filterOf(query: Static<typeof _filter>): DeliveryFilter & { q: string | null } {
  const { webhookId, eventId, eventType, state, errorCode, status, from, to, q } = query;
  return {
    webhookId: webhookId ?? null,
    eventId: eventId ?? null,
    eventType: eventType ?? null,
    state: state ?? null,
    errorCode: errorCode ?? null,
    status: status ?? null,
    from: from === undefined ? null : parseInstant(from),
    to: to === undefined ? null : parseInstant(to),
    q: q === undefined || q.trim() === '' ? null : q,
  };
}

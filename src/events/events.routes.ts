import {
  type Api,
  Instant,
  MAX_LEVELS,
  nullable,
  PageQuery,
  pageOf,
  pageRequest,
  SEARCHED_PAGES,
  SearchQuery,
  strictObject,
} from '../http/index.ts';
import { notFound, Refusal } from '../kernel/errors.ts';
import { formatInstant, parseInstant } from '../kernel/instants.ts';
import type { JsonObject } from '../kernel/json.ts';
import { DEFAULT_PAGE_LIMIT, encodeCursor } from '../kernel/pages.ts';
import { type TSchema, Type } from '../kernel/type.ts';
import type { Store } from '../store/index.ts';

import { type EventRow, eventsAfter, findEvent, listEvents } from './events.store.ts';
import { type Events, type GivenEvent, MAX_EVENT_BYTES } from './events.ts';
import { type ScopeKeys, scopeKeys } from './scope-keys.ts';

interface Dependencies {
  events: Events;
  store: Store;
  /** Who is told of an event, and who is not. */
  audienceOf: (event: Pick<EventRow, 'id' | 'type' | 'createdAt'> & { keys: ScopeKeys }) => Promise<Audience>;
  /** Describes a delivery. */
  DeliverySchema: TSchema;
}

/** As the API shows it. */
interface Audience {
  /** The deliveries of an event, without their attempts. */
  deliveries: object[];
  /** The webhooks that were not owed it, each with the rule that decided so. */
  unmatched: { webhookId: string; name: string; because: string; detail: string; pointer: string | null }[];
}

const MAX_BATCH_BYTES = 16 * 1024 * 1024;
const MAX_BATCH = 1000;
const tags = ['Events'];

const event = {
  type: Type.String({ maxLength: 200, description: 'A built-in type, or one of your own such as `order.shipped`.' }),
  occurredAt: Type.Optional(Type.String({ format: 'date-time', description: 'RFC 3339. Absent: now.' })),
  data: Type.Unsafe<JsonObject>({
    type: 'object',
    description: `Of a built-in type, what its schema says; of your own, any object. At most ${MAX_LEVELS} levels deep.`,
  }),
};

/** One schema for one event or many: the words for objects apply to the one, those for arrays to the other. */
const PublishBody = Type.Unsafe<GivenEvent | GivenEvent[]>({
  type: ['object', 'array'],
  properties: event,
  required: ['type', 'data'],
  additionalProperties: false,
  items: strictObject(event),
  minItems: 1,
  maxItems: MAX_BATCH,
});

const PublishedSchema = Type.Object({ id: Type.String(), deliveryCount: Type.Integer() });

const EventSchema = Type.Object({
  id: Type.String(),
  type: Type.String(),
  occurredAt: Instant,
  createdAt: Instant,
  sequence: Type.Integer({ description: 'Counts all events without a gap.' }),
  data: Type.Unsafe<JsonObject>({ type: 'object' }),
});

const UnmatchedSchema = Type.Object(
  {
    webhookId: Type.String(),
    name: Type.String(),
    because: Type.String({
      description:
        '`about_itself` (an event about a webhook is not sent to it), `event_type`, `scope`, `created_later`, `disabled` or `routing`; `changed_since`: it would get the event by its settings of today; `deleted`: it would have got the event, and had been deleted before it.',
    }),
    detail: Type.String({ description: 'The same in words, with what the webhook asks for and what the event has.' }),
    pointer: nullable(Type.String({ description: 'The setting of the webhook that decided so; null where none did.' })),
  },
  { description: 'A webhook that was not owed the event, and the first rule that decided so, in this order.' },
);

const InstantQuery = Type.Optional(Type.String({ format: 'date-time' }));

export function eventRoutes(api: Api, { events, store, audienceOf, DeliverySchema }: Dependencies): void {
  api.post(
    '/api/v1/events',
    {
      bodyLimit: MAX_BATCH_BYTES,
      config: { role: 'operator', itemLimit: MAX_EVENT_BYTES, problems: ['unknown_event_type'] },
      schema: {
        summary: 'Publish an event, or an array of up to 1,000',
        description: 'Answers once the events and the deliveries they cause are synced to disk.',
        tags,
        body: PublishBody,
        response: { 202: Type.Unsafe<unknown>({ anyOf: [PublishedSchema, Type.Array(PublishedSchema)] }) },
      },
    },
    async (request, reply) => {
      const { body: given, once } = request;
      if (Array.isArray(given)) {
        return reply.code(202).send(await events.publish(given, (index) => `/${index}`, once));
      }
      const [published] = await events.publish([given], () => '', once);
      return reply.code(202).send(published);
    },
  );

  api.get(
    '/api/v1/events',
    {
      config: { role: 'viewer', problems: ['gone'] },
      schema: {
        summary: 'List events, newest first; with `after`, in order of their sequence',
        description: SEARCHED_PAGES,
        tags,
        querystring: strictObject({
          ...PageQuery,
          type: Type.Optional(Type.String()),
          from: InstantQuery,
          to: InstantQuery,
          q: SearchQuery('the type and the names in it (transfer, schedule, station, partner, AS2 message), or the id'),
          after: Type.Optional(Type.Integer({ minimum: 0, description: 'A sequence; 0 for all.' })),
        }),
        response: { 200: pageOf(EventSchema) },
      },
    },
    async (request) => {
      const { after, type, from, to, q } = request.query;
      if (after !== undefined) return inOrder(after, request.query.limit ?? DEFAULT_PAGE_LIMIT, request.query);
      const page = pageRequest('events', request.query);
      const { rows, next } = await store.read(listEvents, {
        type: type ?? null,
        from: from === undefined ? null : parseInstant(from),
        to: to === undefined ? null : parseInstant(to),
        q: q === undefined || q.trim() === '' ? null : q,
        limit: page.limit,
        before: page.before === null ? null : Number(page.before),
      });
      return { items: rows.map(presentEvent), next: next === null ? null : encodeCursor('events', String(next)) };
    },
  );

  /** For consumers that reconcile: they ask again with the last sequence they were given, so there is no cursor. */
  async function inOrder(after: number, limit: number, query: object) {
    const others = ['type', 'from', 'to', 'q', 'cursor'].filter((name) => name in query);
    if (others.length > 0) {
      throw new Refusal('validation_failed', 'With `after` every event is listed: leave out the other filters.', {
        errors: others.map((name) => ({ pointer: `?${name}`, detail: 'Cannot be combined with after.' })),
      });
    }
    const rows = await store.read(eventsAfter, { after, limit });
    return { items: rows.slice(0, limit).map(presentEvent), next: null };
  }

  async function find({ id }: Record<string, string>): Promise<EventRow> {
    const row = await store.read(findEvent, { id: id as string });
    if (row === null) throw notFound('event', id as string);
    return row;
  }

  api.get(
    '/api/v1/events/:id',
    {
      config: { role: 'viewer', find },
      schema: {
        summary: 'Read an event with its deliveries, and why other webhooks got none',
        tags,
        params: Type.Object({ id: Type.String() }),
        response: {
          200: Type.Intersect([
            EventSchema,
            Type.Object({
              deliveries: Type.Array(Type.Unsafe<object>(DeliverySchema)),
              unmatched: Type.Array(UnmatchedSchema),
            }),
          ]),
        },
      },
    },
    async (request) => {
      const row = await find(request.params);
      const event = presentEvent(row);
      const { id, type, createdAt } = row;
      return { ...event, ...(await audienceOf({ id, type, createdAt, keys: scopeKeys(event.data) })) };
    },
  );
}

function presentEvent(row: EventRow) {
  return {
    id: row.id,
    type: row.type,
    occurredAt: formatInstant(row.occurredAt),
    createdAt: formatInstant(row.createdAt),
    sequence: row.sequence,
    data: JSON.parse(row.data) as JsonObject,
  };
}

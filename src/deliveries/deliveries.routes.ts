import {
  type Api,
  Instant,
  NoBody,
  nullable,
  PageQuery,
  pageOf,
  pageRequest,
  SEARCHED_PAGES,
  strictObject,
} from '../http/index.ts';
import type { Clock } from '../kernel/clock.ts';
import { notFound } from '../kernel/errors.ts';
import { formatInstant } from '../kernel/instants.ts';
import { encodeCursor } from '../kernel/pages.ts';
import { Type } from '../kernel/type.ts';
import { type OnceRequest, onlyOnce, type Store } from '../store/index.ts';
import type { WebhookDirectory } from '../webhooks/index.ts';
import type { LoggedExchange } from './attempts.store.ts';
import { DELIVERY_STATES } from './deliveries.state.ts';
import { cancelDelivery, retryDelivery } from './deliveries.store.ts';
import { FilterQuery, filterOf } from './filter-query.ts';
import { type AttemptRow, type DeliveryRow, findDelivery, listDeliveries } from './log.store.ts';
import { presentDelivery, presentRow } from './present-delivery.ts';

interface Dependencies {
  store: Store;
  clock: Clock;
  directory: WebhookDirectory;
}

const Exchanged = Type.Object({ headers: Type.Record(Type.String(), Type.String()), body: nullable(Type.String()) });

const Attempt = Type.Object({
  number: Type.Integer(),
  trigger: Type.Enum(['initial', 'retry', 'manual', 'replay', 'recovery']),
  startedAt: Instant,
  durationMs: Type.Number(),
  outcome: Type.Enum(['delivered', 'failed', 'unknown']),
  request: nullable(Type.Intersect([Type.Object({ method: Type.String(), url: Type.String() }), Exchanged])),
  response: nullable(Type.Intersect([Type.Object({ status: Type.Integer(), truncated: Type.Boolean() }), Exchanged])),
  error: nullable(Type.Object({ code: Type.String(), message: Type.String() })),
});

export const DeliverySchema = Type.Object({
  id: Type.String(),
  eventId: Type.String(),
  eventType: Type.String(),
  webhookId: Type.String(),
  state: Type.Enum([...DELIVERY_STATES]),
  reason: nullable(Type.String({ description: 'Why it is held, or why it ended.' })),
  createdAt: Instant,
  attemptCount: Type.Integer(),
  nextAttemptAt: nullable(Instant),
  replayOf: nullable(Type.String()),
  sequence: nullable(Type.Integer()),
});

const DeliveryWithAttempts = Type.Intersect([DeliverySchema, Type.Object({ attempts: Type.Array(Attempt) })]);
const IdParams = Type.Object({ id: Type.String() });
const tags = ['Deliveries'];

export function deliveryRoutes(api: Api, { store, clock, directory }: Dependencies): void {
  const present = (row: DeliveryRow) => presentDelivery(row, directory, clock.now());

  async function findOne({ id }: Record<string, string>): Promise<void> {
    await read(id as string);
  }

  async function read(id: string) {
    const found = await store.read(findDelivery, { id });
    if (found === null) throw notFound('delivery', id);
    return { ...present(found.delivery), attempts: found.attempts.map(presentAttempt) };
  }

  /** What a person does to a delivery, and the delivery as it stood then: of its attempts those that there were. */
  async function act(command: typeof retryDelivery | typeof cancelDelivery, id: string, once: OnceRequest | null) {
    const prepare = () => ({ input: { id, now: clock.now() }, aside: null });
    const { value } = await onlyOnce(store, command, once, prepare);
    const { attempts = [] } = (await store.read(findDelivery, { id: value.id })) ?? {};
    const those = attempts.filter(({ number }) => number <= value.attemptCount);
    return { ...presentRow(value), attempts: those.map(presentAttempt) };
  }

  api.get(
    '/api/v1/deliveries',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'List deliveries, newest first',
        description: SEARCHED_PAGES,
        tags,
        querystring: strictObject({ ...PageQuery, ...FilterQuery }),
        response: { 200: Type.Unsafe<unknown>(pageOf(DeliverySchema)) },
      },
    },
    async (request) => {
      const page = pageRequest('deliveries', request.query);
      const { rows, next } = await store.read(listDeliveries, {
        ...filterOf(request.query),
        limit: page.limit,
        before: page.before === null ? null : Number(page.before),
      });
      return { items: rows.map(present), next: next === null ? null : encodeCursor('deliveries', String(next)) };
    },
  );

  api.get(
    '/api/v1/deliveries/:id',
    {
      config: { role: 'viewer', find: findOne },
      schema: {
        summary: 'Read a delivery with its attempts',
        tags,
        params: IdParams,
        response: { 200: Type.Unsafe<unknown>(DeliveryWithAttempts) },
      },
    },
    (request) => read(request.params.id),
  );

  api.post(
    '/api/v1/deliveries/:id/retry',
    {
      config: { role: 'operator', find: findOne },
      schema: {
        summary: 'Try now; a delivery that has ended gets a new one, whose id is returned',
        tags,
        params: IdParams,
        body: NoBody,
        response: { 202: Type.Unsafe<unknown>(DeliveryWithAttempts) },
      },
    },
    async (request, reply) => {
      return reply.code(202).send(await act(retryDelivery, request.params.id, request.once));
    },
  );

  api.post(
    '/api/v1/deliveries/:id/cancel',
    {
      config: { role: 'operator', find: findOne },
      schema: {
        summary: 'Cancel an open delivery',
        tags,
        params: IdParams,
        body: NoBody,
        response: { 200: Type.Unsafe<unknown>(DeliveryWithAttempts) },
      },
    },
    (request) => act(cancelDelivery, request.params.id, request.once),
  );
}

function presentAttempt({ exchange, requestBody, ...row }: AttemptRow) {
  const { request, response, error } = JSON.parse(exchange) as LoggedExchange;
  return {
    ...row,
    startedAt: formatInstant(row.startedAt),
    request: request && { ...request, body: requestBody },
    response,
    error,
  };
}

import { subscribable } from '../events/index.ts';
import {
  type Api,
  Instant,
  NoBody,
  nullable,
  PageQuery,
  pageOf,
  pageRequest,
  strictObject,
  withLocation,
} from '../http/index.ts';
import { notFound, Refusal, unacceptable } from '../kernel/errors.ts';
import type { EventId, WebhookId } from '../kernel/ids.ts';
import { formatInstant, formatInstantOrNull, parseInstant } from '../kernel/instants.ts';
import { toPage } from '../kernel/pages.ts';
import { type Static, Type } from '../kernel/type.ts';
import type { Store } from '../store/index.ts';
import { DELIVERY_STATES } from './deliveries.state.ts';
import { TEST_TYPE } from './replay-selection.store.ts';
import { REPLAY_STATES } from './replays.state.ts';
import { findReplay, listReplays, type ReplayRow } from './replays.store.ts';
import type { ReplayRequest, Replays } from './replays.ts';

interface Dependencies {
  replays: Replays;
  store: Store;
}

const MOST_EVENTS = 1000;
const MOST_PER_SECOND = 10_000;

const State = Type.Enum([...DELIVERY_STATES]);
const BodyKind = Type.Enum(['rendered', 'exact'], {
  description: '`rendered`, the default: as the webhook is today. `exact`: the bytes that were sent first.',
});

const members = {
  webhookId: Type.Optional(Type.String({ description: 'Absent: every webhook that is not disabled.' })),
  from: Type.Optional(Type.String({ format: 'date-time', description: "On the event's `createdAt`, inclusive." })),
  to: Type.Optional(Type.String({ format: 'date-time', description: 'Exclusive.' })),
  states: Type.Optional(
    Type.Array(State, {
      minItems: 1,
      uniqueItems: true,
      description:
        'Events whose latest delivery to the webhook is in one of these states. Absent: every event that the filter of the webhook matches.',
    }),
  ),
  eventTypes: Type.Optional(
    Type.Array(Type.String({ maxLength: 200 }), {
      maxItems: 1000,
      description: 'Of these only: exact names or `family.*`.',
    }),
  ),
  eventIds: Type.Optional(
    Type.Array(Type.String({ maxLength: 200 }), {
      minItems: 1,
      maxItems: MOST_EVENTS,
      description: 'These events, whatever the filter of the webhook says; with `webhookId`, in place of a range.',
    }),
  ),
  body: Type.Optional(BodyKind),
  ratePerSecond: Type.Optional(
    nullable(
      Type.Number({
        exclusiveMinimum: 0,
        maximum: MOST_PER_SECOND,
        description: 'Deliveries made a second. Absent: as fast as the webhook takes them.',
      }),
    ),
  ),
  dryRun: Type.Optional(Type.Boolean({ description: 'Only count, and keep nothing.' })),
};

/** Of the members of a range and those of named events, one set or the other. */
const NewReplay = strictObject(members, {
  if: { required: ['eventIds'] },
  // biome-ignore lint/suspicious/noThenProperty: a word of JSON Schema; nobody awaits a schema.
  then: { required: ['webhookId'] },
  else: { required: ['from', 'to'] },
});

const Created = Type.Object({
  id: nullable(Type.String({ description: 'Null for a dry run.' })),
  count: Type.Integer({ description: 'How many deliveries it makes.' }),
});

const Replay = Type.Object({
  id: Type.String(),
  state: Type.Enum([...REPLAY_STATES]),
  count: Type.Integer({ description: 'How many deliveries it was to make when it was created.' }),
  done: Type.Integer({ description: 'Of `count`: those that have ended, and those skipped.' }),
  skipped: Type.Integer({ description: 'Of `count`: those whose event or webhook had gone before they were made.' }),
  webhookId: nullable(Type.String({ description: 'Null: every webhook.' })),
  from: nullable(Instant),
  to: nullable(Instant),
  states: nullable(Type.Array(State)),
  eventTypes: nullable(Type.Array(Type.String())),
  eventIds: nullable(Type.Array(Type.String())),
  body: BodyKind,
  ratePerSecond: nullable(Type.Number()),
  createdAt: Instant,
  endedAt: nullable(Instant),
});

/** The schema of a read; its type is that of the function that makes one. */
const Answer = Type.Unsafe<ReturnType<typeof presentReplay>>(Replay);
const IdParams = Type.Object({ id: Type.String() });
const tags = ['Replays'];

export function replayRoutes(api: Api, { replays, store }: Dependencies): void {
  async function read(id: string) {
    const row = await store.read(findReplay, { id });
    if (row === null) throw notFound('replay', id);
    return presentReplay(row);
  }

  const find = ({ id }: Record<string, string>) => read(id as string);

  api.post(
    '/api/v1/replays',
    {
      config: { role: 'operator' },
      schema: {
        summary: 'Send old events again: those of a range, or those named',
        description: 'A job that survives a restart. What is published after it was created is not part of it.',
        tags,
        body: NewReplay,
        response: { 202: withLocation(Created) },
      },
    },
    async (request, reply) => {
      const created = await replays.create(toRequest(request.body), request.once);
      if (created.id !== null) reply.header('location', `/api/v1/replays/${created.id}`);
      return reply.code(202).send(created);
    },
  );

  api.get(
    '/api/v1/replays',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'List replays, newest first',
        tags,
        querystring: strictObject(PageQuery),
        response: { 200: pageOf(Answer) },
      },
    },
    async (request) => {
      const page = pageRequest('replays', request.query);
      const before = page.before === null ? null : Number(page.before);
      const rows = await store.read(listReplays, { limit: page.limit, before });
      const { items, next } = toPage(rows, page, (row) => String(row.number));
      return { items: items.map(presentReplay), next };
    },
  );

  api.get(
    '/api/v1/replays/:id',
    {
      config: { role: 'viewer', find },
      schema: {
        summary: 'Read a replay and how far it has come',
        tags,
        params: IdParams,
        response: { 200: Answer },
      },
    },
    (request) => read(request.params.id),
  );

  api.post(
    '/api/v1/replays/:id/cancel',
    {
      config: { role: 'operator', find },
      schema: {
        summary: 'End a replay and cancel its open deliveries',
        tags,
        params: IdParams,
        body: NoBody,
        response: { 200: Answer },
      },
    },
    async (request) => presentReplay(await replays.cancel(request.params.id, request.once)),
  );
}

/** What is asked for, in the words of the module. Refuses what the schema cannot: the two forms mixed, an empty range. */
function toRequest(given: Static<typeof NewReplay>): ReplayRequest {
  checkForm(given);
  for (const [index, pattern] of (given.eventTypes ?? []).entries()) checkEventType(pattern, `/eventTypes/${index}`);
  const from = given.from === undefined ? null : parseInstant(given.from);
  const to = given.to === undefined ? null : parseInstant(given.to);
  if (from !== null && to !== null && to <= from)
    throw unacceptable('/to', 'Must be later than `from`: it is exclusive.');
  return {
    selection: {
      webhookId: (given.webhookId as WebhookId | undefined) ?? null,
      from,
      to,
      states: given.states ?? null,
      eventTypes: given.eventTypes ?? null,
      eventIds: (given.eventIds as EventId[] | undefined) ?? null,
    },
    body: given.body ?? 'rendered',
    ratePerSecond: given.ratePerSecond ?? null,
    isDryRun: given.dryRun ?? false,
  };
}

const OF_A_RANGE = ['from', 'to', 'states', 'eventTypes'] as const;

/** Refuses (400) to choose from the events that are named. */
function checkForm(given: Static<typeof NewReplay>): void {
  const tooMany = given.eventIds === undefined ? [] : OF_A_RANGE.filter((name) => given[name] !== undefined);
  if (tooMany.length === 0) return;
  throw new Refusal('validation_failed', 'Give `from` and `to`, or else `webhookId` and `eventIds`.', {
    errors: tooMany.map((name) => ({ pointer: `/${name}`, detail: 'Leave it out: `eventIds` says which events.' })),
  });
}

function checkEventType(pattern: string, pointer: string): void {
  if (pattern === TEST_TYPE) throw unacceptable(pointer, 'Connection tests are never sent again.');
  if (subscribable(pattern)) return;
  throw unacceptable(pointer, `${JSON.stringify(pattern)} is no event type: use an exact name, "family.*" or "*".`);
}

function presentReplay({ selection, ...row }: ReplayRow) {
  return {
    id: row.id,
    state: row.state,
    count: row.count,
    done: row.done,
    skipped: row.skipped,
    ...selection,
    from: formatInstantOrNull(selection.from),
    to: formatInstantOrNull(selection.to),
    body: row.body,
    ratePerSecond: row.ratePerSecond,
    createdAt: formatInstant(row.createdAt),
    endedAt: formatInstantOrNull(row.endedAt),
  };
}

import { type Api, Instant, nullable, PageQuery, pageOf, pageRequest, strictObject } from '../http/index.ts';
import type { Clock } from '../kernel/clock.ts';
import { notFound, Refusal } from '../kernel/errors.ts';
import { formatInstant } from '../kernel/instants.ts';
import { toPage } from '../kernel/pages.ts';
import { Type } from '../kernel/type.ts';
import type { Store } from '../store/index.ts';
import type { Authenticator } from './authenticator.ts';
import { endOfSession } from './session-life.ts';
import { endSession, findSession, listSessions, type SessionRow } from './sessions.store.ts';

interface Dependencies {
  store: Store;
  clock: Clock;
  authenticator: Authenticator;
}

const Session = Type.Object({
  id: Type.String(),
  userId: Type.String(),
  createdAt: Instant,
  lastSeenAt: Type.String({ format: 'date-time', description: 'Give or take a minute.' }),
  expiresAt: Type.String({ format: 'date-time', description: 'When it ends unless it is used again before.' }),
  userAgent: nullable(Type.String({ description: 'What the browser says of itself.' })),
  address: Type.String({ description: 'Where it signed in from.' }),
  isCurrent: Type.Boolean({ description: 'Whether it is the one that is asking.' }),
});

const tags = ['Signing in'];

/** In which browsers people are signed in. */
export function sessionRoutes(api: Api, { store, clock, authenticator }: Dependencies): void {
  async function find({ id }: Record<string, string>): Promise<SessionRow> {
    const session = await store.read(findSession, { id: id as string });
    if (session === null) throw notFound('session', id as string);
    return session;
  }

  api.get(
    '/api/v1/sessions',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'List your sessions, newest first; as an administrator, also those of others',
        tags,
        querystring: strictObject({
          ...PageQuery,
          userId: Type.Optional(Type.String({ description: 'Whose; your own where left out.' })),
        }),
        response: { 200: pageOf(Session) },
      },
    },
    async ({ actor, session: current, query }) => {
      const page = pageRequest('sessions', query);
      const { userId = actor.id } = query;
      if (userId !== actor.id && actor.role !== 'admin') {
        throw new Refusal('forbidden', "Others' sessions are for administrators to see.");
      }
      const { limit, before } = page;
      const rows = await store.read(listSessions, { userId, now: clock.now(), limit, before });
      const { items, next } = toPage(rows, page, (row) => row.id);
      return { items: items.map((row) => present(row, current?.id ?? null)), next };
    },
  );

  api.delete(
    '/api/v1/sessions/:id',
    {
      config: { role: 'viewer', find },
      schema: {
        summary: 'End a session: your own, or as an administrator anyone’s',
        tags,
        params: Type.Object({ id: Type.String() }),
        response: { 204: Type.Null() },
      },
    },
    async ({ actor, params: { id } }, reply) => {
      const { userId } = await find({ id });
      // Others' sessions are not there for those who may not see them.
      if (userId !== actor.id && actor.role !== 'admin') throw notFound('session', id);
      await store.run(endSession, { id });
      authenticator.forget(id);
      return reply.code(204).send(null);
    },
  );
}

function present(row: SessionRow, currentId: string | null) {
  const { id, userId, createdAt, lastSeenAt, userAgent, address } = row;
  return {
    id,
    userId,
    createdAt: formatInstant(createdAt),
    lastSeenAt: formatInstant(lastSeenAt),
    expiresAt: formatInstant(endOfSession(row)),
    userAgent,
    address,
    isCurrent: id === currentId,
  };
}

import { type Api, nullable, PageQuery, pageOf, pageRequest, ROLES } from '../http/index.ts';
import type { Clock } from '../kernel/clock.ts';
import { notFound, unacceptable } from '../kernel/errors.ts';
import type { Ids } from '../kernel/ids.ts';
import { formatInstant, formatInstantOrNull, parseInstant } from '../kernel/instants.ts';
import { toPage } from '../kernel/pages.ts';
import type { Random } from '../kernel/random.ts';
import { Type } from '../kernel/type.ts';
import { onlyOnce, type Store } from '../store/index.ts';
import { type ApiKeyRow, createApiKey, deleteApiKey, hasApiKey, listApiKeys } from './api-keys.store.ts';
import { hashApiKey, makeApiKey } from './api-keys.ts';
import type { Authenticator } from './authenticator.ts';

const RoleSchema = Type.Enum([...ROLES]);

const ApiKey = Type.Object({
  id: Type.String(),
  name: Type.String(),
  role: RoleSchema,
  createdAt: Type.String({ format: 'date-time' }),
  expiresAt: Type.Union([Type.String({ format: 'date-time' }), Type.Null()]),
});

const NewApiKey = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 200 }),
    role: RoleSchema,
    expiresAt: Type.Optional(nullable(Type.String({ format: 'date-time' }))),
  },
  { additionalProperties: false },
);

interface Dependencies {
  store: Store;
  clock: Clock;
  ids: Ids;
  random: Random;
  authenticator: Authenticator;
}

export function apiKeyRoutes(api: Api, { store, clock, ids, random, authenticator }: Dependencies): void {
  async function find({ id }: Record<string, string>): Promise<void> {
    if (!(await store.read(hasApiKey, { id: id as string }))) throw notFound('API key', id as string);
  }

  api.post(
    '/api/v1/api-keys',
    {
      config: { role: 'admin' },
      schema: {
        summary: 'Make an API key',
        tags: ['API keys'],
        body: NewApiKey,
        response: { 201: Type.Intersect([ApiKey, Type.Object({ key: Type.String() })]) },
      },
    },
    async (request, reply) => {
      const { name, role, expiresAt: until } = request.body;
      const { value, aside } = await onlyOnce(store, createApiKey, request.once, () => {
        const now = clock.now();
        const expiresAt = until == null ? null : parseInstant(until);
        if (expiresAt !== null && expiresAt <= now)
          throw unacceptable('/expiresAt', 'This instant has passed already.');
        const key = makeApiKey(random);
        const id = ids.make('key', now);
        return { input: { id, name, role, hash: hashApiKey(key), createdAt: now, expiresAt }, aside: { key } };
      });
      return reply.code(201).send({ ...present(value), ...aside });
    },
  );

  api.get(
    '/api/v1/api-keys',
    {
      config: { role: 'admin' },
      schema: {
        summary: 'List API keys',
        tags: ['API keys'],
        querystring: Type.Object(PageQuery, { additionalProperties: false }),
        response: { 200: pageOf(ApiKey) },
      },
    },
    async (request) => {
      const page = pageRequest('api-keys', request.query);
      const { items, next } = toPage(await store.read(listApiKeys, page), page, (row) => row.id);
      return { items: items.map(present), next };
    },
  );

  api.delete(
    '/api/v1/api-keys/:id',
    {
      config: { role: 'admin', find },
      schema: {
        summary: 'Delete an API key',
        tags: ['API keys'],
        params: Type.Object({ id: Type.String() }),
        response: { 204: Type.Null() },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const deleted = await store.run(deleteApiKey, { id });
      if (deleted === null) throw notFound('API key', id);
      authenticator.forget(deleted.id);
      return reply.code(204).send(null);
    },
  );
}

function present(row: ApiKeyRow) {
  const { id, name, role, createdAt, expiresAt } = row;
  return { id, name, role, createdAt: formatInstant(createdAt), expiresAt: formatInstantOrNull(expiresAt) };
}

import {
  type Api,
  type AssertMatch,
  entityTag,
  IfMatch,
  IfNoneMatch,
  Instant,
  ifMatch,
  nullable,
  PageQuery,
  pageOf,
  pageRequest,
  strictObject,
  withLocation,
} from '../http/index.ts';
import type { Clock } from '../kernel/clock.ts';
import { notFound } from '../kernel/errors.ts';
import type { Ids } from '../kernel/ids.ts';
import { formatInstant, formatInstantOrNull } from '../kernel/instants.ts';
import { toPage } from '../kernel/pages.ts';
import { Type } from '../kernel/type.ts';
import { onlyOnce, type Store } from '../store/index.ts';
import type { Authenticator } from './authenticator.ts';
import type { PasswordHashes } from './password-hashes.ts';
import { EmailSchema, NameSchema, PasswordSchema, RoleSchema } from './users.schemas.ts';
import { changeUser, createUser, deleteUser, findUser, listUsers, type UserRow } from './users.store.ts';
import { checkEmail, checkPassword } from './users.ts';

interface Dependencies {
  store: Store;
  clock: Clock;
  ids: Ids;
  hashes: PasswordHashes;
  authenticator: Authenticator;
}

const User = Type.Object({
  id: Type.String(),
  email: Type.String(),
  name: Type.String(),
  role: RoleSchema,
  createdAt: Instant,
  lastSignInAt: nullable(Instant),
});

const NewUserBody = strictObject({
  email: EmailSchema,
  name: NameSchema,
  role: RoleSchema,
  password: PasswordSchema,
});
const UserPatchBody = strictObject({
  email: Type.Optional(EmailSchema),
  name: Type.Optional(NameSchema),
  role: Type.Optional(RoleSchema),
  password: Type.Optional(PasswordSchema),
});

const IdParams = Type.Object({ id: Type.String() });
const tags = ['Users'];

/** People who may sign in, for administrators to look after. */
export function userRoutes(api: Api, { store, clock, ids, hashes, authenticator }: Dependencies): void {
  async function find({ id }: Record<string, string>): Promise<UserRow> {
    const user = await store.read(findUser, { id: id as string });
    if (user === null) throw notFound('user', id as string);
    return user;
  }

  const tag = async ({ id }: Record<string, string>) => {
    const user = await store.read(findUser, { id: id as string });
    return user === null ? null : tagOf(user);
  };

  /** The version that a change must be made from, or null where the caller does not mind. */
  async function wantedVersion(id: string, header: string | undefined, assertMatch: AssertMatch) {
    if (header === undefined) return null;
    const user = await find({ id });
    assertMatch(tagOf(user));
    return user.version;
  }

  api.post(
    '/api/v1/users',
    {
      config: {
        role: 'admin',
        problems: ['rate_limited'],
        conceal: async (body, salt) => {
          const { password, ...shown } = body as { password: string };
          return { ...shown, password: await hashes.disguise(password, salt) };
        },
      },
      schema: {
        summary: 'Create a user',
        tags,
        body: NewUserBody,
        response: { 201: withLocation(User) },
      },
    },
    async ({ body, once }, reply) => {
      const { value: user } = await onlyOnce(store, createUser, once, async () => {
        const { password, ...shown } = body;
        checkEmail(shown.email);
        checkPassword(password, shown.email);
        const passwordHash = await hashes.make(password);
        const createdAt = clock.now();
        return { input: { id: ids.make('usr', createdAt), ...shown, passwordHash, createdAt }, aside: null };
      });
      return reply
        .code(201)
        .header('location', `/api/v1/users/${user.id}`)
        .header('etag', tagOf(user))
        .send(present(user));
    },
  );

  api.get(
    '/api/v1/users',
    {
      config: { role: 'admin' },
      schema: {
        summary: 'List users, newest first',
        tags,
        querystring: strictObject(PageQuery),
        response: { 200: pageOf(User) },
      },
    },
    async ({ query }) => {
      const page = pageRequest('users', query);
      const { items, next } = toPage(await store.read(listUsers, page), page, (row) => row.id);
      return { items: items.map(present), next };
    },
  );

  api.get(
    '/api/v1/users/:id',
    {
      config: { role: 'admin', find, tag },
      schema: {
        summary: 'Read a user',
        tags,
        params: IdParams,
        headers: IfNoneMatch,
        response: { 200: User },
      },
    },
    async ({ params }) => present(await find(params)),
  );

  api.patch(
    '/api/v1/users/:id',
    {
      config: { role: 'admin', find, tag, problems: ['rate_limited'] },
      schema: {
        summary: 'Change a user',
        description: 'A new password ends their sessions, but for the one that is asking.',
        tags,
        params: IdParams,
        headers: IfMatch,
        body: UserPatchBody,
        response: { 200: User },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const { password, ...shown } = request.body;
      const version = await wantedVersion(id, request.headers['if-match'], ifMatch(request));
      if (shown.email !== undefined) checkEmail(shown.email);
      if (password !== undefined) checkPassword(password, shown.email ?? (await find({ id })).email);
      const changes = { ...shown, ...(password !== undefined && { passwordHash: await hashes.make(password) }) };
      const keptSession = request.session?.id ?? null;
      const user = await store.run(changeUser, { id, changes, version, keptSession });
      if (user === null) throw notFound('user', id);
      authenticator.forget(id);
      return reply.header('etag', tagOf(user)).send(present(user));
    },
  );

  api.delete(
    '/api/v1/users/:id',
    {
      config: { role: 'admin', find, tag },
      schema: {
        summary: 'Delete a user and end their sessions',
        tags,
        params: IdParams,
        headers: IfMatch,
        response: { 204: Type.Null() },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const version = await wantedVersion(id, request.headers['if-match'], ifMatch(request));
      if (!(await store.run(deleteUser, { id, version }))) throw notFound('user', id);
      authenticator.forget(id);
      return reply.code(204).send(null);
    },
  );
}

/** Names a version of what is configured of a user: signing in makes no other one. */
function tagOf({ id, version }: UserRow): string {
  return entityTag([id, version]);
}

function present({ id, email, name, role, createdAt, lastSignInAt }: UserRow) {
  return {
    id,
    email,
    name,
    role,
    createdAt: formatInstant(createdAt),
    lastSignInAt: formatInstantOrNull(lastSignInAt),
  };
}

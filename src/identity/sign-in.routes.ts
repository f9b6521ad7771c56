import type { FastifyReply, FastifyRequest } from 'fastify';
import {
  ACTOR_KINDS,
  type Api,
  type Caller,
  callerAddress,
  nullable,
  ROLES,
  sessionCookie,
  strictObject,
} from '../http/index.ts';
import { Refusal } from '../kernel/errors.ts';
import { formatInstantOrNull } from '../kernel/instants.ts';
import { Type } from '../kernel/type.ts';
import type { Store } from '../store/index.ts';
import type { Authenticator } from './authenticator.ts';
import type { PasswordHashes } from './password-hashes.ts';
import { SESSION_LIFE_MS } from './session-life.ts';
import { endSession } from './sessions.store.ts';
import type { Setup } from './setup.ts';
import type { Browser, SignedIn, SignIn } from './sign-in.ts';
import { EmailSchema, NameSchema, PasswordSchema } from './users.schemas.ts';

interface Dependencies {
  store: Store;
  authenticator: Authenticator;
  setup: Setup;
  signIn: SignIn;
  hashes: PasswordHashes;
  /** Whether browsers reach the server over https. */
  isSecure: boolean;
}

const MAX_USER_AGENT = 300;

const SessionAnswer = Type.Object({
  actor: Type.Object({
    kind: Type.Enum([...ACTOR_KINDS]),
    id: Type.String(),
    name: Type.String(),
    email: nullable(Type.String({ description: 'Null for an API key.' })),
    role: Type.Enum([...ROLES]),
  }),
  csrfToken: nullable(
    Type.String({
      description: 'Goes into `x-csrf-token` of every request that changes something. Null with an API key.',
    }),
  ),
  expiresAt: nullable(
    Type.String({ format: 'date-time', description: 'When the session ends unless it is used again before.' }),
  ),
});

const tags = ['Signing in'];

/** Who is asking, and how people come to be known: the first administrator, signing in and out, the own password. */
export function signInRoutes(api: Api, { store, authenticator, setup, signIn, hashes, isSecure }: Dependencies): void {
  /** Answers with a session that has just begun, and gives the browser its cookie. */
  function begin(reply: FastifyReply, { token, caller }: SignedIn) {
    const cookie = sessionCookie(token, { maxAgeS: SESSION_LIFE_MS / 1000, isSecure });
    return reply.code(201).header('set-cookie', cookie).header('cache-control', 'no-store').send(present(caller));
  }

  api.get(
    '/api/v1/setup',
    {
      schema: {
        summary: 'Whether the first administrator is still to be created',
        tags,
        response: { 200: Type.Object({ needed: Type.Boolean() }) },
      },
    },
    async () => ({ needed: await setup.isNeeded() }),
  );

  api.post(
    '/api/v1/setup',
    {
      config: { problems: ['forbidden', 'gone', 'conflict', 'rate_limited'] },
      schema: {
        summary: 'Create the first administrator, and sign in as them',
        description:
          'With the token of the link that the server prints at its start, or with WAYBILL_API_KEY where that is set.',
        tags,
        body: strictObject({
          token: Type.String({ minLength: 1, maxLength: 1024 }),
          email: EmailSchema,
          name: NameSchema,
          password: PasswordSchema,
        }),
        response: { 201: SessionAnswer },
      },
    },
    async (request, reply) => begin(reply, await signIn.setUp(request.body, browserOf(request))),
  );

  api.post(
    '/api/v1/session',
    {
      config: { problems: ['unauthorized', 'forbidden', 'conflict', 'rate_limited'] },
      schema: {
        summary: 'Sign in',
        description: 'The session is in the cookie of the answer.',
        tags,
        body: strictObject({ email: EmailSchema, password: PasswordSchema }),
        response: { 201: SessionAnswer },
      },
    },
    async (request, reply) => begin(reply, await signIn.signIn(request.body, browserOf(request))),
  );

  api.get(
    '/api/v1/session',
    {
      config: { role: 'viewer' },
      schema: { summary: 'Who is asking', tags, response: { 200: SessionAnswer } },
    },
    async ({ actor, session }, reply) => reply.header('cache-control', 'no-store').send(present({ actor, session })),
  );

  api.delete(
    '/api/v1/session',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'Sign out',
        description: 'Does nothing with an API key.',
        tags,
        response: { 204: Type.Null() },
      },
    },
    async ({ session }, reply) => {
      if (session !== null) {
        await store.run(endSession, { id: session.id });
        authenticator.forget(session.id);
        reply.header('set-cookie', sessionCookie('', { maxAgeS: 0, isSecure }));
      }
      return reply.code(204).send(null);
    },
  );

  api.post(
    '/api/v1/session/password',
    {
      config: {
        role: 'viewer',
        problems: ['rate_limited'],
        conceal: async (body, salt) => {
          const { currentPassword, newPassword } = body as { currentPassword: string; newPassword: string };
          return hashes.disguise(JSON.stringify([currentPassword, newPassword]), salt);
        },
      },
      schema: {
        summary: 'Change your own password',
        description: 'Ends your other sessions.',
        tags,
        body: strictObject({ currentPassword: PasswordSchema, newPassword: PasswordSchema }),
        response: { 204: Type.Null() },
      },
    },
    async (request, reply) => {
      const { actor, session, once } = request;
      if (session === null) throw new Refusal('forbidden', 'An API key has no password. Sign in to change yours.');
      const who = { actor, sessionId: session.id, address: callerAddress(request), once };
      await signIn.changePassword(request.body, who);
      return reply.code(204).send(null);
    },
  );
}

function browserOf(request: FastifyRequest): Browser {
  const userAgent = request.headers['user-agent']?.slice(0, MAX_USER_AGENT) ?? null;
  return { address: callerAddress(request), userAgent };
}

function present({ actor, session }: Caller) {
  return {
    actor,
    csrfToken: session?.csrfToken ?? null,
    expiresAt: formatInstantOrNull(session?.expiresAt ?? null),
  };
}

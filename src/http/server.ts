import { isUtf8 } from 'node:buffer';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Clock } from '../kernel/clock.ts';
import { Refusal } from '../kernel/errors.ts';
import { type Actor, mayAct, type Role } from './actor.ts';
import { answerUnchanged, staleBefore } from './entity-tags.ts';
import { PROBLEM_TYPE, problemOf, refusalOf } from './problem.ts';
import { createCheck } from './validation.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Who may call the route; absent: anyone, without a key. */
    role?: Role;
    /** Throws, or rejects with, `not_found` for an id in the path that names nothing: asked before the body is looked at. */
    find?: (params: Record<string, string>) => unknown;
    /** The entity tag of what the path names as it is now, null when it is gone. A GET then sends it by itself. */
    tag?: (params: Record<string, string>) => string | null;
  }
  interface FastifyRequest {
    /** Who is asking. Set on every route that has a role. */
    actor: Actor;
    /** The length of the JSON body in bytes, 0 without one. */
    bodyBytes: number;
  }
}

/** The server as modules see it when they add their routes. */
export type Api = FastifyInstance<
  import('node:http').Server,
  import('node:http').IncomingMessage,
  import('node:http').ServerResponse,
  import('fastify').FastifyBaseLogger,
  TypeBoxTypeProvider
>;

export interface ServerOptions {
  clock: Clock;
  /** The actor behind a bearer token, or null when it is not a key of ours, or expired. */
  authenticate: (token: string) => Promise<Actor | null>;
  /** Told of every fault, with the request that met it. */
  onFault: (error: unknown, request: { method: string; url: string }) => void;
}

const MEBIBYTE = 1024 * 1024;
const KEEP_ALIVE_MS = 72_000;
const IDLE_CHECK_MS = 100;

/** The HTTP host: authentication, bodies, validation and problems. It knows no module and no route. */
export function createServer(options: ServerOptions): Api {
  const app = Fastify({
    bodyLimit: MEBIBYTE,
    keepAliveTimeout: KEEP_ALIVE_MS,
    exposeHeadRoutes: false,
    return503OnClosing: false,
    routerOptions: { maxParamLength: 200 },
    frameworkErrors: answerError,
  }).withTypeProvider<TypeBoxTypeProvider>() as Api;

  app.decorateRequest('actor', null as unknown as Actor);
  app.decorateRequest('bodyBytes', 0);
  readJson(app);
  app.setValidatorCompiler(({ schema, httpPart }) => {
    const check = createCheck(schema as object, httpPart === 'body' ? 'body' : 'query');
    return (value: unknown) => {
      const refusal = check(value);
      return refusal === null ? true : { error: refusal };
    };
  });
  app.setSerializerCompiler(() => (value) => JSON.stringify(value));

  app.addHook('onRequest', async (request) => {
    const { role, find } = request.routeOptions.config;
    if (role === undefined) return;
    request.actor = await actorOf(request, options.authenticate);
    if (!mayAct(request.actor, role)) {
      throw new Refusal('forbidden', `This needs a key with the role ${role}; this one has ${request.actor.role}.`);
    }
    await find?.(request.params as Record<string, string>);
  });

  app.addHook('onRoute', (route) => {
    if (route.method === 'GET' && route.config?.tag !== undefined) route.preHandler = answerUnchanged;
  });

  app.setErrorHandler(answerError);

  function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const refusal = staleBefore(refusalOf(error) ?? faultOf(error, request), request);
    if (refusal.status === 503) reply.header('retry-after', '1');
    if (refusal.status === 401) reply.header('www-authenticate', 'Bearer');
    return reply
      .code(refusal.status)
      .type(PROBLEM_TYPE)
      .send(JSON.stringify(problemOf(refusal)));
  }

  function faultOf(error: unknown, request: FastifyRequest): Refusal {
    // Not the request itself: its headers hold the caller's key.
    options.onFault(error, { method: request.method, url: request.url });
    return new Refusal('internal_error', 'This is a mistake in Waybill. The server log says more.');
  }

  refuseUnknownRoutes(app, options.authenticate);
  closeConnectionsWithServer(app, options.clock);
  return app;
}

/**
 * Lets requests under way finish when the server closes, and then their connections too: a kept-alive one would hold
 * the process for more than a minute after its last answer.
 */
function closeConnectionsWithServer(app: Api, clock: Clock): void {
  let isOpen = true;
  app.server.once('close', () => {
    isOpen = false;
  });
  app.addHook('preClose', (done) => {
    closeIdle();
    done();
  });

  function closeIdle(): void {
    app.server.closeIdleConnections();
    if (isOpen) clock.after(IDLE_CHECK_MS, closeIdle);
  }
}

async function actorOf(request: FastifyRequest, authenticate: ServerOptions['authenticate']): Promise<Actor> {
  const header = request.headers.authorization;
  const token = header !== undefined && /^bearer /i.test(header) ? header.slice(7).trim() : '';
  const actor = token === '' ? null : await authenticate(token);
  if (actor === null) {
    throw new Refusal(
      'unauthorized',
      token === ''
        ? 'Send an API key as `Authorization: Bearer <key>`. `waybill api-key create` makes one.'
        : 'This API key is not known, or has expired.',
    );
  }
  return actor;
}

function readJson(app: Api): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    ['application/json', 'application/merge-patch+json'],
    { parseAs: 'buffer' },
    (request, body: Buffer, done) => {
      request.bodyBytes = body.length;
      if (body.length === 0) return done(null, undefined);
      if (!isUtf8(body)) return done(new Refusal('validation_failed', 'The body is not valid UTF-8 (RFC 8259 §8.1).'));
      try {
        done(null, JSON.parse(body.toString()));
      } catch (error) {
        done(new Refusal('validation_failed', `The body is not valid JSON: ${(error as Error).message}`));
      }
    },
  );
}

/** 401 without a key, 405 where only the method is wrong, 404 for the rest. */
function refuseUnknownRoutes(app: Api, authenticate: ServerOptions['authenticate']): void {
  const methodsByPath = new Map<string, Set<string>>();
  app.addHook('onRoute', (route) => {
    const methods = methodsByPath.get(route.url) ?? new Set();
    for (const method of [route.method].flat()) methods.add(method);
    methodsByPath.set(route.url, methods);
  });
  app.setNotFoundHandler(async (request, reply) => {
    const path = request.url.split('?', 1)[0] as string;
    if (path.startsWith('/api/v1/')) await actorOf(request, authenticate);
    const methods = [...methodsByPath].find(([pattern]) => isSamePath(pattern, path))?.[1];
    if (methods === undefined) {
      throw new Refusal('not_found', `There is nothing at ${path}. GET /api/openapi.json lists what there is.`);
    }
    reply.header('allow', [...methods].join(', '));
    throw new Refusal('method_not_allowed', `${path} takes ${[...methods].join(', ')}, not ${request.method}.`);
  });
}

function isSamePath(pattern: string, path: string): boolean {
  const wanted = pattern.split('/');
  const given = path.split('/');
  return wanted.length === given.length && wanted.every((part, i) => part.startsWith(':') || part === given[i]);
}

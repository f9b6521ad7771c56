import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import Fastify, { type FastifyReply, type FastifyRequest } from 'fastify';
import type { Clock } from '../kernel/clock.ts';
import { Refusal, type RefusalCode } from '../kernel/errors.ts';
import { type Actor, type Caller, type CallerSession, mayAct, type Role } from './actor.ts';
import { API_PREFIX, type Api } from './api.ts';
import { type Authenticate, type Credentials, credentialsOf } from './credentials.ts';
import { answerUnchanged, staleBefore } from './entity-tags.ts';
import { isUnsafe, refuseForeignPage, refuseWithoutToken } from './forgery.ts';
import { addOnce, idempotencyKeyOf, type OnceOptions } from './once.ts';
import { PROBLEM_TYPE, problemOf, refusalOf, tooLarge } from './problem.ts';
import { readJson } from './read-json.ts';
import { strictObject } from './schemas.ts';
import { createCheck } from './validation.ts';

/** Throws, or rejects with, `not_found` for an id in the path that names nothing: asked before the body is looked at. */
type Find = (params: Record<string, string>) => unknown;

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Who may call the route; absent: anyone, without a key or a session. */
    role?: Role;
    /** Asked where more than the path may be wrong with a request. */
    find?: Find;
    /** The entity tag of what the path names as it is now, null when it is gone. A GET then sends it by itself. */
    tag?: (params: Record<string, string>) => string | null | Promise<string | null>;
    /** What it may be refused with, beside what every route of its kind may: for its description. */
    problems?: readonly RefusalCode[];
  }
  interface FastifyRequest {
    /** Who is asking. Set on every route that has a role. */
    actor: Actor;
    /** The session it came with; null with an API key, and on routes without a role. */
    session: CallerSession | null;
  }
}

export interface ServerOptions extends OnceOptions {
  authenticate: Authenticate;
  /** The origin of the public URL, where that is known: a browser's requests from there are our own pages'. */
  publicOrigin: string | null;
  /** Told of every fault, with the request that met it. */
  onFault: (error: unknown, request: { method: string; url: string }) => void;
}

const MEBIBYTE = 1024 * 1024;
const KEEP_ALIVE_MS = 72_000;
const IDLE_CHECK_MS = 100;
const HEAR_OUT_MS = 5_000;

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
  app.decorateRequest('session', null);
  const changed = readJson(app);
  app.setValidatorCompiler(({ schema, httpPart }) => {
    const check = createCheck(schema as object, httpPart === 'body' ? 'body' : 'query');
    return (value: unknown) => {
      const refusal = check(value) ?? changed.get(value as object) ?? null;
      return refusal === null ? true : { error: refusal };
    };
  });
  refuseUnknownParameters(app);
  addOnce(app, options);
  app.setSerializerCompiler(() => (value) => JSON.stringify(value));

  app.addHook('onRequest', async (request) => {
    const { role, find } = request.routeOptions.config;
    if (role === undefined) return refuseForeignSignIn(request, options);
    const { actor, session } = await callerOf(request, options);
    request.actor = actor;
    request.session = session;
    if (!mayAct(actor, role)) {
      throw new Refusal('forbidden', `This needs the role ${role}; yours is ${actor.role}.`);
    }
    if (find !== undefined && mayBeRefused(request)) await findOrHoldBack(request, find);
  });

  app.addHook('onRoute', (route) => {
    if (route.method === 'GET' && route.config?.tag !== undefined) route.preHandler = answerUnchanged;
  });

  app.setErrorHandler(async (error, request, reply) => {
    const refusal = refusalOf(inOrder(error, request));
    return answerError(refusal === null ? error : await staleBefore(refusal, request), request, reply);
  });

  function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const refusal = request.heldBack ?? refusalOf(error) ?? faultOf(error, request);
    if (refusal.status === 503) reply.header('retry-after', '1');
    if (refusal.retryAfterS !== null) reply.header('retry-after', String(refusal.retryAfterS));
    if (refusal.status === 413) hearOut(request, reply);
    if (refusal.status === 401) reply.header('www-authenticate', 'Bearer');
    return reply
      .code(refusal.status)
      .type(PROBLEM_TYPE)
      .send(JSON.stringify(problemOf(refusal)));
  }

  /**
   * Lets the sender of too large a body finish, a while. Fastify would close the connection at once, and the reset that
   * follows on what is still under way takes the refusal from its reader.
   */
  function hearOut({ raw }: FastifyRequest, reply: FastifyReply): void {
    reply.removeHeader('connection');
    const limit = options.clock.after(HEAR_OUT_MS, () => raw.destroy());
    raw.once('close', limit.cancel);
  }

  function faultOf(error: unknown, request: FastifyRequest): Refusal {
    // Not the request itself: its headers hold the caller's key.
    options.onFault(error, { method: request.method, url: request.url });
    return new Refusal('internal_error', 'This is a mistake in Waybill. The server log says more.');
  }

  refuseUnknownRoutes(app, options);
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

type Door = Pick<ServerOptions, 'authenticate' | 'publicOrigin'>;

async function callerOf(request: FastifyRequest, { authenticate, publicOrigin }: Door): Promise<Caller> {
  const { method, headers } = request;
  const credentials = credentialsOf(headers);
  const caller = credentials === null ? null : await authenticate(credentials);
  if (caller === null) throw new Refusal('unauthorized', adviceFor(credentials));
  // A browser sends its cookie along with whatever any page has it ask for.
  if (caller.session !== null && isUnsafe(method)) {
    refuseForeignPage(headers, publicOrigin);
    refuseWithoutToken(headers, caller.session.csrfToken);
  }
  return caller;
}

function adviceFor(credentials: Credentials | null): string {
  switch (credentials?.kind) {
    case 'api_key':
      return 'This API key is not known, or has expired.';
    case 'session':
      return 'This session has ended. Sign in again.';
    case undefined:
      return 'Send an API key as `Authorization: Bearer <key>`, or sign in. `waybill api-key create` makes a key.';
  }
}

/** Nobody is to be signed in by a page of another site, as whomever that chooses. */
function refuseForeignSignIn({ method, url, headers }: FastifyRequest, { publicOrigin }: Door): void {
  if (isUnsafe(method) && url.startsWith(API_PREFIX)) refuseForeignPage(headers, publicOrigin);
}

/** Whether there is anything to judge after the path. A bare read is not: its handler finds nothing by itself. */
function mayBeRefused({ method, url }: FastifyRequest): boolean {
  return method !== 'GET' || url.includes('?');
}

/** A request that may repeat one of when the thing was there is told only later that it is not. */
async function findOrHoldBack(request: FastifyRequest, find: Find): Promise<void> {
  try {
    await find(request.params as Record<string, string>);
  } catch (error) {
    const mayRepeat = error instanceof Refusal && request.method === 'POST' && 'idempotency-key' in request.headers;
    if (!mayRepeat) throw error;
    request.heldBack = error;
  }
}

/**
 * Of several things that are wrong with a request, the one to tell: an item that is too large comes before the form of
 * another, and a value in the body that cannot be accepted after the form of query and headers, which Fastify would look
 * at later.
 */
function inOrder(error: unknown, request: FastifyRequest): unknown {
  const isOfBody = (error as { validationContext?: unknown }).validationContext === 'body';
  if (isOfBody && hasLargeItem(request)) return tooLarge('An item of the body is larger than this route takes.');
  if (!(error instanceof Refusal && isOfBody && error.status === 422)) return error;
  try {
    const ofQuery = request.getValidationFunction('querystring')?.(request.query) as
      | true
      | { error: Refusal }
      | undefined;
    if (typeof ofQuery === 'object') return ofQuery.error;
    if (request.method === 'POST') idempotencyKeyOf(request);
    return error;
  } catch (ofHeaders) {
    return ofHeaders;
  }
}

function hasLargeItem({ body, routeOptions }: FastifyRequest): boolean {
  const { itemLimit = Number.POSITIVE_INFINITY } = routeOptions.config;
  return Array.isArray(body) && body.some((item) => Buffer.byteLength(JSON.stringify(item)) > itemLimit);
}

/** A route that says nothing of query parameters takes none. */
function refuseUnknownParameters(app: Api): void {
  app.addHook('onRoute', (route) => {
    if (!route.url.startsWith(API_PREFIX)) return;
    route.schema = { querystring: strictObject({}), ...route.schema };
  });
}

/** 401 for nobody we know, 405 where only the method is wrong, 404 for the rest. */
function refuseUnknownRoutes(app: Api, door: Door): void {
  const methodsByPath = new Map<string, Set<string>>();
  app.addHook('onRoute', (route) => {
    const methods = methodsByPath.get(route.url) ?? new Set();
    for (const method of [route.method].flat()) methods.add(method);
    methodsByPath.set(route.url, methods);
  });
  app.setNotFoundHandler(async (request, reply) => {
    const path = request.url.split('?', 1)[0] as string;
    if (path.startsWith(API_PREFIX)) await callerOf(request, door);
    const fitting = [...methodsByPath].filter(([pattern]) => isSamePath(pattern, path));
    const methods = new Set(fitting.flatMap(([, ofPattern]) => [...ofPattern]));
    // A method that would fit comes here with a path that only looks like one: what it names is too long for an id.
    if (methods.size === 0 || methods.has(request.method)) {
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

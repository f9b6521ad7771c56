import { hash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { startReceiver, type TestReceiver } from '../harness/receiver.ts';
import { ADMIN_KEY, type Answer, type TestServer } from '../harness/server.ts';
import { rowsOf, runOn } from '../harness/store.ts';
import type { Role } from './openapi-document.ts';
import {
  createUser,
  createWebhook,
  deliveryInState,
  newPerson,
  ownId,
  ownType,
  PASSWORD,
  publish,
  signIn,
} from './stage.ts';

/** A request to an operation; `params` take the places of the path. */
export interface Request {
  params?: Record<string, string>;
  query?: Record<string, string>;
  body?: unknown;
  /** Those of somebody signed in, for what is no API key's to do. */
  headers?: Record<string, string>;
}

/** What the walk must know of an operation that its description cannot tell. */
export interface Example {
  /** Who may call it, by the table of roles; null: anyone, without a key. */
  role: Role | null;
  /** A request that succeeds, of a caller with the role. Makes whatever it is about, each time anew. */
  request(server: TestServer, role?: Role): Promise<Request> | Request;
  /** For a POST with parameters or a body: the same, asking for something else. */
  other?(request: Request): Request;
  /** For a POST with a body: one that is well-formed and cannot be accepted. */
  refused?(request: Request): Request;
  /** For a POST: undoes it, where having done it twice would not show otherwise. */
  undo?(server: TestServer, request: Request): Promise<unknown>;
  /** For a POST: how many times it has been done. */
  effects?(server: TestServer, request: Request): Promise<number>;
  /** For a list: makes three items, and returns their ids, the oldest first, and the request that finds them. */
  fill?(server: TestServer): Promise<Filled>;
  /** For a list whose items have no `id`: what tells them apart. */
  idOf?(item: Answer['body']): string;
}

interface Filled {
  ids: string[];
  query: Record<string, string>;
  /** Where the list is one of something. */
  params?: Record<string, string>;
}

const URL_OF_NOBODY = 'http://127.0.0.1:9/';

function newWebhook(settings: object = {}) {
  return { name: ownId(), url: URL_OF_NOBODY, eventTypes: [ownType()], ...settings };
}

async function webhookId(server: TestServer, settings: object = {}): Promise<string> {
  return (await createWebhook(server, newWebhook(settings))).id;
}

async function pausedWebhook(server: TestServer, type = ownType()): Promise<{ id: string; type: string }> {
  const id = await webhookId(server, { eventTypes: [type] });
  await server.call('POST', `/webhooks/${id}/pause`);
  return { id, type };
}

async function apiKeyId(server: TestServer): Promise<string> {
  return (await server.call('POST', '/api-keys', { name: ownId(), role: 'viewer' })).body.id;
}

function newUser(settings: object = {}) {
  return { email: `${ownId()}@example.com`, name: ownId(), role: 'viewer', password: PASSWORD, ...settings };
}

/** A delivery that waits until its webhook is resumed. */
async function heldDelivery(server: TestServer): Promise<string> {
  const { id, type } = await pausedWebhook(server);
  const eventId = await publish(server, type);
  return (await deliveryInState(server, eventId, id, 'pending')).id;
}

/** A delivery that has ended, after one attempt without an answer and one with. */
async function endedDelivery(server: TestServer): Promise<string> {
  const type = ownType();
  const receiver = await startReceiver((arrival, response) => {
    if (arrival.headers['x-waybill-attempt'] === '1') response.destroy();
    else response.writeHead(500, { 'content-type': 'text/plain' }).end('no');
  });
  const retry = { strategy: 'fixed', maxAttempts: 2, delayMs: 0 };
  const id = await webhookId(server, { url: receiver.url, eventTypes: [type], retry });
  return (await deliveryInState(server, await publish(server, type), id, 'exhausted')).id;
}

/** A replay that waits until its webhook is resumed. */
async function replayId(server: TestServer): Promise<string> {
  const { id, type } = await pausedWebhook(server);
  const eventIds = [await publish(server, type)];
  return (await server.call('POST', '/replays', { webhookId: id, eventIds })).body.id;
}

async function items(server: TestServer, path: string): Promise<Answer['body'][]> {
  return (await server.call('GET', path)).body.items;
}

/** A built-in receiver. */
async function inboxName(server: TestServer): Promise<string> {
  const name = ownId();
  await server.call('PUT', `/inboxes/${name}`, {});
  onTestFinished(async () => {
    await server.call('DELETE', `/inboxes/${name}`).catch(() => null);
  });
  return name;
}

/** A request that a built-in receiver has received. */
async function inboxRequestId(server: TestServer, name: string): Promise<string> {
  await fetch(`${server.url}/inbox/${name}`, { method: 'POST', body: '{}' });
  return (await items(server, `/inboxes/${name}/requests`))[0].id;
}

/** How many events of a type tell of the webhook. */
async function told(server: TestServer, type: string, { params }: Request): Promise<number> {
  const events = await items(server, `/events?type=${type}&limit=250`);
  return events.filter(({ data }) => data.webhook.id === params?.id).length;
}

/** The receivers of examples, by their URL. */
const receivers = new Map<string, TestReceiver>();

const seen = new WeakMap<Request, Set<unknown>>();

/** How many states were seen after a request, of something that each time it is done leaves another. */
function statesSeen(request: Request, state: unknown): number {
  const states = seen.get(request) ?? new Set();
  seen.set(request, states.add(state));
  return states.size;
}

/** The user whose session a request comes with. */
const PASSWORD_OF = 'SELECT password_hash FROM users JOIN sessions ON users.id = user_id WHERE hash = ?';

function sessionIn({ headers }: Request): string {
  return hash('sha256', headers?.cookie?.slice('waybill_session='.length) ?? '', 'hex');
}

async function three<T>(make: () => Promise<T>): Promise<T[]> {
  return [await make(), await make(), await make()];
}

function withBody({ body, ...request }: Request, members: object): Request {
  return { ...request, body: { ...(body as object), ...members } };
}

const nothing = () => ({});
const ofUser = async (server: TestServer) => ({ params: { id: (await createUser(server)).id } });
const ofWebhook = async (server: TestServer) => ({ params: { id: await webhookId(server) } });

/** One entry for each operation of the document. */
export const EXAMPLES: Record<string, Example> = {
  'GET /healthz': { role: null, request: nothing },
  'GET /readyz': { role: null, request: nothing },
  'GET /metrics': { role: 'viewer', request: nothing },
  'GET /api/v1/about': { role: 'viewer', request: nothing },
  'GET /.well-known/jwks.json': { role: null, request: nothing },

  'POST /api/v1/api-keys': {
    role: 'admin',
    request: () => ({ body: { name: ownId(), role: 'viewer' } }),
    other: (request) => withBody(request, { role: 'admin' }),
    refused: (request) => withBody(request, { expiresAt: '2020-01-01T00:00:00Z' }),
    effects: async (server, { body }) => {
      const keys = await items(server, '/api-keys?limit=250');
      return keys.filter(({ name }) => name === (body as { name: string }).name).length;
    },
  },
  'GET /api/v1/api-keys': {
    role: 'admin',
    request: async (server) => (await apiKeyId(server)) && {},
    fill: async (server) => ({ ids: await three(() => apiKeyId(server)), query: {} }),
  },
  'DELETE /api/v1/api-keys/{id}': {
    role: 'admin',
    request: async (server) => ({ params: { id: await apiKeyId(server) } }),
  },

  'GET /api/v1/setup': { role: null, request: nothing },
  'POST /api/v1/setup': {
    role: null,
    request(server) {
      runOn(server.dataDir, 'DELETE FROM users');
      const { role: _role, ...user } = newUser();
      return { body: { token: ADMIN_KEY, ...user } };
    },
  },
  'POST /api/v1/session': {
    role: null,
    request: async (server) => ({ body: { email: (await createUser(server)).email, password: PASSWORD } }),
  },
  'GET /api/v1/session': { role: 'viewer', request: nothing },
  'DELETE /api/v1/session': { role: 'viewer', request: nothing },
  'POST /api/v1/session/password': {
    role: 'viewer',
    async request(server, role) {
      const { headers } = await newPerson(server, role);
      return { headers, body: { currentPassword: PASSWORD, newPassword: 'another password' } };
    },
    other: (request) => withBody(request, { currentPassword: 'another password', newPassword: 'yet another one' }),
    refused: (request) => withBody(request, { newPassword: 'short' }),
    effects: async (server, request) =>
      statesSeen(request, JSON.stringify(rowsOf(server.dataDir, PASSWORD_OF, sessionIn(request)))),
  },
  'GET /api/v1/sessions': {
    role: 'viewer',
    request: nothing,
    async fill(server) {
      const { id: userId, email } = await createUser(server);
      return { ids: await three(async () => (await signIn(server, email)).sessionId), query: { userId } };
    },
  },
  'DELETE /api/v1/sessions/{id}': {
    role: 'viewer',
    async request(server, role) {
      const { email, headers } = await newPerson(server, role);
      return { params: { id: (await signIn(server, email)).sessionId }, headers };
    },
  },

  'POST /api/v1/users': {
    role: 'admin',
    request: () => ({ body: newUser() }),
    other: (request) => withBody(request, { email: `${ownId()}@example.com` }),
    refused: (request) => withBody(request, { email: 'nobody' }),
    effects: async (server, { body }) =>
      rowsOf(server.dataDir, 'SELECT id FROM users WHERE email = ?', (body as { email: string }).email).length,
  },
  'GET /api/v1/users': {
    role: 'admin',
    request: async (server) => (await createUser(server)) && {},
    fill: async (server) => ({ ids: await three(async () => (await createUser(server)).id), query: {} }),
  },
  'GET /api/v1/users/{id}': { role: 'admin', request: ofUser },
  'PATCH /api/v1/users/{id}': {
    role: 'admin',
    request: async (server) => ({ ...(await ofUser(server)), body: { name: 'another' } }),
  },
  'DELETE /api/v1/users/{id}': { role: 'admin', request: ofUser },

  'POST /api/v1/keys/rotate': {
    role: 'admin',
    request: () => ({}),
    effects: async (server, request) =>
      statesSeen(request, await readFile(join(server.dataDir, 'keys', 'master.key'), 'utf8')),
  },

  'POST /api/v1/events': {
    role: 'operator',
    request: () => ({ body: { type: ownType(), data: { n: 1 } } }),
    other: (request) => withBody(request, { data: { n: 2 } }),
    refused: (request) => withBody(request, { type: 'webhook.test' }),
    effects: async (server, { body }) =>
      (await items(server, `/events?type=${(body as { type: string }).type}`)).length,
  },
  'GET /api/v1/events': {
    role: 'viewer',
    request: async (server) => (await publish(server, ownType())) && {},
    async fill(server) {
      const type = ownType();
      return { ids: await three(() => publish(server, type)), query: { type } };
    },
  },
  'GET /api/v1/events/{id}': {
    role: 'viewer',
    async request(server) {
      const { type } = await pausedWebhook(server);
      return { params: { id: await publish(server, type) } };
    },
  },

  'GET /api/v1/settings/webhooks': { role: 'viewer', request: nothing },
  'PUT /api/v1/settings/webhooks': { role: 'admin', request: () => ({ body: { timeoutMs: 14_000 } }) },
  'GET /api/v1/settings/instance': { role: 'viewer', request: nothing },
  'PUT /api/v1/settings/instance': { role: 'admin', request: () => ({ body: { name: 'Acme Transfers' } }) },

  'POST /api/v1/webhooks': {
    role: 'admin',
    request: () => ({ body: newWebhook() }),
    other: (request) => withBody(request, { timeoutMs: 500 }),
    refused: (request) => withBody(request, { url: 'ftp://127.0.0.1/' }),
    effects: async (server, { body }) => {
      const webhooks = await items(server, '/webhooks?limit=250');
      return webhooks.filter(({ name }) => name === (body as { name: string }).name).length;
    },
  },
  'GET /api/v1/webhooks': {
    role: 'viewer',
    request: async (server) => (await webhookId(server)) && {},
    fill: async (server) => ({ ids: await three(() => webhookId(server)), query: {} }),
  },
  'GET /api/v1/webhooks/{id}': { role: 'viewer', request: ofWebhook },
  'PATCH /api/v1/webhooks/{id}': {
    role: 'admin',
    request: async (server) => ({ ...(await ofWebhook(server)), body: { name: 'another' } }),
  },
  'DELETE /api/v1/webhooks/{id}': { role: 'admin', request: ofWebhook },
  'POST /api/v1/webhooks/{id}/pause': {
    role: 'operator',
    request: ofWebhook,
    undo: (server, { params }) => server.call('POST', `/webhooks/${params?.id}/resume`),
    effects: (server, request) => told(server, 'webhook.paused', request),
  },
  'POST /api/v1/webhooks/{id}/resume': {
    role: 'operator',
    request: async (server) => ({ params: { id: (await pausedWebhook(server)).id } }),
    undo: (server, { params }) => server.call('POST', `/webhooks/${params?.id}/pause`),
    effects: (server, request) => told(server, 'webhook.recovered', request),
  },
  'POST /api/v1/webhooks/{id}/rotate-secret': {
    role: 'admin',
    request: async (server) => ({ ...(await ofWebhook(server)), body: { overlapMs: 60_000 } }),
    other: (request) => withBody(request, { overlapMs: 0 }),
    refused: (request) => withBody(request, { signingSecret: 'whsec_short' }),
    effects: async (server, request) =>
      statesSeen(request, (await server.call('GET', `/webhooks/${request.params?.id}`)).headers.get('etag')),
  },
  'POST /api/v1/webhooks/test': {
    role: 'operator',
    async request() {
      const receiver = await startReceiver();
      receivers.set(receiver.url, receiver);
      return { body: newWebhook({ url: receiver.url }) };
    },
    other: (request) => ({ ...request, query: { eventType: 'transfer.failed' } }),
    refused: (request) => withBody(request, { url: 'ftp://127.0.0.1/' }),
    effects: async (_server, { body }) => receivers.get((body as { url: string }).url)?.arrivals.length ?? 0,
  },
  'POST /api/v1/webhooks/{id}/test': {
    role: 'operator',
    request: ofWebhook,
    other: (request) => ({ ...request, query: { eventType: 'transfer.failed' } }),
    effects: (server, request) => told(server, 'webhook.test', request),
  },

  'POST /api/v1/replays': {
    role: 'operator',
    async request(server) {
      const { id, type } = await pausedWebhook(server);
      return { body: { webhookId: id, eventIds: [await publish(server, type)] } };
    },
    other: (request) => withBody(request, { body: 'exact' }),
    refused: (request) => withBody(request, { webhookId: 'wh_none' }),
    effects: async (server, { body }) => {
      const replays = await items(server, '/replays?limit=250');
      return replays.filter(({ webhookId }) => webhookId === (body as { webhookId: string }).webhookId).length;
    },
  },
  'GET /api/v1/replays': {
    role: 'viewer',
    request: async (server) => (await replayId(server)) && {},
    fill: async (server) => ({ ids: await three(() => replayId(server)), query: {} }),
  },
  'GET /api/v1/replays/{id}': {
    role: 'viewer',
    request: async (server) => ({ params: { id: await replayId(server) } }),
  },
  'POST /api/v1/replays/{id}/cancel': {
    role: 'operator',
    request: async (server) => ({ params: { id: await replayId(server) } }),
    effects: async (server, { params }) =>
      (await server.call('GET', `/replays/${params?.id}`)).body.state === 'cancelled' ? 1 : 0,
  },

  'POST /api/v1/templates/preview': {
    role: 'operator',
    request: () => ({ body: { template: '{ "type": "{{ event_type }}" }', eventType: 'transfer.failed' } }),
    other: (request) => withBody(request, { eventType: 'transfer.completed' }),
    refused: (request) => withBody(request, { eventType: 'transfer.unheard_of' }),
    // It only looks: its one effect is the answer that is kept.
    effects: async () => 1,
  },
  'GET /api/v1/templates/default-body': {
    role: 'viewer',
    request: () => ({ query: { eventType: 'transfer.failed' } }),
  },
  'GET /api/v1/templates/presets': { role: 'viewer', request: nothing },
  'GET /api/v1/templates/variables': { role: 'viewer', request: nothing },
  'GET /api/v1/event-types': { role: 'viewer', request: nothing },

  'GET /api/v1/webhooks/{id}/ledger': {
    role: 'viewer',
    async request(server) {
      const { id, type } = await pausedWebhook(server);
      await publish(server, type);
      return { params: { id } };
    },
  },

  'GET /api/v1/statistics': { role: 'viewer', request: () => ({ query: { bucket: 'day' } }) },
  'GET /api/v1/statistics/backlog': { role: 'viewer', request: nothing },
  'GET /api/v1/webhooks/certificates': { role: 'viewer', request: nothing },
  'GET /api/v1/webhooks/health': {
    role: 'viewer',
    request: async (server) => (await webhookId(server)) && {},
    fill: async (server) => ({ ids: await three(() => webhookId(server)), query: {} }),
    idOf: (health) => health.webhookId,
  },

  'GET /api/v1/receiver-examples': { role: 'viewer', request: nothing },
  'GET /api/v1/inboxes': {
    role: 'viewer',
    request: async (server) => (await inboxName(server)) && {},
    fill: async (server) => ({ ids: await three(() => inboxName(server)), query: {} }),
    idOf: ({ name }) => name,
  },
  'GET /api/v1/inboxes/{name}': {
    role: 'viewer',
    request: async (server) => ({ params: { name: await inboxName(server) } }),
  },
  'PUT /api/v1/inboxes/{name}': {
    role: 'operator',
    request: async (server) => ({
      params: { name: await inboxName(server) },
      body: { answer: { status: 429, retryAfterS: 5 } },
    }),
  },
  'DELETE /api/v1/inboxes/{name}': {
    role: 'operator',
    request: async (server) => ({ params: { name: await inboxName(server) } }),
  },
  'GET /api/v1/inboxes/{name}/requests': {
    role: 'viewer',
    async request(server) {
      const name = await inboxName(server);
      await inboxRequestId(server, name);
      return { params: { name } };
    },
    async fill(server) {
      const name = await inboxName(server);
      return { ids: await three(() => inboxRequestId(server, name)), query: {}, params: { name } };
    },
  },
  'DELETE /api/v1/inboxes/{name}/requests': {
    role: 'operator',
    request: async (server) => ({ params: { name: await inboxName(server) } }),
  },
  'GET /api/v1/inboxes/{name}/requests/{id}': {
    role: 'viewer',
    async request(server) {
      const name = await inboxName(server);
      return { params: { name, id: await inboxRequestId(server, name) } };
    },
  },

  'GET /api/v1/stream': { role: 'viewer', request: nothing },
  'GET /api/v1/logs': {
    role: 'viewer',
    request: () => ({ query: { q: 'listening' } }),
    async fill(server) {
      const receiver = await startReceiver();
      const type = ownType();
      const id = await webhookId(server, { url: receiver.url, eventTypes: [type] });
      const attempted = await three(async () => deliveryInState(server, await publish(server, type), id, 'delivered'));
      return { ids: attempted.map((delivery) => delivery.id), query: { q: id } };
    },
    idOf: (line) => line.deliveryId,
  },

  'GET /api/v1/deliveries': {
    role: 'viewer',
    request: async (server) => (await heldDelivery(server)) && {},
    async fill(server) {
      const { id, type } = await pausedWebhook(server);
      const eventIds = await three(() => publish(server, type));
      const found = await Promise.all(eventIds.map((eventId) => deliveryInState(server, eventId, id, 'pending')));
      return { ids: found.map((delivery) => delivery.id), query: { webhookId: id } };
    },
  },
  'GET /api/v1/deliveries/export': {
    role: 'viewer',
    request: async (server) => ({ query: { q: await heldDelivery(server) } }),
  },
  'GET /api/v1/deliveries/{id}': {
    role: 'viewer',
    request: async (server) => ({ params: { id: await endedDelivery(server) } }),
  },
  'POST /api/v1/deliveries/{id}/retry': {
    role: 'operator',
    request: async (server) => ({ params: { id: await endedDelivery(server) } }),
    effects: async (server, { params }) => {
      const { eventId } = (await server.call('GET', `/deliveries/${params?.id}`)).body;
      const deliveries = await items(server, `/deliveries?eventId=${eventId}`);
      return deliveries.filter(({ replayOf }) => replayOf === params?.id).length;
    },
  },
  'POST /api/v1/deliveries/{id}/cancel': {
    role: 'operator',
    request: async (server) => ({ params: { id: await heldDelivery(server) } }),
    effects: async (server, { params }) =>
      (await server.call('GET', `/deliveries/${params?.id}`)).body.state === 'cancelled' ? 1 : 0,
  },
};

import { randomUUID } from 'node:crypto';
import { expect, onTestFinished, vi } from 'vitest';
import type { Respond } from '../harness/receiver.ts';
import type { Answer, CallOptions, TestServer } from '../harness/server.ts';

/** How long a test waits for something to become true before it gives up. */
const PATIENCE_MS = 60_000;
const ASK_AGAIN_MS = 5;

/** An event type that no other test publishes, so that tests which share a server do not meet. */
export function ownType(): string {
  return `t${randomUUID().replaceAll('-', '')}.happened`;
}

/** An id that no other test uses. */
export function ownId(): string {
  return randomUUID();
}

/** Creates a webhook and returns the answer's body, the signing secret included. It is deleted when the test has finished. */
export async function createWebhook(server: TestServer, settings: object) {
  const created = await server.call('POST', '/webhooks', { name: 'of a test', ...settings });
  expect(created.body).not.toHaveProperty('code');
  expect(created.status).toBe(201);
  onTestFinished(async () => {
    await server.call('DELETE', `/webhooks/${created.body.id}`).catch(() => null);
  });
  return created.body;
}

/** Long enough, and nobody's. */
export const PASSWORD = 'the password of a test';

/** Somebody who is signed in, in a browser of their own. */
export interface Person {
  userId: string;
  sessionId: string;
  email: string;
  /** What their browser, and their pages, send along. */
  headers: { cookie: string; 'x-csrf-token': string };
  call(method: string, path: string, body?: unknown, options?: CallOptions): Promise<Answer>;
}

/** The value of the session's cookie in an answer, or null. */
export function sessionCookieOf({ headers }: Answer): string | null {
  return /^waybill_session=([^;]*)/.exec(headers.get('set-cookie') ?? '')?.[1] ?? null;
}

/** Creates a user with the role. */
export async function createUser(server: TestServer, role = 'viewer', more: object = {}) {
  const user = { email: `${ownId()}@example.com`, name: 'of a test', role, password: PASSWORD, ...more };
  const created = await server.call('POST', '/users', user);
  expect(created.body).not.toHaveProperty('code');
  expect(created.status).toBe(201);
  return created.body;
}

/** Signs a user in. */
export async function signIn(server: TestServer, email: string, password = PASSWORD): Promise<Person> {
  const answer = await server.call('POST', '/session', { email, password }, { key: null });
  expect(answer.body).not.toHaveProperty('code');
  expect(answer.status).toBe(201);
  return personOf(server, answer);
}

/** Whom an answer has signed in. */
export async function personOf(server: TestServer, answer: Answer): Promise<Person> {
  const { actor, csrfToken } = answer.body;
  const headers = { cookie: `waybill_session=${sessionCookieOf(answer)}`, 'x-csrf-token': csrfToken };
  const call: Person['call'] = (method, path, body, options) =>
    server.call(method, path, body, { key: null, ...options, headers: { ...headers, ...options?.headers } });
  const { items } = (await call('GET', '/sessions?limit=250')).body;
  const { id: sessionId } = items.find(({ isCurrent }: { isCurrent: boolean }) => isCurrent);
  return { userId: actor.id, sessionId, email: actor.email, headers, call };
}

/** A new user with the role, signed in. */
export async function newPerson(server: TestServer, role = 'viewer'): Promise<Person> {
  return signIn(server, (await createUser(server, role)).email);
}

/** Publishes an event and returns its id. */
export async function publish(server: TestServer, type: string, data: object = {}, more: object = {}): Promise<string> {
  const published = await server.call('POST', '/events', { type, data, ...more });
  expect(published.body).not.toHaveProperty('code');
  expect(published.status).toBe(202);
  return published.body.id;
}

/** Reads a path of the API until the body is as wanted, and returns it. */
export async function readUntil(server: TestServer, path: string, isAsWanted: (body: Answer['body']) => boolean) {
  let latest: unknown = null;
  try {
    return await vi.waitUntil(
      async () => {
        const { body } = await server.call('GET', path);
        latest = body;
        return isAsWanted(body) ? body : false;
      },
      { timeout: PATIENCE_MS, interval: ASK_AGAIN_MS },
    );
  } catch (error) {
    throw new Error(`GET ${path} did not become as wanted: ${JSON.stringify(latest, null, 2)}`, { cause: error });
  }
}

/** The one delivery of an event to a webhook, with its attempts, once it is in the state. */
export async function deliveryInState(server: TestServer, eventId: string, webhookId: string, state: string) {
  const { items } = await readUntil(
    server,
    `/deliveries?eventId=${eventId}&webhookId=${webhookId}`,
    ({ items }) => items.length === 1,
  );
  return readUntil(server, `/deliveries/${items[0].id}`, (delivery) => delivery.state === state);
}

/** Answers with the status once something else has been done, and with a broken connection when that failed. */
export function answeringAfter(act: () => Promise<unknown>, status: number): Respond {
  return (_arrival, response) => {
    act().then(
      () => response.writeHead(status).end(),
      () => response.destroy(),
    );
  };
}

/** What a refused request is answered with. The pointers are those of `errors`, in any order. */
export function expectProblem(answer: Answer, status: number, code: string, pointers: string[] = []): void {
  expect(answer.body).toMatchObject({ status, code });
  expect(answer.status).toBe(status);
  expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json\b/);
  expect(answer.body).toEqual({
    type: 'about:blank',
    title: expect.any(String),
    status,
    detail: expect.stringMatching(/./),
    code,
    ...(pointers.length === 0 ? {} : { errors: expect.any(Array) }),
  });
  const found = (answer.body.errors ?? []).map((error: { pointer: string }) => error.pointer);
  expect(found.sort()).toEqual([...pointers].sort());
  for (const error of answer.body.errors ?? []) expect(error.detail).toMatch(/./);
}

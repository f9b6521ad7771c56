import createClient from 'openapi-fetch';
import { watchConnection } from './connection.ts';
import { credentials, signedInAgain } from './credentials.ts';
import { createObservable } from './observable.ts';
import { Problem, problemOf, ServerGone } from './problem.ts';
import type { components, paths } from './schema.d.ts';
import { readServerClock } from './server-clock.ts';

/** The API, typed by its own description. Wrap calls in `dataOf`, which throws what is not a success. */
export const api = createClient<paths>({ baseUrl: location.origin, fetch: send });

/** Counts how often the server has come back: what is on the screen is then read again. */
export const comebacks = createObservable(0);

export const connection = watchConnection({
  probe: serverAnswers,
  onBack: () => comebacks.set(comebacks.get() + 1),
});

/** Whether the server answers just now. */
export function serverAnswers(): Promise<boolean> {
  return fetch('/healthz', { cache: 'no-store' }).then(
    (response) => response.ok,
    () => false,
  );
}

/** Resolves when a server that did not answer does so again; everybody is told meanwhile. */
export function untilBack(): Promise<void> {
  connection.lost();
  return new Promise((resolve) => {
    const stop = comebacks.watch(() => {
      stop();
      resolve();
    });
  });
}

interface Result<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The body of a success. Throws `Problem` for any other answer, and `ServerGone` when there was none. */
export async function dataOf<T>(call: Promise<Result<T>>): Promise<T> {
  return (await versionOf(call)).data;
}

/** The body of a success and its entity tag, to be sent as `If-Match` with a change that is made from it. */
export async function versionOf<T>(call: Promise<Result<T>>): Promise<{ data: T; etag: string }> {
  const { data, error, response } = await call;
  if (!response.ok) throw new Problem(response.status, error as components['schemas']['Problem']);
  return { data: data as T, etag: response.headers.get('etag') ?? '' };
}

const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS'];
/** Where a 401 says that the password is wrong, or that nobody is signed in: no reason for the dialog. */
const ABOUT_SIGNING_IN = /^\/api\/v1\/(session|setup)$/;

/**
 * Sends a request. When the session has ended meanwhile, it waits until somebody has signed in again, and then sends the
 * same once more: whoever has filled in a form loses nothing.
 */
async function send(request: Request): Promise<Response> {
  const again = request.clone();
  const response = await exchange(request);
  if (ABOUT_SIGNING_IN.test(new URL(request.url).pathname)) return response;
  if (response.status === 403 && !SAFE_METHODS.includes(request.method)) {
    return (await isOtherSession()) ? exchange(again) : response;
  }
  if (response.status !== 401) return response;
  await signedInAgain();
  return exchange(again);
}

/**
 * Whether the browser has another session by now, because somebody has signed in on another tab: then the refusal was of
 * the token. Waits for the person of this page where that was somebody else.
 */
async function isOtherSession(): Promise<boolean> {
  const mine = credentials.get();
  const { data } = await api.GET('/api/v1/session');
  if (mine === null || data?.csrfToken === mine.csrfToken) return false;
  if (data?.actor.id === mine.actorId) credentials.set({ ...mine, csrfToken: data.csrfToken });
  else await signedInAgain();
  return true;
}

async function exchange(request: Request): Promise<Response> {
  const token = credentials.get()?.csrfToken ?? null;
  if (token !== null && !SAFE_METHODS.includes(request.method)) request.headers.set('x-csrf-token', token);
  const response = await fetch(request).catch((error: unknown) => {
    if (request.signal.aborted) throw error;
    throw gone(error);
  });
  readServerClock(response);
  // A proxy answers for a server that does not.
  if (response.status >= 502 && (await problemOf(response.clone())) === null) throw gone(response.status);
  return response;
}

function gone(cause: unknown): ServerGone {
  connection.lost();
  return new ServerGone('The server does not answer.', { cause });
}

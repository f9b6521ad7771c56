import type { Clock } from '../kernel/clock.ts';
import type { Exchange, Failure, OutboundRequest } from './exchange.ts';
import type { Sender } from './sender.ts';
import { type ClientCredentials, readToken, tokenRequestOf } from './token-endpoint.ts';

/** Sends requests with an OAuth 2.0 access token, which it fetches, keeps in memory and replaces. */
export interface AuthorizedSender {
  /**
   * Sends a request with a token, and once more with a new one when the answer is 401; all of it within the request's
   * timeout. A token that cannot be had is a failure with the code `auth_token_error`, and so is a new one after a 401,
   * with that answer. Requests of a lane share the token, and the request for it. Rejects as `Sender.send` does.
   */
  send(request: OutboundRequest, credentials: ClientCredentials): Promise<Exchange>;
  /** Forgets the token of a lane. */
  forget(lane: string): void;
}

interface Token {
  text: string;
  /** Epoch milliseconds. */
  usableUntil: number;
}

/** Why there is no token, and how long the token endpoint wants to be left alone, or null. */
interface NoToken {
  failure: Failure;
  retryAfterMs: number | null;
}

/** The token of a lane. Other credentials have another. */
interface Shelf {
  key: string;
  token: Token | null;
  fetching: Promise<Token | NoToken> | null;
}

/** So long before its end a token is used no more, but at most a tenth of its time: it has yet to get there. */
const MARGIN_MS = 60_000;
const MOST_MARGIN = 0.1;

/** Takes a secret out of an answer, which may repeat it, before anybody sees it. */
type Conceal = (response: Exchange['response'], secret: string) => Exchange['response'];

export function createAuthorizedSender(
  { send }: Pick<Sender, 'send'>,
  clock: Clock,
  conceal: Conceal,
): AuthorizedSender {
  const shelves = new Map<string, Shelf>();

  function shelfOf({ lane, allowInsecureHttp }: OutboundRequest, credentials: ClientCredentials): Shelf {
    const key = JSON.stringify([allowInsecureHttp, credentials]);
    let shelf = shelves.get(lane);
    if (shelf?.key !== key) {
      shelf = { key, token: null, fetching: null };
      shelves.set(lane, shelf);
    }
    return shelf;
  }

  /** A token that is not the one that was `rejected`. Whoever asks while one is being fetched gets that. */
  async function tokenFor(
    request: OutboundRequest,
    credentials: ClientCredentials,
    rejected: Token | null,
  ): Promise<Token | NoToken> {
    const shelf = shelfOf(request, credentials);
    const { token } = shelf;
    if (token !== null && token !== rejected && clock.now() < token.usableUntil) return token;
    shelf.fetching ??= fetchToken(shelf, request, credentials).finally(() => {
      shelf.fetching = null;
    });
    return shelf.fetching;
  }

  async function fetchToken(
    shelf: Shelf,
    request: OutboundRequest,
    credentials: ClientCredentials,
  ): Promise<Token | NoToken> {
    const askedAt = clock.now();
    shelf.token = null;
    const exchange = await send(tokenRequestOf(credentials, request));
    const answer = readToken(exchange, credentials);
    if ('why' in answer) return noToken(credentials, answer.why, exchange.retryAfterMs);
    const { token: text, lifetimeMs } = answer;
    const usableUntil = askedAt + lifetimeMs - Math.min(MARGIN_MS, lifetimeMs * MOST_MARGIN);
    shelf.token = { text, usableUntil };
    return shelf.token;
  }

  return {
    async send(request, credentials) {
      const startedAtMs = clock.monotonicMs();
      const elapsedMs = (): number => Math.round(clock.monotonicMs() - startedAtMs);
      const leftMs = (): number => Math.max(1, request.timeoutMs - elapsedMs());

      const getToken = async (rejected: Token | null): Promise<Token | NoToken> =>
        (await within(clock, leftMs(), tokenFor(request, credentials, rejected))) ??
        noToken(credentials, `It was not done within the ${request.timeoutMs} ms of the attempt.`, null);
      const sendWith = async ({ text }: Token): Promise<Exchange> => {
        const headers = [...request.headers, 'authorization', `Bearer ${text}`];
        const exchange = await send({ ...request, headers, timeoutMs: leftMs() });
        return { ...exchange, response: conceal(exchange.response, text) };
      };
      const timed = (exchange: Exchange): Exchange => ({ ...exchange, durationMs: elapsedMs() });

      const first = await getToken(null);
      if ('failure' in first) return unsent(request, first, elapsedMs());
      const exchange = await sendWith(first);
      if (exchange.response?.status !== 401) return timed(exchange);
      const second = await getToken(first);
      if ('failure' in second) return timed({ ...exchange, ...second });
      return timed(await sendWith(second));
    },
    forget: (lane) => shelves.delete(lane),
  };
}

function noToken({ tokenUrl }: ClientCredentials, why: string, retryAfterMs: number | null): NoToken {
  const message = `No access token from ${new URL(tokenUrl).host}. ${why}`;
  return { failure: { code: 'auth_token_error', message }, retryAfterMs };
}

/** The exchange of a request that was not sent, for want of a token. */
function unsent({ fresh }: OutboundRequest, reason: NoToken, totalMs: number): Exchange {
  const phases = { dnsMs: null, connectMs: null, tlsMs: null, sentMs: null, firstByteMs: null };
  return {
    durationMs: totalMs,
    response: null,
    ...reason,
    remoteAddress: null,
    proxy: null,
    timings: fresh === true ? { ...phases, totalMs } : null,
    certificate: null,
    tlsTrouble: null,
  };
}

/** What the promise comes to, or null where that takes longer than so many milliseconds. */
function within<T>(clock: Clock, ms: number, promise: Promise<T>): Promise<T | null> {
  return new Promise((resolve, reject) => {
    const timer = clock.after(ms, () => resolve(null));
    promise.finally(() => timer.cancel()).then(resolve, reject);
  });
}

import { STATUS_CODES } from '../kernel/http-words.ts';
import { isJsonObject, type Json, type JsonObject, ownMember } from '../kernel/json.ts';
import { version } from '../kernel/version.ts';
import type { Exchange, OutboundRequest, OutboundResponse } from './exchange.ts';
import { tlsSettings } from './tls-settings.ts';

/** How an access token is had: the client credentials grant of OAuth 2.0 (RFC 6749 §4.4). */
export interface ClientCredentials {
  tokenUrl: string;
  clientId: string;
  clientSecret: string;
  /** Absent: whatever the token endpoint gives without being asked for a scope. */
  scope?: string;
  /** Where id and secret go: a Basic header, which is the default, or the form (RFC 6749 §2.3.1). */
  clientAuth?: 'basic' | 'body';
}

/** What a token endpoint answered. `why` is a clause for people, in which there is no secret. */
export type TokenAnswer = { token: string; lifetimeMs: number } | { why: string };

/** Where the answer does not say: what token servers usually give. A receiver that thinks otherwise answers 401. */
const USUAL_LIFETIME_MS = 60 * 60 * 1000;
const LONGEST_LIFETIME_MS = 24 * 60 * 60 * 1000;

/** Behind the lane of the requests that a token is for. */
const TOKEN_LANE = ' token';

/** Whose lane it is, and whether what goes in it are requests for tokens. Pure. */
export function readLane(lane: string): { owner: string; isOfTokens: boolean } {
  const isOfTokens = lane.endsWith(TOKEN_LANE);
  return { owner: isOfTokens ? lane.slice(0, -TOKEN_LANE.length) : lane, isOfTokens };
}

/** What can stand in a header after `Bearer `. RFC 6750 §2.1 allows less, token servers send more. */
const TOKEN = /^[\x21-\x7e]+$/;

const LONGEST_QUOTE = 200;

/**
 * The request for a token, on behalf of a request to a receiver: with its timeout, under the same guard, and on a
 * connection of its own. Pure. Source: RFC 6749 §4.4.2.
 */
export function tokenRequestOf(credentials: ClientCredentials, onBehalf: OutboundRequest): OutboundRequest {
  const { tokenUrl, clientId, clientSecret, scope, clientAuth = 'basic' } = credentials;
  const { lane, timeoutMs, allowInsecureHttp, tls = null } = onBehalf;
  const form = new URLSearchParams({ grant_type: 'client_credentials' });
  if (scope !== undefined) form.set('scope', scope);
  const headers = ['content-type', 'application/x-www-form-urlencoded', 'accept', 'application/json'];
  headers.push('user-agent', `Waybill/${version}`);
  if (clientAuth === 'basic') {
    headers.push('authorization', `Basic ${basicOf(credentials)}`);
  } else {
    form.set('client_id', clientId);
    form.set('client_secret', clientSecret);
  }
  return {
    lane: lane + TOKEN_LANE,
    url: tokenUrl,
    method: 'POST',
    headers,
    body: form.toString(),
    timeoutMs,
    maxConcurrency: 1,
    allowInsecureHttp,
    // A pin is for the receiver's certificate; what it trusts besides holds here too.
    tls: tls && tlsSettings({ ...tls, pinnedSha256: null }),
  };
}

/** Id and secret are encoded as in a form before they are joined (RFC 6749 §2.3.1). */
function basicOf({ clientId, clientSecret }: ClientCredentials): string {
  return Buffer.from(`${formEncoded(clientId)}:${formEncoded(clientSecret)}`).toString('base64');
}

function formEncoded(text: string): string {
  return new URLSearchParams([['', text]]).toString().slice('='.length);
}

/**
 * What came back from a token endpoint. Of a successful answer nothing is quoted, for it may hold a token; of a refusal
 * only what is meant for people, and not where it repeats a secret. Pure. Source: RFC 6749 §5.
 */
export function readToken({ response, failure }: Exchange, credentials: ClientCredentials): TokenAnswer {
  if (response === null) return { why: failure?.message ?? 'It did not answer.' };
  const { status } = response;
  const answered = `It answered ${`${status} ${STATUS_CODES[status] ?? ''}`.trim()}`;
  if (status >= 300 && status < 400) return { why: `${answered}. Redirects are not followed.` };
  if (status < 200 || status >= 300) return { why: `${answered}${refusalIn(response, credentials)}.` };
  if (failure !== null) return { why: failure.message };
  if (response.truncated) return { why: `${answered} with more than 64 KiB.` };
  const body = parseJson(response.body);
  if (!isJsonObject(body)) return { why: `${answered} with ${mediaTypeOf(response)} that is no JSON object.` };
  return tokenIn(body, answered);
}

function tokenIn(body: JsonObject, answered: string): TokenAnswer {
  const token = ownMember(body, 'access_token');
  if (typeof token !== 'string' || token === '') return { why: `${answered} without an access_token.` };
  if (!TOKEN.test(token)) return { why: `${answered} with an access_token that no header can carry.` };
  // It is required, and left out by some; one of another type must not be used (RFC 6749 §7.1).
  const type = ownMember(body, 'token_type') ?? 'bearer';
  if (typeof type !== 'string' || type.toLowerCase() !== 'bearer') {
    return { why: `${answered} with a token_type other than Bearer, which cannot be sent.` };
  }
  return { token, lifetimeMs: lifetimeOf(ownMember(body, 'expires_in')) };
}

/** In milliseconds. Some token servers write the number of seconds in quotes. */
function lifetimeOf(expiresIn: Json | undefined): number {
  const isText = typeof expiresIn === 'string' && /^\d{1,12}$/.test(expiresIn);
  if (typeof expiresIn !== 'number' && !isText) return USUAL_LIFETIME_MS;
  return Math.min(LONGEST_LIFETIME_MS, Math.max(0, Number(expiresIn) * 1000));
}

/** What a refusal says for people (RFC 6749 §5.2), with a colon before it, or nothing. */
function refusalIn({ body }: OutboundResponse, credentials: ClientCredentials): string {
  const members = parseJson(body);
  if (!isJsonObject(members)) return '';
  const [error, description] = ['error', 'error_description'].map((name) =>
    quotable(ownMember(members, name), credentials),
  );
  if (error == null) return description == null ? '' : `: ${description}`;
  return description == null ? `: ${error}` : `: ${error} (${description})`;
}

function quotable(text: Json | undefined, credentials: ClientCredentials): string | null {
  if (typeof text !== 'string' || text === '' || isRevealing(text, credentials)) return null;
  const line = text
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
    .trim()
    .replace(/\.$/, '');
  return line.length > LONGEST_QUOTE ? `${line.slice(0, LONGEST_QUOTE)}…` : line;
}

function isRevealing(text: string, credentials: ClientCredentials): boolean {
  const { clientSecret } = credentials;
  const spellings = [clientSecret, formEncoded(clientSecret), encodeURIComponent(clientSecret), basicOf(credentials)];
  return spellings.some((spelling) => text.includes(spelling));
}

function mediaTypeOf({ headers }: OutboundResponse): string {
  return /^[\w.+-]+\/[\w.+-]+/.exec(headers['content-type'] ?? '')?.[0].slice(0, LONGEST_QUOTE) ?? 'something';
}

function parseJson(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

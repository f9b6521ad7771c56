import type { IncomingHttpHeaders } from 'node:http';
import type { Caller } from './actor.ts';

/** What a request brings to show who is asking. */
export interface Credentials {
  kind: 'api_key' | 'session';
  secret: string;
}

/** The caller behind credentials, or null when they are not ours, or no longer. */
export type Authenticate = (credentials: Credentials) => Promise<Caller | null>;

export const SESSION_COOKIE = 'waybill_session';

/** The credentials of a request, or null without any. An API key goes before a session: no browser adds one by itself. */
export function credentialsOf({ authorization, cookie }: IncomingHttpHeaders): Credentials | null {
  const key = bearerToken(authorization);
  if (key !== null) return { kind: 'api_key', secret: key };
  const token = sessionToken(cookie);
  return token === null ? null : { kind: 'session', secret: token };
}

/** The token of an `Authorization: Bearer` header (RFC 6750 §2.1), or null without one. */
function bearerToken(header: string | undefined): string | null {
  if (header === undefined || !/^bearer /i.test(header)) return null;
  return header.slice('bearer '.length).trim() || null;
}

/** The value of our cookie in a `Cookie` header (RFC 6265 §4.2.1), or null without one. */
function sessionToken(header: string | undefined): string | null {
  const prefix = `${SESSION_COOKIE}=`;
  const pair = header?.split(';').find((part) => part.trim().startsWith(prefix));
  return pair?.trim().slice(prefix.length) || null;
}

/** The `Set-Cookie` that gives a browser its session, for so long; with `maxAgeS` 0 the one that takes it away. */
export function sessionCookie(token: string, { maxAgeS, isSecure }: { maxAgeS: number; isSecure: boolean }): string {
  const secure = isSecure ? '; Secure' : '';
  return `${SESSION_COOKIE}=${token}; Path=/; Max-Age=${maxAgeS}; HttpOnly; SameSite=Strict${secure}`;
}

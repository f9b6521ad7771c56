import type { IncomingHttpHeaders } from 'node:http';
import type { Auth } from '../webhooks/index.ts';

/** As far as the names of credentials go. */
type Credentials = Auth<unknown>;

const MASK = '***';

/** Names by which credentials travel: of webhooks, of people who try things, and of browsers that are signed in here. */
const CREDENTIAL = /authorization|cookie|token|secret|passw|api-?_?key/i;

/** A request's head as people see it. */
export interface ShownHead {
  /** Path and query. */
  path: string;
  /** Names in lower case. */
  headers: Record<string, string>;
}

/**
 * The head of a request without the credentials in it: those that go by a usual name, and those of the webhooks that
 * send here, whatever they call them. The path stays as it was sent where it holds none. Pure.
 */
export function maskHead(path: string, headers: IncomingHttpHeaders, auths: readonly Credentials[]): ShownHead {
  const named = (place: 'header' | 'query') =>
    new Set(auths.flatMap((auth) => (auth.type === 'api_key' && auth.in === place ? [auth.name.toLowerCase()] : [])));
  const isCredential = (names: Set<string>, name: string): boolean =>
    CREDENTIAL.test(name) || names.has(name.toLowerCase());
  const inHeaders = named('header');
  const inQuery = named('query');
  const shown = Object.entries(headers).map(([name, value]) => [
    name,
    isCredential(inHeaders, name) ? MASK : [value].flat().join(', '),
  ]);
  return { path: maskQuery(path, (name) => isCredential(inQuery, name)), headers: Object.fromEntries(shown) };
}

function maskQuery(path: string, isCredential: (name: string) => boolean): string {
  const start = path.indexOf('?') + 1;
  if (start === 0) return path;
  const masked = path
    .slice(start)
    .split('&')
    .map((pair) => {
      const [name = ''] = pair.split('=', 1);
      return pair !== name && isCredential(decoded(name)) ? `${name}=${MASK}` : pair;
    });
  return path.slice(0, start) + masked.join('&');
}

/** What a name in a query stands for. */
function decoded(name: string): string {
  const [[text = ''] = []] = [...new URLSearchParams(name)];
  return text;
}

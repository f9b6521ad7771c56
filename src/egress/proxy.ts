import ipaddr from 'ipaddr.js';
import { SetupError } from '../kernel/errors.ts';
import { endpointKey, type IpAddress, parseAddress } from './allow-list.ts';

/** The HTTP proxy that requests go through, and what does not. Made by `parseProxy`; never changes. */
export interface HttpProxy {
  hostname: string;
  port: number;
  /** `host:port`, without credentials. */
  name: string;
  /** What `Proxy-Authorization` holds (RFC 7617), or null. A secret. */
  authorization: string | null;
  exceptions: readonly Exception[];
}

/** Hosts that are reached directly. `port` null: on each. */
type Exception = { port: number | null } & (
  | { kind: 'all' }
  | { kind: 'network'; network: readonly [IpAddress, number] }
  | { kind: 'name'; name: string }
);

/**
 * Reads `WAYBILL_HTTP_PROXY` and `WAYBILL_NO_PROXY`. Null where there is no proxy. Throws a `SetupError` that names the
 * setting, and never the proxy's URL, because a password may be in it.
 */
export function parseProxy(url: string | null, noProxy: string): HttpProxy | null {
  const exceptions = noProxy
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
    .map(parseException);
  if (url === null) return null;
  const parsed = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(url) ? url : `http://${url}`);
  if (parsed === null || parsed.protocol !== 'http:' || `${parsed.pathname}${parsed.search}${parsed.hash}` !== '/') {
    throw new SetupError(
      'WAYBILL_HTTP_PROXY: must be http://host:port, or http://user:password@host:port with reserved characters percent-encoded. ' +
        'TLS to the proxy itself, and other kinds of proxies, are not spoken.',
    );
  }
  const hostname = parsed.hostname.startsWith('[') ? parsed.hostname.slice(1, -1) : parsed.hostname;
  const port = parsed.port === '' ? 80 : Number(parsed.port);
  return { hostname, port, name: endpointKey(hostname, port), authorization: authorizationOf(parsed), exceptions };
}

function authorizationOf({ username, password }: URL): string | null {
  if (username === '' && password === '') return null;
  try {
    const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    return `Basic ${Buffer.from(credentials).toString('base64')}`;
  } catch {
    throw new SetupError('WAYBILL_HTTP_PROXY: user and password must be percent-encoded: write "%25" for "%".');
  }
}

const NAME = /^[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?$/;
const PORT = /^(.*):(\d{1,5})$/;

/** An entry: `*`, an address, a network, or a name that stands for itself and all below it, each with a port or not. */
function parseException(entry: string): Exception {
  const text = entry.toLowerCase();
  const [, before, portText] = parseAddress(text) === null ? (PORT.exec(text) ?? []) : [];
  const host = before ?? text;
  const port = portText === undefined ? null : Number(portText);
  const address = parseAddress(host);
  if (host === '*') return { kind: 'all', port };
  if (address !== null) return { kind: 'network', network: [address, address.kind() === 'ipv4' ? 32 : 128], port };
  if (ipaddr.isValidCIDR(host)) return { kind: 'network', network: ipaddr.parseCIDR(host), port };
  const name = host.replace(/^\*?\./, '').replace(/\.$/, '');
  if (NAME.test(name) && (port === null || (port >= 1 && port <= 65_535))) return { kind: 'name', name, port };
  throw new SetupError(
    `WAYBILL_NO_PROXY: "${entry}" is not understood. Write a name (example.com, which stands for all below it too), ` +
      'an address (10.0.0.5), a network (10.0.0.0/8), any of them with a port, or * for everything.',
  );
}

/** Whether a host is reached through the proxy. A name is compared as it is: only what is written is known here. Pure. */
export function isProxied(proxy: HttpProxy, hostname: string, port: number): boolean {
  return !proxy.exceptions.some(
    (exception) => (exception.port === null || exception.port === port) && covers(exception, hostname),
  );
}

function covers(exception: Exception, hostname: string): boolean {
  switch (exception.kind) {
    case 'all':
      return true;
    case 'network': {
      const address = parseAddress(hostname);
      const [network, prefixLength] = exception.network;
      return address !== null && address.kind() === network.kind() && address.match(network, prefixLength);
    }
    case 'name': {
      const name = hostname.toLowerCase().replace(/\.$/, '');
      return name === exception.name || name.endsWith(`.${exception.name}`);
    }
  }
}

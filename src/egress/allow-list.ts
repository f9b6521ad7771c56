import { isIPv4, isIPv6 } from 'node:net';
import ipaddr from 'ipaddr.js';
import { SetupError } from '../kernel/errors.ts';

export type IpAddress = ipaddr.IPv4 | ipaddr.IPv6;

/** What Waybill may dial beside public addresses. Made by `parseEgressAllow`; never changes. */
export interface EgressRules {
  /** Networks that are allowed on every port. */
  readonly networks: readonly (readonly [IpAddress, number])[];
  /** `address:port` and `name:port` in canonical form, as `endpointKey` writes them. */
  readonly endpoints: ReadonlySet<string>;
  /** Waybill's own receiver, by each of its names: URLs that begin so are never judged. */
  readonly ownInboxes: readonly string[];
}

const HOST = /^(\[[0-9a-f:.]+\]|[^\s:/?#@\\%*[\]]+)$/i;
const HOST_AND_PORT = /^(.+):([0-9]{1,5})$/;

/**
 * Reads `WAYBILL_EGRESS_ALLOW`: entries separated by commas, each a CIDR, an address, an address with a port (in any
 * spelling; IPv6 in brackets) or a name with a port. Nothing, or only blanks, allows nothing.
 * Throws a `SetupError` that names the first entry it does not understand.
 */
export function parseEgressAllow(text: string | undefined): EgressRules {
  const networks: [IpAddress, number][] = [];
  const endpoints = new Set<string>();
  for (const entry of (text ?? '').split(',').map((part) => part.trim())) {
    if (entry === '') continue;
    const network = parseNetwork(entry);
    const endpoint = network === null ? parseEndpoint(entry) : null;
    if (network !== null) networks.push(network);
    else if (endpoint !== null) endpoints.add(endpoint);
    else throw notUnderstood(entry);
  }
  return { networks, endpoints, ownInboxes: [] };
}

/**
 * The same rules, with Waybill's own receiver exempt: what begins with one of these URLs, which end in a slash, and
 * nothing beside.
 */
export function withOwnInboxes(rules: EgressRules, urls: readonly string[]): EgressRules {
  return { ...rules, ownInboxes: urls.map((url) => new URL(url).href) };
}

/** Whether the URL is one of Waybill's own receiver, which needs no entry in the allow list. */
export function isOwnInbox(rules: EgressRules, url: URL): boolean {
  return rules.ownInboxes.some((inbox) => (url.origin + url.pathname).startsWith(inbox));
}

/** Whether the address is allowed on this port, by itself or for URLs that use this host name. */
export function isAllowed(rules: EgressRules, address: IpAddress, port: number, hostname: string): boolean {
  return (
    rules.endpoints.has(endpointKey(address.toString(), port)) ||
    isNameAllowed(rules, hostname, port) ||
    rules.networks.some((network) => contains(network, address))
  );
}

/** Whether URLs that use this host name are allowed on this port, whatever it resolves to. */
export function isNameAllowed(rules: EgressRules, hostname: string, port: number): boolean {
  return rules.endpoints.has(endpointKey(canonicalName(hostname), port));
}

/** How an endpoint is written in the allow list: `host:port`, with brackets around an IPv6 address. */
export function endpointKey(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** The address that a text means, with an IPv4-mapped IPv6 address turned into IPv4, or null when it is none. */
export function parseAddress(text: string): IpAddress | null {
  const bare = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text;
  if (isIPv4(bare)) return ipaddr.IPv4.parse(bare);
  if (!isIPv6(bare)) return null;
  // Through the URL parser, because ipaddr.js takes the IPv6 address ::a.b.c.d for the IPv4 address a.b.c.d.
  const [unscoped] = bare.split('%');
  return ipaddr.process(new URL(`http://[${unscoped}]/`).hostname.slice(1, -1));
}

function contains([network, prefixLength]: readonly [IpAddress, number], address: IpAddress): boolean {
  return network.kind() === address.kind() && address.match(network, prefixLength);
}

/** Names are compared in lower case and without the dot that marks a name as complete. */
function canonicalName(name: string): string {
  return name.toLowerCase().replace(/\.$/, '');
}

/** A CIDR, or a single address as a network of its own; null when the entry is neither. */
function parseNetwork(entry: string): [IpAddress, number] | null {
  if (!entry.includes('/')) {
    const address = parseAddress(entry) ?? parseAddress(canonicalHost(entry) ?? '');
    return address === null ? null : [address, address.kind() === 'ipv4' ? 32 : 128];
  }
  if (ipaddr.IPv4.isValidCIDRFourPartDecimal(entry)) return ipaddr.IPv4.parseCIDR(entry);
  if (!ipaddr.IPv6.isValidCIDR(entry)) return null;
  const [network, prefixLength] = ipaddr.IPv6.parseCIDR(entry);
  const isMapped = network.isIPv4MappedAddress() && prefixLength >= 96;
  return isMapped ? [network.toIPv4Address(), prefixLength - 96] : [network, prefixLength];
}

/** `name:port` or `address:port` in canonical form; null when the entry is neither. */
function parseEndpoint(entry: string): string | null {
  const [, host, portText] = HOST_AND_PORT.exec(entry) ?? [];
  if (host === undefined) return null;
  const port = Number(portText);
  const canonical = canonicalHost(host);
  if (canonical === null || port < 1 || port > 65_535) return null;
  const address = parseAddress(canonical);
  return endpointKey(address === null ? canonicalName(canonical) : address.toString(), port);
}

/** The host as WHATWG URLs write it, which turns every spelling of an address into the plain one. */
function canonicalHost(host: string): string | null {
  return HOST.test(host) ? (URL.parse(`http://${host}/`)?.hostname ?? null) : null;
}

function notUnderstood(entry: string): SetupError {
  return new SetupError(
    `WAYBILL_EGRESS_ALLOW: "${entry}" is not understood. Write a network (10.0.0.0/8), an address (10.0.0.5), ` +
      'an address with a port (10.0.0.5:8080, [fd00::5]:8080) or a name with a port (hooks.internal:8080).',
  );
}

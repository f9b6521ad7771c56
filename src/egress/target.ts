import { portOf } from './address-guard.ts';
import { type EgressRules, endpointKey, isOwnInbox } from './allow-list.ts';
import type { OutboundRequest } from './exchange.ts';
import type { TlsSettings } from './tls-settings.ts';

/** Where a connection goes: an origin, and what the guard needs to know of the URL that led there. */
export interface Target {
  /** Whose connections these are. */
  lane: string;
  origin: string;
  protocol: 'http:' | 'https:';
  /** As in the URL, but an IPv6 address is without its brackets. */
  hostname: string;
  port: number;
  allowInsecureHttp: boolean;
  /** The URL is Waybill's own receiver, which is not judged. */
  isOwnInbox: boolean;
  /** Null: TLS as with everybody. */
  tls: TlsSettings | null;
}

/** The target of a request. Throws a `TypeError` for anything but http and https: callers have checked that before. */
export function targetOf(
  rules: EgressRules,
  url: URL,
  { lane, allowInsecureHttp, tls = null }: OutboundRequest,
): Target {
  const { protocol } = url;
  if (protocol !== 'http:' && protocol !== 'https:') throw new TypeError(`${protocol} is not a protocol that is sent.`);
  return {
    lane,
    origin: url.origin,
    protocol,
    hostname: url.hostname.startsWith('[') ? url.hostname.slice(1, -1) : url.hostname,
    port: portOf(url),
    allowInsecureHttp,
    isOwnInbox: isOwnInbox(rules, url),
    tls,
  };
}

/** How messages name the target: host and port, also where the port is the default one. */
export function nameOf(target: Target): string {
  return endpointKey(target.hostname, target.port);
}

import {
  type EgressRules,
  endpointKey,
  type IpAddress,
  isAllowed,
  isNameAllowed,
  isOwnInbox,
  parseAddress,
} from './allow-list.ts';

/** Why an address may not be dialled. `rule` is a stable word; `message` says it to the operator, with the remedy. */
export interface Refused {
  rule: string;
  message: string;
}

/** An address about to be dialled, or just dialled, and the URL that led to it. */
export interface DialledAddress {
  /** A literal IPv4 or IPv6 address. */
  address: string;
  port: number;
  /** The host of the URL as it is written there: a name, or the address itself. */
  hostname: string;
  protocol: string;
  allowInsecureHttp: boolean;
}

/** The kinds of address that are not public: what `ipaddr.js` calls them, our rule's name, and how to say it. */
const NOT_PUBLIC = new Map<string, [rule: string, kind: string]>([
  ['loopback', ['loopback', 'a loopback address']],
  ['private', ['private', 'a private address']],
  ['linkLocal', ['link_local', 'a link-local address']],
  ['uniqueLocal', ['unique_local', 'a unique local (private) address']],
  ['deprecatedSiteLocal', ['site_local', 'a site-local (private) address']],
  ['carrierGradeNat', ['carrier_grade_nat', 'an address of a carrier-grade NAT']],
  ['unspecified', ['unspecified', 'an address of "this network"']],
  ['broadcast', ['broadcast', 'the broadcast address']],
  ['multicast', ['multicast', 'a multicast address']],
  ['6to4', ['6to4', 'a 6to4 address, which stands for an IPv4 address']],
  ['rfc6052', ['nat64', 'a NAT64 address, which stands for an IPv4 address']],
  ['rfc6145', ['nat64', 'a translated address, which stands for an IPv4 address']],
  ['teredo', ['teredo', 'a Teredo address, which stands for an IPv4 address']],
  ['discard', ['discard', 'a discard-only address']],
]);

/** All IPv6 unicast that IANA has handed out is in 2000::/3; `ipaddr.js` calls the rest unicast too, as ::a.b.c.d. */
const GLOBAL_IPV6 = 0x20;
const GLOBAL_IPV6_MASK = 0xe0;

/** Public by its range, but answered by the platform under the virtual machine (Azure's wire server). */
const CLOUD_PLATFORM = '168.63.129.16';

/**
 * Judges a URL as far as its text goes: a literal address is judged, a name passes, because what it resolves to is
 * judged at each connection. Returns null when it may be saved. The URL must be http or https. Pure.
 */
export function judgeUrl(rules: EgressRules, url: URL, options: { allowInsecureHttp: boolean }): Refused | null {
  if (isOwnInbox(rules, url) || parseAddress(url.hostname) === null) return null;
  return judgeAddress(rules, {
    address: url.hostname,
    port: portOf(url),
    hostname: url.hostname,
    protocol: url.protocol,
    allowInsecureHttp: options.allowInsecureHttp,
  });
}

/**
 * Judges one address. Returns null when it may be dialled: it is on the allow list, or it is public and either spoken
 * to over TLS or `allowInsecureHttp` is set. Pure.
 * Source: the IANA special-purpose address registries (RFC 6890), as `ipaddr.js` holds them.
 */
export function judgeAddress(rules: EgressRules, dialled: DialledAddress): Refused | null {
  const address = parseAddress(dialled.address);
  if (address === null) {
    return { rule: 'unreadable', message: `"${dialled.address}" is not an address that can be judged.` };
  }
  if (isAllowed(rules, address, dialled.port, dialled.hostname)) return null;
  const special = specialKind(address);
  if (special !== null) return refuseRange(special[0], special[1], address, dialled);
  if (dialled.protocol === 'http:' && !dialled.allowInsecureHttp) return refuseInsecure(address, dialled);
  return null;
}

/** Names that stand for this machine wherever they are resolved (RFC 6761 §6.3). */
const LOCAL_NAME = /(^|\.)localhost\.?$/i;

/**
 * Judges what a proxy is asked to connect to. A literal address is judged as ever. Of a name nobody here learns what it
 * resolves to, so only what it says can be judged: this machine's own is refused, and over plain http any that is not on
 * the allow list, unless `allowInsecureHttp` is set. Returns null when it may be asked for. Pure.
 */
export function judgeProxied(rules: EgressRules, dialled: Omit<DialledAddress, 'address'>): Refused | null {
  const { hostname, port, protocol, allowInsecureHttp } = dialled;
  if (parseAddress(hostname) !== null) return judgeAddress(rules, { ...dialled, address: hostname });
  if (isNameAllowed(rules, hostname, port)) return null;
  const allow = `To allow it, add ${endpointKey(hostname, port)} to WAYBILL_EGRESS_ALLOW.`;
  if (LOCAL_NAME.test(hostname)) {
    return { rule: 'loopback', message: `${hostname} is a name of the machine itself, here the proxy's. ${allow}` };
  }
  if (protocol !== 'http:' || allowInsecureHttp) return null;
  const message = `Plain http would send the payload unencrypted to ${hostname}, wherever the proxy finds it. Use https or set allowInsecureHttp. ${allow}`;
  return { rule: 'insecure_http', message };
}

/** The port a URL leads to, also when it is the default one. */
export function portOf(url: URL): number {
  if (url.port !== '') return Number(url.port);
  return url.protocol === 'https:' ? 443 : 80;
}

/** The rule against the address and the words for its kind, or null when it is public. */
function specialKind(address: IpAddress): [rule: string, kind: string] | null {
  const range: string = address.range();
  if (range !== 'unicast') return NOT_PUBLIC.get(range) ?? ['reserved', 'a reserved address'];
  if (!isGlobal(address)) return ['reserved', 'a reserved address'];
  if (address.toString() === CLOUD_PLATFORM) return ['cloud_platform', "an address of the cloud's own platform"];
  return null;
}

function isGlobal(address: IpAddress): boolean {
  const [high = 0] = address.toByteArray();
  return address.kind() === 'ipv4' || (high & GLOBAL_IPV6_MASK) === GLOBAL_IPV6;
}

function refuseRange(rule: string, kind: string, address: IpAddress, dialled: DialledAddress): Refused {
  const subject = isLiteral(dialled) ? `${address} is` : `${dialled.hostname} resolves to ${address},`;
  return { rule, message: `${subject} ${kind}. ${remedy(address, dialled)}` };
}

function refuseInsecure(address: IpAddress, dialled: DialledAddress): Refused {
  const target = isLiteral(dialled) ? `${address}` : `${dialled.hostname} (${address})`;
  return {
    rule: 'insecure_http',
    message:
      `Plain http would send the payload unencrypted to ${target}, a public address. ` +
      `Use https or set allowInsecureHttp. ${remedy(address, dialled)}`,
  };
}

function remedy(address: IpAddress, dialled: DialledAddress): string {
  const host = isLiteral(dialled) ? address.toString() : dialled.hostname;
  return `To allow it, add ${endpointKey(host, dialled.port)} to WAYBILL_EGRESS_ALLOW.`;
}

function isLiteral(dialled: DialledAddress): boolean {
  return parseAddress(dialled.hostname) !== null;
}

import { isIP } from 'node:net';
import type { FastifyRequest } from 'fastify';

/** The address that a request comes from: see `addressBehind`. */
export function callerAddress({ socket, headers }: FastifyRequest): string {
  return addressBehind(socket.remoteAddress ?? '', String(headers['x-forwarded-for'] ?? ''));
}

/**
 * Whom a peer speaks for. A proxy on this machine, as the loopback address shows it, says so in `X-Forwarded-For`; its own
 * word is the last. From anybody else the header is nobody's word. Pure.
 */
export function addressBehind(peer: string, forwardedFor: string): string {
  const address = plain(peer);
  if (!isLoopback(address)) return address;
  const named = plain(forwardedFor.split(',').at(-1)?.trim() ?? '');
  return isIP(named) === 0 ? address : named;
}

/** An IPv4 address that came in over IPv6, in its own form (RFC 4291 §2.5.5.2). */
function plain(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '');
}

function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.');
}

import { isIP } from 'node:net';
import type { FastifyRequest } from 'fastify';

/**
 * The address that a request comes from. A proxy on this machine, as the loopback address shows it, says in
 * `X-Forwarded-For` whom it speaks for; its own word is the last. From anybody else the header is nobody's word.
 */
export function callerAddress({ socket, headers }: FastifyRequest): string {
  const peer = plain(socket.remoteAddress ?? '');
  if (!isLoopback(peer)) return peer;
  const named = plain(
    String(headers['x-forwarded-for'] ?? '')
      .split(',')
      .at(-1)
      ?.trim() ?? '',
  );
  return isIP(named) === 0 ? peer : named;
}

/** An IPv4 address that came in over IPv6, in its own form (RFC 4291 §2.5.5.2). */
function plain(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '');
}

function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.');
}

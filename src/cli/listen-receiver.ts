import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Clock, delay } from '../kernel/clock.ts';
import { SetupError } from '../kernel/errors.ts';
import type { SignatureVerdict, SignedRequest } from '../kernel/verify-signature.ts';

/** A request as it arrived, with the verdict on its signature and what it is answered with. */
export interface ReceivedRequest {
  /** When the whole body had arrived, in epoch milliseconds. */
  receivedAt: number;
  method: string;
  /** Path and query, as the request line had them. */
  path: string;
  /** Names in lower case, in the order of arrival; a repeated header's values are joined. */
  headers: IncomingHttpHeaders;
  body: Buffer;
  signature: SignatureVerdict;
  /** The status that the receiver answers with. */
  answeredWith: number;
}

/** What a receiver says of a request's signature; `now` is in epoch milliseconds. */
export type Judge = (request: SignedRequest, now: number) => SignatureVerdict | Promise<SignatureVerdict>;

export interface ReceiverOptions {
  /** An address of this machine; 127.0.0.1 where left out. */
  host?: string;
  /** 0 is any free port. */
  port: number;
  judge: Judge;
  /** The status of every answer, 204 where left out. */
  status?: number;
  /** The `Retry-After` of every answer, in seconds; none where left out. */
  retryAfterS?: number;
  /** How long each answer is held back; 0 where left out. */
  delayMs?: number;
  clock: Clock;
  /** Called with each request once its body is whole, before it is answered. */
  onRequest(request: ReceivedRequest): void;
}

export interface Receiver {
  /** The root of the receiver, with its real port and no slash at the end. */
  url: string;
  /** `address:port` as WAYBILL_EGRESS_ALLOW takes it. */
  egressEntry: string;
  /** Ends every connection and frees the port. */
  close(): Promise<void>;
}

/** Above every body that Waybill sends (1 MiB), and low enough that a stranger cannot fill the memory. */
const MAX_BODY_BYTES = 16 * 1024 * 1024;

/**
 * Starts a webhook receiver for trying things: every method and path is taken, verified and answered alike.
 * Throws a `SetupError` where the address cannot be listened on.
 */
export async function startReceiver(options: ReceiverOptions): Promise<Receiver> {
  const server = createServer((request, response) => {
    // A sender that gave up in the middle of its body waits for no answer.
    receive(request, response, options).catch(() => response.destroy());
  });
  await listenOn(server, options.host ?? '127.0.0.1', options.port);
  // A server that listens on a port has an address of this kind (node:net, server.address).
  const { address, family, port } = server.address() as AddressInfo;
  const authority = `${family === 'IPv6' ? `[${address}]` : address}:${port}`;
  return {
    url: `http://${authority}`,
    egressEntry: authority.replace(/^(0\.0\.0\.0|\[::\]):/, '127.0.0.1:'),
    close: () => closeServer(server),
  };
}

async function receive(request: IncomingMessage, response: ServerResponse, options: ReceiverOptions): Promise<void> {
  const body = await readBody(request);
  if (body === null) {
    response.writeHead(413, { connection: 'close' }).end();
    return;
  }
  const receivedAt = options.clock.now();
  const answeredWith = options.status ?? 204;
  options.onRequest({
    receivedAt,
    method: request.method ?? '',
    path: request.url ?? '',
    headers: request.headers,
    body,
    signature: await options.judge({ headers: request.headers, body }, receivedAt),
    answeredWith,
  });
  if (options.delayMs) await delay(options.clock, options.delayMs);
  if (options.retryAfterS !== undefined) response.setHeader('retry-after', options.retryAfterS);
  response.writeHead(answeredWith).end();
}

/** The whole body, or null where it is longer than we keep. */
async function readBody(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let length = 0;
  // The default would close the connection on leaving the loop early, and the 413 could not be sent.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MAX_BODY_BYTES) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function listenOn(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(new SetupError(`Cannot listen on ${host}, port ${port}: ${remedyOf(error)}.`, { cause: error }));
    });
    server.listen(port, host, resolve);
  });
}

function remedyOf(error: NodeJS.ErrnoException): string {
  if (error.code === 'EADDRINUSE') return 'the port is taken; choose another, or 0 for any free one';
  if (error.code === 'EACCES') return 'this port needs more rights; choose one above 1023';
  if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND') return 'this machine has no such address';
  return error.message;
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { systemClock } from '../kernel/clock.ts';
import { parseEgressAllow } from './allow-list.ts';
import { createEgressClient, type EgressClient, type EgressClientOptions } from './client.ts';
import type { OutboundRequest } from './exchange.ts';

/** A server on loopback that is gone when the test is. */
export interface Receiver {
  port: number;
  url: string;
  /** Every connection so far. */
  connections: Socket[];
}

/** Listens on a free port of loopback and closes, with all its connections, when the test has finished. */
export async function listen(server: Server, address = '127.0.0.1'): Promise<Receiver> {
  const connections: Socket[] = [];
  server.on('connection', (socket: Socket) => {
    connections.push(socket);
    socket.on('error', () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  onTestFinished(async () => {
    for (const socket of connections) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  return { port, url: `http://127.0.0.1:${port}/hook`, connections };
}

/** A proper HTTP server. */
export function httpReceiver(answer: RequestListener): Promise<Receiver> {
  return listen(createServer(answer));
}

/** A server that does as it likes with the socket. `script` runs when the first bytes of a request have come. */
export function scriptedReceiver(script: (socket: Socket) => void): Promise<Receiver> {
  return listen(createTcpServer((socket) => socket.once('data', () => script(socket))));
}

/** A server that answers the first bytes of each request with exactly this text. */
export function rawReceiver(text: string, { thenClose }: { thenClose: boolean }): Promise<Receiver> {
  return scriptedReceiver((socket) => {
    if (thenClose) socket.end(text, 'latin1');
    else socket.write(text, 'latin1');
  });
}

/** Resolves when the server's side of a connection is closed, however it came to that. */
export async function closed(socket: Socket | undefined): Promise<void> {
  if (socket === undefined) throw new Error('There was no such connection.');
  if (!socket.closed) await new Promise<void>((resolve) => socket.once('close', () => resolve()));
}

/** Writes the text again and again for as long as the socket takes it; `onWritten` counts the bytes. */
export function flood(socket: Socket, text: string, onWritten: (bytes: number) => void = () => {}): void {
  const write = (): void => {
    while (!socket.destroyed && socket.writable) {
      onWritten(text.length);
      if (!socket.write(text)) break;
    }
  };
  socket.on('drain', write);
  write();
}

/** Writes one piece every few milliseconds until the socket is closed. */
export function drip(socket: Socket, piece: string): void {
  if (socket.destroyed) return;
  socket.write(piece);
  systemClock.after(5, () => drip(socket, piece));
}

/** A client that may dial loopback, unless other rules are given, closed when the test has finished. */
export function testClient(options: Partial<EgressClientOptions> = {}): EgressClient {
  const client = createEgressClient({ rules: parseEgressAllow('127.0.0.0/8'), clock: systemClock, ...options });
  onTestFinished(() => client.close());
  return client;
}

export function requestTo(url: string, changes: Partial<OutboundRequest> = {}): OutboundRequest {
  return {
    lane: 'wh_1',
    url,
    method: 'POST',
    headers: ['content-type', 'application/json'],
    body: '{"hello":"world"}',
    timeoutMs: 10_000,
    maxConcurrency: 4,
    allowInsecureHttp: false,
    ...changes,
  };
}

/** The whole body of a request, as text. */
export async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

export function answerEmpty(response: ServerResponse, status: number, headers: Record<string, string> = {}): void {
  response.writeHead(status, headers).end();
}

import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** A request as it arrived. */
export interface Arrival {
  at: number;
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

/** Answers one request; one that never calls `end` leaves the sender hanging. */
export type Respond = (arrival: Arrival, response: ServerResponse) => void;

/** A real HTTP server that plays somebody's webhook endpoint. */
export interface TestReceiver {
  url: string;
  port: number;
  /** `127.0.0.1:port`, for WAYBILL_EGRESS_ALLOW. */
  address: string;
  arrivals: Arrival[];
  /** How requests are answered from now on; 204 to begin with. */
  respond: Respond;
  /** Resolves with the arrivals once there are at least `count` of those accepted. */
  arrived(count: number, accepts?: (arrival: Arrival) => boolean): Promise<Arrival[]>;
  close(): Promise<void>;
}

/** Answers with a status and nothing else. */
export function answering(status: number, headers: Record<string, string> = {}): Respond {
  return (_arrival, response) => response.writeHead(status, headers).end();
}

/** Starts a receiver on a free loopback port, or on the one given. It is closed when the test has finished. */
export async function startReceiver(respond: Respond = answering(204), port = 0): Promise<TestReceiver> {
  const arrivals: Arrival[] = [];
  const watchers = new Set<() => void>();
  const server = createServer(async (request, response) => {
    const arrival = await read(request);
    arrivals.push(arrival);
    receiver.respond(arrival, response);
    for (const watch of watchers) watch();
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const address = server.address() as AddressInfo;

  const receiver: TestReceiver = {
    url: `http://127.0.0.1:${address.port}`,
    port: address.port,
    address: `127.0.0.1:${address.port}`,
    arrivals,
    respond,
    arrived(count, accepts = () => true) {
      return new Promise((resolve) => {
        const watch = (): void => {
          const accepted = arrivals.filter(accepts);
          if (accepted.length < count) return;
          watchers.delete(watch);
          resolve(accepted);
        };
        watchers.add(watch);
        watch();
      });
    },
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => {
        server.close(() => resolve());
      });
    },
  };
  onTestFinished(() => receiver.close());
  return receiver;
}

async function read(request: IncomingMessage): Promise<Arrival> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return {
    at: Date.now(),
    method: request.method ?? '',
    path: request.url ?? '',
    headers: request.headers,
    body: Buffer.concat(chunks).toString(),
  };
}

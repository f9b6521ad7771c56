import { hash } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';

/** What is kept of one arrival. The webhook is known by the path it sends to. */
export interface Arrival {
  path: string;
  deliveryId: string;
  webhookId: string;
  attempt: number;
  sequence: number;
  bodyHash: string;
  marker: string;
  /** The server's life that sent it, from 1: the one in which its connection was opened. */
  life: number;
  /** The status it was answered with. */
  status: number;
}

export interface RecordingReceiver {
  /** `127.0.0.1:port`. */
  address: string;
  arrivals: Arrival[];
  /** Answered with a 2xx, so that the delivery they belong to is owed nothing more. */
  readonly accepted: number;
  /** The life that new connections belong to from now on. */
  life: number;
  /** Resolves once every connection that was opened before has been seen. */
  caughtUp(): Promise<void>;
  close(): Promise<void>;
}

/** How the receiver treats what comes to a path. */
export interface Manner {
  /** How long it takes over an answer, in ms. */
  slownessMs: (arrival: Arrival) => number;
  status: (arrival: Arrival) => number;
}

interface Options {
  manners: Readonly<Record<string, Manner>>;
  /** Called after each arrival that was accepted. */
  onAccepted: () => void;
}

/** Starts a receiver that writes down everything that arrives, and answers in the manner of the path. */
export async function startRecordingReceiver({ manners, onAccepted }: Options): Promise<RecordingReceiver> {
  const arrivals: Arrival[] = [];
  const lives = new WeakMap<Socket, number>();
  let accepted = 0;

  async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bodyOf(request);
    // A request cut off by a kill never arrived.
    if (body === null) return;
    const path = request.url ?? '';
    const manner = manners[path] as Manner;
    const arrival: Arrival = { ...read(request.headers, body), path, life: lives.get(request.socket) ?? 0, status: 0 };
    arrival.status = manner.status(arrival);
    arrivals.push(arrival);
    if (arrival.status < 300) {
      accepted += 1;
      onAccepted();
    }
    const slownessMs = manner.slownessMs(arrival);
    if (slownessMs === 0) response.writeHead(arrival.status).end();
    else setTimeout(() => response.writeHead(arrival.status).end(), slownessMs);
  }

  const server = createServer((request, response) => void take(request, response));
  server.on('connection', (socket) => lives.set(socket, receiver.life));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const receiver: RecordingReceiver = {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    arrivals,
    get accepted() {
      return accepted;
    },
    life: 0,
    async caughtUp() {
      // They are seen in the order in which they were opened.
      const own = connect((server.address() as AddressInfo).port, '127.0.0.1');
      await new Promise<void>((resolve, reject) => {
        own.once('error', reject);
        const look = (socket: Socket): void => {
          if (socket.remotePort !== own.localPort) return;
          server.off('connection', look);
          resolve();
        };
        server.on('connection', look);
      });
      own.destroy();
    },
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => {
        server.close(() => resolve());
      });
    },
  };
  return receiver;
}

async function bodyOf(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of request) chunks.push(chunk as Buffer);
  } catch {
    return null;
  }
  return Buffer.concat(chunks);
}

function read(headers: IncomingHttpHeaders, body: Buffer): Omit<Arrival, 'path' | 'life' | 'status'> {
  return {
    deliveryId: String(headers['x-waybill-delivery']),
    webhookId: String(headers['webhook-id']),
    attempt: Number(headers['x-waybill-attempt']),
    sequence: Number(headers['x-waybill-sequence']),
    bodyHash: hash('sha256', body, 'base64url'),
    marker: (JSON.parse(body.toString()) as { data: { marker: string } }).data.marker,
  };
}

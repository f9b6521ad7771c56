import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { createArrivalLog } from './arrival-log.ts';
import { readDelivered } from './benchmark-event.ts';
import { answerCommands } from './child.ts';
import { createMessageReader, requestPath } from './http-messages.ts';
import { monotonicUs } from './monotonic.ts';
import { type LatencySummary, summariseLatencies } from './statistics.ts';

/** What the receiver does with a request: answers with that status and an empty body, or never answers. */
export type ReceiverAnswer = number | 'hang';

export interface ReceiverScript {
  /** For every path that `paths` does not name. */
  otherwise: ReceiverAnswer;
  /** By path, such as `/9`. */
  paths: Record<string, ReceiverAnswer>;
}

/** Counts since the last reset. An arrival is a benchmark event that was answered with a 2xx. */
export interface ReceiverCounts {
  arrivals: number;
  /** Distinct events among the arrivals. */
  events: number;
  /** Requests left without an answer, and requests answered with another status. */
  unanswered: number;
  refused: number;
  /** Requests that no gateway should send: without an id or a signature, or about an event of someone else. */
  malformed: number;
  /** When the first and the last arrival came (monotonic µs); null before them. */
  firstArrivalAtUs: number | null;
  lastArrivalAtUs: number | null;
}

/** The receiver process. All instants are monotonic microseconds; ranges include their start and exclude their end. */
export interface Receiver {
  /** Opens a free port of 127.0.0.1, once, and returns it. */
  listen(input: object): Promise<number>;
  /** Forgets every arrival and count, and answers by `script` from now on. */
  reset(script: ReceiverScript): void;
  counts(input: object): ReceiverCounts;
  /** How many deliveries arrived in the range. */
  arrivalsBetween(range: { fromUs: number; toUs: number }): number;
  /** Latencies of first arrivals whose events were due to be sent in the range; on all paths when `paths` is null. */
  latencies(input: { sentFromUs: number; sentToUs: number; paths: readonly string[] | null }): LatencySummary;
  /** How many of the numbers never arrived, `except` left out, and how many arrivals were repetitions. */
  tally(input: { firstNumber: number; count: number; except: readonly number[] }): {
    lost: number;
    duplicates: number;
  };
}

/** A receiver of webhooks, cheap enough to leave the machine to the server that it measures. */
export function createReceiver(): Receiver & { close(): void } {
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, serve);
  let script: ReceiverScript = { otherwise: 204, paths: {} };
  let log = createArrivalLog();
  let unanswered = 0;
  let refused = 0;
  let malformed = 0;

  function serve(socket: Socket): void {
    sockets.add(socket);
    const read = createMessageReader((head, body) => receive(socket, head, body));
    socket.on('data', (chunk) => {
      try {
        read(chunk);
      } catch {
        malformed += 1;
        socket.destroy();
      }
    });
    // A server that is killed resets its connections; what that loses shows in the tally.
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
  }

  function receive(socket: Socket, head: string, body: Buffer): void {
    const arrivedAtUs = monotonicUs();
    const path = requestPath(head);
    const answer = script.paths[path] ?? script.otherwise;
    if (answer === 'hang') {
      unanswered += 1;
      return;
    }
    // RFC 9110 §8.6: a 204 carries no Content-Length.
    socket.write(`HTTP/1.1 ${answer} Scripted\r\n${answer === 204 ? '' : 'content-length: 0\r\n'}\r\n`);
    const event = readDelivered(body);
    if (event === null || !isSigned(head)) malformed += 1;
    else if (answer < 200 || answer > 299) refused += 1;
    else log.add({ ...event, path, arrivedAtUs });
  }

  return {
    async listen() {
      if (!server.listening) await once(server.listen(0, '127.0.0.1', 4_096), 'listening');
      return (server.address() as AddressInfo).port;
    },
    reset(next) {
      script = next;
      log = createArrivalLog();
      unanswered = 0;
      refused = 0;
      malformed = 0;
    },
    counts: () => ({
      arrivals: log.size,
      events: log.events,
      unanswered,
      refused,
      malformed,
      firstArrivalAtUs: log.firstAtUs(),
      lastArrivalAtUs: log.lastAtUs(),
    }),
    arrivalsBetween: ({ fromUs, toUs }) => log.countBetween(fromUs, toUs),
    latencies: ({ sentFromUs, sentToUs, paths }) =>
      summariseLatencies(
        log.latenciesUs(
          (sentAtUs, path) => sentAtUs >= sentFromUs && sentAtUs < sentToUs && (paths === null || paths.includes(path)),
        ),
      ),
    tally({ firstNumber, count, except }) {
      const excepted = new Set(except);
      let lost = 0;
      for (let number = firstNumber; number < firstNumber + count; number += 1) {
        if (!(excepted.has(number) || log.hasEvent(number))) lost += 1;
      }
      return { lost, duplicates: log.size - log.events };
    },
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Both servers that are measured write header names in lower case. */
function isSigned(head: string): boolean {
  return head.includes('\r\nwebhook-id: ') && head.includes('\r\nwebhook-signature: v1,');
}

if (import.meta.main) answerCommands<Receiver>(createReceiver());

import { Client, type Dispatcher } from 'undici';
import { type Dial, type DialTrace, newTrace, type TlsMemory } from './dial.ts';
import type { Target } from './target.ts';

const MAX_HEADER_BYTES = 16 * 1024;

/** How long an idle connection is kept when the receiver gives no hint: below the 5 s that many servers close after. */
const IDLE_CONNECTION_MS = 4000;

/**
 * One connection to a target, for one request at a time. It dials when the first request comes, and again when a
 * later one finds the connection closed.
 */
export class Connection {
  /** Of the connection that is open or was tried last. */
  trace: DialTrace = newTrace();
  readonly #client: Client;
  #socketLife: AbortController | null = null;
  #timeoutMs = 0;

  constructor(target: Target, dial: Dial, memory: TlsMemory | null) {
    this.#client = new Client(target.origin, {
      allowH2: false,
      pipelining: 1,
      maxHeaderSize: MAX_HEADER_BYTES,
      keepAliveTimeout: IDLE_CONNECTION_MS,
      // The one deadline of a send covers these.
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: (_options, callback) => {
        const socketLife = new AbortController();
        this.#socketLife = socketLife;
        this.trace = newTrace();
        dial({ target, memory, timeoutMs: this.#timeoutMs, trace: this.trace, signal: socketLife.signal }).then(
          (socket) => callback(null, socket),
          (error: unknown) => callback(error instanceof Error ? error : new Error(String(error)), null),
        );
      },
    });
  }

  /** Sends a request; what comes of it is told to the handler. The one before must have ended. */
  dispatch(request: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler, timeoutMs: number): void {
    this.#timeoutMs = timeoutMs;
    this.#client.dispatch(request, handler);
  }

  /** Closes the connection at once, whatever it is doing. */
  discard(): void {
    this.#client.destroy(null, ignore);
    this.#socketLife?.abort();
  }
}

function ignore(): void {}

import type { Dispatcher } from 'undici';
import type { Clock, Timer } from '../kernel/clock.ts';
import type { Connection } from './connection.ts';
import type { ConnectionPool, Passenger } from './connection-pool.ts';
import type { Exchange, Failure, OutboundRequest, PhaseTimings, TlsTrouble } from './exchange.ts';
import { codeOf, exchangeBroken, judgeStatus, tlsTroubleOf } from './failures.ts';
import { MAX_BODY_BYTES, ResponseBody } from './response-body.ts';
import { parseRetryAfter } from './retry-after.ts';
import { nameOf } from './target.ts';

/** A receiver may announce its answer (103, 102) a few times; one that does nothing else is cut off. */
const MAX_INTERIM_RESPONSES = 1000;

/** What undici calls a request it will not send: a mistake of ours, not of a receiver. */
const FAULTS = new Set(['UND_ERR_INVALID_ARG', 'UND_ERR_NOT_SUPPORTED', 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH']);

export interface FlightPlan {
  request: OutboundRequest;
  /** Path and query of the URL. */
  path: string;
  pool: ConnectionPool;
  clock: Clock;
  resolve: (exchange: Exchange) => void;
  reject: (reason: unknown) => void;
  /** Told once, when the flight has landed. */
  onLanded: () => void;
}

/**
 * One send from the wait for a connection to its exchange: it keeps the deadline, collects the answer, and lands once,
 * with what it knows at that moment. Undici talks to it as to a handler; after landing it hears nothing more.
 */
export class Flight implements Dispatcher.DispatchHandler, Passenger {
  readonly #plan: FlightPlan;
  readonly #startedAtMs: number;
  readonly #body = new ResponseBody();
  #deadline: Timer | null = null;
  #connection: Connection | null = null;
  #hasLanded = false;
  #answerBegan = false;
  #interimResponses = 0;
  /** Of the final answer; 0 until it has come. */
  #status = 0;
  #headers: Record<string, string> = {};
  #tlsTrouble: TlsTrouble | null = null;
  #readyAtMs: number | null = null;
  #sentAtMs: number | null = null;
  #firstByteAtMs: number | null = null;

  constructor(plan: FlightPlan) {
    this.#plan = plan;
    this.#startedAtMs = plan.clock.monotonicMs();
  }

  start(): void {
    const { request, pool, clock } = this.#plan;
    this.#deadline = clock.after(request.timeoutMs, () => this.#conclude(this.#overdue()));
    request.signal?.addEventListener('abort', this.#giveUp, { once: true });
    pool.enter(this);
  }

  board(connection: Connection): void {
    const { request, path } = this.#plan;
    this.#connection = connection;
    connection.dispatch(
      { path, method: request.method, headers: request.headers as string[], body: request.body },
      this,
      request.timeoutMs,
    );
  }

  onRequestStart(): void {
    if (this.#plan.request.fresh === true) this.#readyAtMs = this.#plan.clock.monotonicMs();
  }

  onRequestSent(): void {
    if (this.#plan.request.fresh === true) this.#sentAtMs = this.#plan.clock.monotonicMs();
  }

  onResponseStarted(): void {
    if (!this.#answerBegan && this.#plan.request.fresh === true) this.#firstByteAtMs = this.#plan.clock.monotonicMs();
    this.#answerBegan = true;
  }

  onResponseStart(
    _: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    if (status >= 200) {
      this.#status = status;
      this.#headers = joined(headers);
      return;
    }
    this.#interimResponses += 1;
    if (this.#interimResponses > MAX_INTERIM_RESPONSES) {
      const message = `${nameOf(this.#plan.pool.target)} sends interim (1xx) answers without end.`;
      this.#conclude({ code: 'response_invalid', message });
    }
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#hasLanded) return;
    this.#body.add(chunk);
    if (this.#body.receivedBytes > MAX_BODY_BYTES) this.#land(judgeStatus(this.#status), { isCut: true });
  }

  onResponseEnd(): void {
    this.#land(judgeStatus(this.#status), { isCut: false });
  }

  onResponseError(_: Dispatcher.DispatchController | null, error: Error): void {
    if (FAULTS.has(codeOf(error))) {
      this.#fail(new Error('The request cannot be sent.', { cause: error }));
      return;
    }
    const cause = (codeOf(error) === 'UND_ERR_SOCKET' ? this.#connection?.trace.brokenBy : null) ?? error;
    this.#tlsTrouble = tlsTroubleOf(cause);
    this.#conclude(exchangeBroken(this.#plan.pool.target, cause, this.#answerBegan));
  }

  /**
   * Lands a flight that was broken off. A status that is no success says more than how its body ended, and a 2xx whose
   * first 64 KiB have arrived is one.
   */
  #conclude(broken: Failure): void {
    const isAnswered = this.#status !== 0;
    const isEnough = this.#body.receivedBytes >= MAX_BODY_BYTES;
    const verdict = isAnswered ? judgeStatus(this.#status) : broken;
    this.#land(verdict ?? (isEnough ? null : broken), { isCut: true });
  }

  #land(failure: Failure | null, { isCut }: { isCut: boolean }): void {
    if (!this.#touchDown({ isSpent: isCut })) return;
    const { clock, resolve } = this.#plan;
    const totalMs = clock.monotonicMs() - this.#startedAtMs;
    const status = this.#status;
    resolve({
      durationMs: Math.round(totalMs),
      response:
        status === 0 ? null : { status, headers: this.#headers, body: this.#body.text(isCut), truncated: isCut },
      failure,
      retryAfterMs:
        status === 429 || status === 503 ? parseRetryAfter(this.#headers['retry-after'], clock.now()) : null,
      remoteAddress: this.#connection?.trace.remoteAddress ?? null,
      timings: this.#plan.request.fresh === true ? this.#timings(totalMs) : null,
      proxy: this.#plan.request.fresh === true ? (this.#connection?.trace.proxy ?? null) : null,
      certificate: this.#connection?.trace.certificate ?? null,
      tlsTrouble: failure?.code === 'tls_error' ? this.#tlsTrouble : null,
    });
  }

  #fail(reason: unknown): void {
    if (this.#touchDown({ isSpent: true })) this.#plan.reject(reason);
  }

  readonly #giveUp = (): void => this.#fail(this.#plan.request.signal?.reason);

  /** Ends the flight, once: gives up the timer, the signal and the connection. False when it has landed before. */
  #touchDown({ isSpent }: { isSpent: boolean }): boolean {
    if (this.#hasLanded) return false;
    this.#hasLanded = true;
    const { request, pool, onLanded } = this.#plan;
    this.#deadline?.cancel();
    request.signal?.removeEventListener('abort', this.#giveUp);
    if (this.#connection === null) pool.leave(this);
    else pool.giveBack(this.#connection, isSpent || request.fresh === true);
    onLanded();
    return true;
  }

  #overdue(): Failure {
    const { request, pool } = this.#plan;
    return {
      code: 'timeout',
      message: `${nameOf(pool.target)} was not done within ${request.timeoutMs} ms: ${this.#stage()}.`,
    };
  }

  /** What the flight is waiting for. */
  #stage(): string {
    if (this.#connection === null) return 'all connections were busy with earlier requests';
    if (this.#status !== 0) return 'the body of its answer had not ended';
    switch (this.#connection.trace.phase) {
      case 'resolving':
        return 'its name was not resolved';
      case 'connecting':
        return 'it did not accept the connection';
      case 'tunnel':
        return 'the proxy had not opened a way to it';
      case 'handshake':
        return 'it did not finish the TLS handshake';
      case 'connected':
        return this.#answerBegan ? 'the head of its answer had not ended' : 'it did not answer';
    }
  }

  #timings(totalMs: number): PhaseTimings {
    const trace = this.#connection?.trace;
    return {
      dnsMs: between(0, trace?.dnsMs ?? null),
      connectMs: between(0, trace?.connectMs ?? null),
      tlsMs: between(0, trace?.tlsMs ?? null),
      sentMs: between(this.#readyAtMs, this.#sentAtMs),
      firstByteMs: between(this.#sentAtMs, this.#firstByteAtMs),
      totalMs: tenths(totalMs),
    };
  }
}

function between(fromMs: number | null, toMs: number | null): number | null {
  return fromMs === null || toMs === null ? null : tenths(toMs - fromMs);
}

function tenths(ms: number): number {
  return Math.round(ms * 10) / 10;
}

/** The headers as undici gives them, with those that came more than once put together. */
function joined(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  for (const name in headers) {
    const value = headers[name];
    if (Array.isArray(value)) headers[name] = value.join(', ');
  }
  return headers as Record<string, string>;
}

import { Connection } from './connection.ts';
import type { Dial, TlsMemory } from './dial.ts';
import type { Target } from './target.ts';

/** Someone who wants a connection, and is told when there is one. */
export interface Passenger {
  board(connection: Connection): void;
}

/**
 * The connections of one lane to one target. Idle ones are taken last in, first out, so that the ones a quieter lane
 * no longer needs go idle and close by themselves.
 *
 * Undici's own pool is not used, because it counts a connection as busy until the loop's next turn: the send that
 * follows an answer at once would open a second one, and a dial could not be called off with the send that wants it.
 */
export class ConnectionPool {
  maxConnections = 1;
  lastUsedAtMs = 0;
  readonly target: Target;
  readonly #dial: Dial;
  readonly #memory: TlsMemory | null;
  readonly #idle: Connection[] = [];
  readonly #waiting = new Set<Passenger>();
  #busy = 0;
  #isClosed = false;

  /** `memory`: null where no TLS session is to be resumed and the certificate is wanted. */
  constructor(target: Target, dial: Dial, memory: TlsMemory | null) {
    this.target = target;
    this.#dial = dial;
    this.#memory = memory;
  }

  /** Boards the passenger, at once when a connection is idle or may be opened, else when one is given back. */
  enter(passenger: Passenger): void {
    if (this.#busy >= this.maxConnections) {
      this.#waiting.add(passenger);
      return;
    }
    this.#busy += 1;
    passenger.board(this.#idle.pop() ?? new Connection(this.target, this.#dial, this.#memory));
  }

  /** Strikes out a passenger that no longer wants to board. */
  leave(passenger: Passenger): void {
    this.#waiting.delete(passenger);
  }

  /** Takes back a connection, to be kept unless it is spent. */
  giveBack(connection: Connection, isSpent: boolean): void {
    this.#busy -= 1;
    const isSurplus = this.#busy + this.#idle.length >= this.maxConnections;
    if (isSpent || isSurplus || this.#isClosed) connection.discard();
    else this.#idle.push(connection);
    const [next] = this.#waiting;
    if (next === undefined || this.#busy >= this.maxConnections) return;
    this.#waiting.delete(next);
    this.enter(next);
  }

  /** Closes what is idle now, and the rest as it is given back. */
  close(): void {
    this.#isClosed = true;
    for (const connection of this.#idle.splice(0)) connection.discard();
  }

  get isBusy(): boolean {
    return this.#busy > 0;
  }
}

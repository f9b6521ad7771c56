import type { CommandRef, QueryRef } from './command.ts';

/** What makes a request recognisable (`Idempotency-Key`): `scope` is the caller and the route, `fingerprint` a hash of it. */
export interface OnceKey {
  scope: string;
  key: string;
  fingerprint: string;
  now: number;
}

/** Makes a command run once for a caller who may ask twice. Its value, and `aside`, are kept in the effect's transaction. */
export interface OnceOnly extends OnceKey {
  /** What the answer shows beside the command's value, sealed; null when that is all of it. */
  aside: string | null;
}

/** A command's answer; `repeated` says that it is the kept answer of an earlier call with the same key. */
export interface OnceAnswer<O> {
  value: O;
  aside: string | null;
  repeated: boolean;
}

/** The only way to the database, from any module. */
export interface Store {
  /**
   * Runs a command and answers once it is synced to disk. Throws the command's own `Refusal`, or
   * `storage_unavailable` when the disk would not take it; then nothing of it has happened.
   */
  run<I, O>(ref: CommandRef<I, O>, input: I): Promise<O>;
  /** `run`, at most once for each key. Throws `idempotency_mismatch` when the key belongs to another request. */
  runOnce<I, O>(ref: CommandRef<I, O>, input: I, once: OnceOnly): Promise<OnceAnswer<O>>;
  /** Reads in a snapshot that holds at least everything whose answer had been given before the call. */
  read<I, O>(ref: QueryRef<I, O>, input: I): Promise<O>;
  /** Calls `listener` with what commands signalled, after their commit, in the order of the commits. */
  subscribe<T>(topic: string, listener: (payload: T) => void): void;
  /** Commands handed in and not yet answered, and how long the last flush took: for metrics. */
  readonly load: StoreLoad;
  /** Has what was committed brought into the database file soon, which is also when that shrinks. */
  checkpoint(): void;
  /** Lets what was handed in finish, then closes the files. */
  close(): Promise<void>;
}

export interface StoreLoad {
  waiting: number;
  lastFlushMs: number;
  flushes: number;
}

/**
 * Signalled by commands with whether old work waits for room, when that changes: new work is then taken in more slowly.
 */
export const STORE_PRESSURE = 'store.pressure';

/** Signalled when the disk stops taking writes, with the reason, and with null when it takes them again. */
export const STORE_TROUBLE = 'store.trouble';

import type { Ids } from '../kernel/ids.ts';

/** What a column can hold: JSON goes in as text, instants as epoch milliseconds, truth as 0 or 1. */
export type Param = string | number | null;

/** SQLite answers at once, PostgreSQL later: commands `await` either. */
export type MaybePromise<T> = T | Promise<T>;

/** Reads inside one snapshot. SQL is written with `?` placeholders and in the words both databases share. */
export interface ReadTx {
  /** The first row, or undefined when there is none. */
  get<R>(sql: string, ...params: Param[]): MaybePromise<R | undefined>;
  all<R>(sql: string, ...params: Param[]): MaybePromise<R[]>;
}

/** Reads and writes inside one command. Nothing of it is there for anyone until its group has been committed. */
export interface Tx extends ReadTx {
  /** Runs one statement and returns how many rows it changed. */
  run(sql: string, ...params: Param[]): MaybePromise<number>;
  /** Runs one statement for each row of parameters and returns how many rows they changed in all. */
  runMany(sql: string, rows: readonly Param[][]): MaybePromise<number>;
  /** The next number of a gap-free counter, from 1: a refused command gives its number back. */
  next(counter: string): MaybePromise<number>;
  readonly ids: Ids;
  /** Hands data to `Store.subscribe` of that topic after the commit, before the command's own answer; never if it is rolled back. */
  signal(topic: string, payload: unknown): void;
  /** Undoes a change made to memory, should this command be rolled back. Runs in reverse order. */
  onRollback(undo: () => void): void;
  /** Changes memory only once the command's group is on disk. */
  onCommit(run: () => void): void;
}

/** The name and types of a write. The types exist for the compiler only. */
export interface CommandRef<I, O> extends CommandTraits<I> {
  readonly kind: 'command';
  readonly name: string;
  readonly types?: (input: I) => O;
}

/** How the store should treat a command among others that wait for it. */
export interface CommandTraits<I> {
  /** How many rows or so an input stands for: groups are made of a bounded weight. 1 where left out. */
  readonly weigh?: (input: I) => number;
  /** Goes before what is not urgent: work that ends something, so that new work can begin. */
  readonly isUrgent?: boolean;
  /** How an input crosses to another thread where the way of the engine, a clone, is too dear. */
  readonly packing?: Packing<I>;
}

/**
 * A value as arrays of primitives, and back. It crosses between threads at a third of what the object would cost
 * (measured: 4 against 10 µs for a settlement), so it is worth it for what there is one of for every event.
 */
export interface Packing<T> {
  pack(value: T): unknown;
  unpack(packed: never): T;
}

/** The name and types of a read. */
export interface QueryRef<I, O> {
  readonly kind: 'query';
  readonly name: string;
  readonly types?: (input: I) => O;
}

export function command<I, O>(name: string, traits: CommandTraits<I> = {}): CommandRef<I, O> {
  return { kind: 'command', name, ...traits };
}

export function query<I, O>(name: string): QueryRef<I, O> {
  return { kind: 'query', name };
}

/** A command or query with the function that carries it out, as the store's threads hold it. */
export type Handler =
  | {
      kind: 'command';
      name: string;
      run: (tx: Tx, input: never) => MaybePromise<unknown>;
      packing: Packing<never> | null;
    }
  | { kind: 'query'; name: string; run: (tx: ReadTx, input: never) => MaybePromise<unknown> };

/**
 * Binds a command to its function `(tx, input) → value`. The function must not wait for anything but `tx`: on SQLite it
 * runs to its end inside the group's transaction. Input and value are plain data.
 */
export function handleCommand<I, O>(ref: CommandRef<I, O>, run: (tx: Tx, input: I) => MaybePromise<O>): Handler {
  const packing = (ref.packing ?? null) as Packing<never> | null;
  return { kind: 'command', name: ref.name, run: run as (tx: Tx, input: never) => MaybePromise<unknown>, packing };
}

/** Binds a query to its function. The `ReadTx` it is given cannot write. */
export function handleQuery<I, O>(ref: QueryRef<I, O>, run: (tx: ReadTx, input: I) => MaybePromise<O>): Handler {
  return { kind: 'query', name: ref.name, run: run as (tx: ReadTx, input: never) => MaybePromise<unknown> };
}

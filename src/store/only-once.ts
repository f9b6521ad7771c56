import type { CommandRef } from './command.ts';
import type { OnceKey, Store } from './store.ts';

/** A request that its caller may send twice, and the answer kept of the first time, if this is the second. */
export interface OnceRequest extends OnceKey {
  kept: { value: unknown; aside: unknown } | null;
  /** Seals what is to be kept aside of the answer, for this request alone. */
  seal(aside: unknown): string;
  /** What `seal` sealed. */
  open(sealed: string): unknown;
}

/** A command's input, and what its answer shows beside the command's value, such as a secret that is shown once. */
export interface Prepared<I, A> {
  input: I;
  aside: A;
}

/**
 * Carries out a request's one command, at most once for each of its keys; without a key, simply carries it out.
 * `prepare` checks and makes the input, and is not called for a repetition: what was acceptable the first time need not
 * be any more. Returns what an answer is made from, the same each time: the command's value, kept in the transaction of
 * the effect as it is and so never with an open secret in it, and what `prepare` put aside, kept with it sealed. A
 * `prepare` or command that refuses leaves the key free.
 */
export async function onlyOnce<I, O, A>(
  store: Store,
  ref: CommandRef<I, O>,
  once: OnceRequest | null,
  prepare: () => Prepared<I, A> | Promise<Prepared<I, A>>,
): Promise<{ value: O; aside: A }> {
  // Of the same route and request, and so what this very call returned the first time.
  if (once !== null && once.kept !== null) return once.kept as { value: O; aside: A };
  const { input, aside } = await prepare();
  if (once === null) return { value: await store.run(ref, input), aside };
  const { scope, key, fingerprint, now } = once;
  const sealed = aside === null ? null : once.seal(aside);
  const answer = await store.runOnce(ref, input, { scope, key, fingerprint, now, aside: sealed });
  return {
    value: answer.value,
    aside: answer.repeated && answer.aside !== null ? (once.open(answer.aside) as A) : aside,
  };
}

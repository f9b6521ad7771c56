import { nextTurn } from '../kernel/clock.ts';
import { messageOf, Refusal, SetupError } from '../kernel/errors.ts';
import type { Random } from '../kernel/random.ts';
import { createKeyring, type Keyring, type MasterKeys, type Sealed, type Sealer } from '../kernel/sealing.ts';
import { type OnceRequest, onlyOnce, type Store } from '../store/index.ts';
import { makeMasterKey, readKeyFile, readOrMakeKeyFile, writeKeyFile } from './key-file.ts';
import {
  type NotedKeys,
  noteKeys,
  replaceSecrets,
  type SealedCursor,
  type SealedSecret,
  settleOnKey,
  staleSecrets,
} from './sealed.store.ts';

/**
 * The keyring of a store, from its key file. With `mayMake`, when nothing has been sealed in the store yet, a missing
 * file is made. Throws a `SetupError` when the file lacks a key that something in the store may be sealed with.
 */
export async function openKeyring(options: {
  store: Store;
  keyFile: string;
  mayMake: boolean;
  random: Random;
}): Promise<Keyring> {
  const { store, keyFile, mayMake, random } = options;
  const keyring = createKeyring(mayMake ? readOrMakeKeyFile(keyFile, random) : readKeyFile(keyFile));
  const { missing } = await store.run(noteKeys, { keyIds: keyring.keyIds });
  if (missing.length > 0) throw lacksKeys(keyFile, missing);
  return keyring;
}

interface Dependencies {
  store: Store;
  keyring: Keyring;
  keyFile: string;
  random: Random;
}

/** The name of the master key that everything is sealed with. */
export interface Rotated {
  keyId: string;
}

/**
 * Seals everything with a new master key, while others go on using the keyring; one that was broken off is finished
 * instead. Throws a `SetupError` when the key file does not allow it, and a `Refusal` when the store does not: nothing is
 * lost then, and the next rotation goes on from there.
 */
export async function rotateMasterKey(dependencies: Dependencies, once: OnceRequest | null): Promise<Rotated> {
  const steps = rotationSteps(dependencies, once);
  let step = await steps.next();
  while (step.done !== true) step = await steps.next();
  return step.value;
}

/**
 * A rotation, which rests after each step that is on disk: a process may die at any point, because no secret is ever
 * sealed with a key that the file does not hold yet, or holds no more.
 *
 * ```
 * the file holds the new key too ─▶ the store says so ─▶ all is sealed with it ─▶ the store says so ─▶ the file holds it alone
 * ```
 */
export async function* rotationSteps(
  { store, keyring, keyFile, random }: Dependencies,
  once: OnceRequest | null,
): AsyncGenerator<string, Rotated> {
  const before = readKeyFile(keyFile);
  const isBegun = before.length > 1;
  // Whoever asks again asks for the rotation of then; if it is over, that is all.
  if (once !== null && once.kept !== null && !isBegun) return rotatedOf(once.kept.value as NotedKeys);
  assertHolds(before, keyring.keyIds, keyFile);
  const keys: MasterKeys = isBegun ? before : [makeMasterKey(random), ...before];
  if (!isBegun) writeKeyFile(keyFile, keys);
  yield 'the key file holds the new key too';

  const input = { keyIds: createKeyring(keys).keyIds };
  const { value } = await onlyOnce(store, noteKeys, once, () => ({ input, aside: null }));
  yield 'the store names the new key too';

  keyring.adopt(keys);
  for (;;) {
    // Whoever seals something hands it to the store in the same turn, and the store runs commands in that order. So once
    // this one has run, what others sealed with the key before, or had read while it was sealed so, is there to be found.
    await new Promise<void>(nextTurn);
    await store.run(noteKeys, input);
    if (!(await resealSome(store, keyring))) break;
    yield 'secrets are sealed with the new key';
  }

  await store.run(settleOnKey, { keyId: keyring.keyId });
  yield 'the store names the new key alone';

  keyring.adopt([keys[0]]);
  writeKeyFile(keyFile, [keys[0]]);
  return rotatedOf(value);
}

/** Seals with the newest key what another one has sealed. False when there was nothing. */
async function resealSome(store: Store, sealer: Sealer): Promise<boolean> {
  let isAny = false;
  for (let cursor: SealedCursor | null = { part: 0, after: null }; cursor !== null; ) {
    const { holders, next }: Awaited<ReturnType<typeof nextStale>> = await nextStale(store, sealer, cursor);
    const replaced = holders.map(({ part, key, secrets }) => ({
      part,
      key,
      replacements: secrets.map((secret) => ({ from: secret.sealed, to: reseal(sealer, secret) })),
    }));
    if (replaced.length > 0) await store.run(replaceSecrets, replaced);
    isAny ||= replaced.length > 0;
    cursor = next;
  }
  return isAny;
}

function nextStale(store: Store, { keyId }: Sealer, cursor: SealedCursor) {
  return store.read(staleSecrets, { keyId, cursor });
}

function reseal(sealer: Sealer, { sealed, place }: SealedSecret): Sealed {
  try {
    return sealer.reseal(sealed, place);
  } catch (error) {
    throw new SetupError(
      `The secret at ${place} cannot be opened, so the key file keeps the keys before as well: ${messageOf(error)}`,
      { cause: error },
    );
  }
}

function rotatedOf({ keyId }: NotedKeys): Rotated {
  return { keyId };
}

function assertHolds(keys: MasterKeys, keyIds: readonly string[], keyFile: string): void {
  const held = createKeyring(keys).keyIds;
  const missing = keyIds.filter((id) => !held.includes(id));
  if (missing.length > 0) throw lacksKeys(keyFile, missing);
}

function lacksKeys(keyFile: string, missing: readonly string[]): SetupError {
  return new SetupError(
    `The key file ${keyFile} is not the one that the secrets in the database were sealed with: it lacks the key ${missing.join(', ')}.`,
  );
}

/** Rotates the master key, at most once for each request; null: whoever asks has no key for it. */
export type Rotate = (once: OnceRequest | null) => Promise<Rotated>;

/** Rotations of a running server, one at a time: another one meanwhile is refused (409). `onRotated` is told of each. */
export function createRotations(dependencies: Dependencies & { onRotated: (rotated: Rotated) => void }): Rotate {
  let isUnderWay = false;
  return async (once) => {
    if (isUnderWay) throw new Refusal('conflict', 'A rotation of the master key is under way.');
    isUnderWay = true;
    try {
      const rotated = await rotateMasterKey(dependencies, once);
      dependencies.onRotated(rotated);
      return rotated;
    } catch (error) {
      if (error instanceof SetupError) throw new Refusal('storage_unavailable', error.message);
      throw error;
    } finally {
      isUnderWay = false;
    }
  };
}

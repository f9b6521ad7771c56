import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { messageOf, SetupError } from '../kernel/errors.ts';
import type { Random } from '../kernel/random.ts';
import { MASTER_KEY_BYTES, type MasterKeys } from '../kernel/sealing.ts';

/**
 * The master keys in a key file: 32 bytes in base64 on each line, the newest first. There is one, and two while a
 * rotation is under way. Throws a `SetupError` when the file is missing, unreadable, or holds anything else.
 */
export function readKeyFile(path: string): MasterKeys {
  if (!existsSync(path)) {
    throw new SetupError(
      `The key file ${path} is missing, and the secrets in the database cannot be opened without it. Put it back, or name it by WAYBILL_KEY_FILE.`,
    );
  }
  const lines = read(path).split('\n');
  const [first, ...others] = lines
    .filter((line) => line.trim() !== '')
    .map((line) => Buffer.from(line.trim(), 'base64'));
  if (first === undefined || [first, ...others].some((key) => key.length !== MASTER_KEY_BYTES)) {
    throw new SetupError(
      `The key file ${path} must hold ${MASTER_KEY_BYTES} bytes in base64, or several keys like that, one on each line.`,
    );
  }
  return [first, ...others];
}

/** The master keys in a key file, which is made with a new key where it is missing. Throws as `readKeyFile` does. */
export function readOrMakeKeyFile(path: string, random: Random): MasterKeys {
  if (!existsSync(path)) {
    try {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      writeFileSync(path, contentOf([makeMasterKey(random)]), { mode: 0o600, flag: 'wx', flush: true });
    } catch (error) {
      throw new SetupError(`The key file ${path} cannot be made: ${messageOf(error)}`);
    }
  }
  return readKeyFile(path);
}

/**
 * Puts these keys in the place of those in the file: at every moment, also after a power cut, it holds the ones or the
 * others. A link to it stays a link. Throws a `SetupError`, with the file as it was, when it cannot be written.
 */
export function writeKeyFile(path: string, keys: MasterKeys): void {
  try {
    const target = realpathSync(path);
    const unfinished = `${target}.part`;
    rmSync(unfinished, { force: true });
    writeFileSync(unfinished, contentOf(keys), { mode: 0o600, flag: 'wx', flush: true });
    renameSync(unfinished, target);
    syncFolder(dirname(target));
  } catch (error) {
    throw new SetupError(`The key file ${path} cannot be written: ${messageOf(error)}`, { cause: error });
  }
}

/** 32 random bytes. */
export function makeMasterKey(random: Random): Uint8Array {
  return random.fill(new Uint8Array(MASTER_KEY_BYTES));
}

function contentOf(keys: MasterKeys): string {
  return keys.map((key) => `${Buffer.from(key).toString('base64')}\n`).join('');
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new SetupError(`The key file ${path} cannot be read: ${messageOf(error)}`);
  }
}

/** Until then the new name of a file may be lost with the power (fsync(2)). Windows has no such call for folders. */
function syncFolder(path: string): void {
  if (process.platform === 'win32') return;
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { messageOf, SetupError } from '../kernel/errors.ts';
import type { Random } from '../kernel/random.ts';
import { MASTER_KEY_BYTES } from '../kernel/sealing.ts';

/**
 * The master key from its file: 32 bytes in base64. A missing one is made only when nothing has been sealed with it
 * yet. Throws a `SetupError` when it is missing, unreadable or of another length.
 */
export function loadMasterKey(path: string, options: { mayMake: boolean; random: Random }): Buffer {
  if (!existsSync(path)) {
    if (!options.mayMake) {
      throw new SetupError(
        `The key file ${path} is missing, and the secrets in the database cannot be opened without it. Put it back, or name it by WAYBILL_KEY_FILE.`,
      );
    }
    makeKeyFile(path, options.random);
  }
  const key = Buffer.from(readKeyFile(path).trim(), 'base64');
  if (key.length !== MASTER_KEY_BYTES) {
    throw new SetupError(`The key file ${path} must hold ${MASTER_KEY_BYTES} bytes in base64.`);
  }
  return key;
}

function makeKeyFile(path: string, random: Random): void {
  const key = Buffer.from(random.fill(new Uint8Array(MASTER_KEY_BYTES)));
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(path, `${key.toString('base64')}\n`, { mode: 0o600, flag: 'wx', flush: true });
  } catch (error) {
    throw new SetupError(`The key file ${path} cannot be made: ${messageOf(error)}`);
  }
}

function readKeyFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new SetupError(`The key file ${path} cannot be read: ${messageOf(error)}`);
  }
}

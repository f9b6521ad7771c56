import { existsSync } from 'node:fs';
import { createKeyring, type Keyring } from '../kernel/sealing.ts';
import type { ReadTx } from '../store/index.ts';
import { readKeyFile } from './key-file.ts';
import { notedKeys } from './sealed.store.ts';

/**
 * The keys of a key file, and the names of those that it lacks, for tools that check a data folder. Null when there is
 * no file yet and nothing has been sealed. Changes nothing. Throws a `SetupError` when the file cannot be used.
 */
export async function inspectKeyFile(
  tx: ReadTx,
  keyFile: string,
): Promise<{ keyring: Keyring; missing: string[] } | null> {
  const noted = await notedKeys(tx);
  if (noted.length === 0 && !existsSync(keyFile)) return null;
  const keyring = createKeyring(readKeyFile(keyFile));
  return { keyring, missing: noted.filter((id) => !keyring.keyIds.includes(id)) };
}

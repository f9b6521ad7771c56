import type { Random } from '../kernel/random.ts';
import type { Store } from '../store/index.ts';
import { isSameToken, makeToken } from './tokens.ts';
import { hasAdministrator } from './users.store.ts';

/** How the first administrator is created: with a token that only those know who run the server. */
export interface Setup {
  /** Whether there is no administrator yet. */
  isNeeded(): Promise<boolean>;
  accepts(token: string): boolean;
  /** The token to show at the console; null when there is an administrator, or when the token is known already. */
  tokenToShow(): Promise<string | null>;
}

/**
 * The token is made at the start, kept in memory alone, and so good until the process ends; no use once there is an
 * administrator. Where the settings have an API key, that is the token: nothing has to be shown then.
 */
export function createSetup({
  store,
  random,
  bootstrapKey,
}: {
  store: Store;
  random: Random;
  bootstrapKey: string | null;
}): Setup {
  const token = bootstrapKey ?? makeToken(random);
  const isNeeded = async () => !(await store.read(hasAdministrator, null));
  return {
    isNeeded,
    accepts: (given) => isSameToken(given, token),
    async tokenToShow() {
      return bootstrapKey === null && (await isNeeded()) ? token : null;
    },
  };
}

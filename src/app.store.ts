import type { CommandOptions } from './app.commands.ts';
import { loadMasterKey, type Settings } from './config/index.ts';
import { systemClock } from './kernel/clock.ts';
import { createIds } from './kernel/ids.ts';
import { systemRandom } from './kernel/random.ts';
import { openSqliteStore, peekSetting, type Store } from './store/index.ts';
import { SEALED_BY } from './webhooks/sealed-by.ts';

/** The store of a server that is starting. Its threads start at once, while the rest is still being loaded. */
export interface OpeningStore {
  /** Rejects with a `SetupError` when the data folder does not allow it. */
  store: Promise<Store>;
  /** Whether secrets have been sealed in it before: then the key must be there. */
  isSealed: boolean;
}

/**
 * Opens the store of the data folder. Throws a `SetupError`, with nothing touched, when its secrets were sealed with a
 * key that is not there.
 */
export function openStore(settings: Settings, onBroken: (message: string) => void): OpeningStore {
  const isSealed = peekSetting(settings.dataDir, SEALED_BY) !== null;
  if (isSealed) loadMasterKey(settings.keyFile, { mayMake: false, random: systemRandom });
  const threadOptions: CommandOptions = {
    bootId: createIds(systemRandom).make('boot', systemClock.now()),
    maxInFlight: settings.maxInFlight,
  };
  const store = openSqliteStore({
    folder: settings.dataDir,
    threadModule: new URL('../bin/worker.js', import.meta.url),
    threadOptions,
    onBroken,
  });
  // Whoever awaits it hears of a failure; nobody may be listening yet.
  store.catch(() => undefined);
  return { store, isSealed };
}

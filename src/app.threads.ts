import type { CommandOptions } from './app.commands.ts';
import type { Secrets, Settings } from './config/index.ts';
import { parseEgressAllow, parseProxy, type Sender, startSender } from './egress/index.ts';
import { systemClock } from './kernel/clock.ts';
import { createIds } from './kernel/ids.ts';
import { systemRandom } from './kernel/random.ts';
import { readKeyFile } from './sealing/key-file.ts';
import { SEALED_BY } from './sealing/sealed.store.ts';
import { openSqliteStore, peekSetting, type Store } from './store/index.ts';

/** The threads of a server that is starting. They start at once, while the rest is still being loaded. */
export interface Threads {
  /** Rejects with a `SetupError` when the data folder does not allow it. */
  store: Promise<Store>;
  sender: Sender;
  /** Whether secrets have been sealed in it before: then the key must be there. */
  isSealed: boolean;
}

/** The module that every thread of ours is started with. */
export const threadModule = new URL('../bin/worker.js', import.meta.url);

/**
 * Opens the store of the data folder, and starts the thread that sends. Throws a `SetupError`, with nothing touched,
 * when the store's secrets were sealed with a key that is not there, or allow list or proxy cannot be read.
 */
export function startThreads(
  { settings, secrets }: { settings: Settings; secrets: Secrets },
  onBroken: (message: string) => void,
): Threads {
  const { egressAllow, noProxy } = settings;
  const { httpProxy } = secrets;
  parseEgressAllow(egressAllow);
  parseProxy(httpProxy, noProxy);
  const isSealed = peekSetting(settings.dataDir, SEALED_BY) !== null;
  if (isSealed) readKeyFile(settings.keyFile);
  const store = openStore(settings, onBroken);
  // Whoever awaits it hears of a failure; nobody may be listening yet.
  store.catch(() => undefined);
  const sender = startSender({ threadModule, egressAllow, httpProxy, noProxy, onBroken });
  return { store, sender, isSealed };
}

/**
 * Opens the store of the data folder, alone: the folder is this process's until it is closed. Rejects with a
 * `SetupError` when the data folder does not allow it.
 */
export function openStore(settings: Settings, onBroken: (message: string) => void): Promise<Store> {
  const threadOptions: CommandOptions = {
    bootId: createIds(systemRandom).make('boot', systemClock.now()),
    maxInFlight: settings.maxInFlight,
  };
  return openSqliteStore({ folder: settings.dataDir, threadModule, threadOptions, onBroken });
}

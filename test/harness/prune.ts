import { pruneOld } from '../../src/deliveries/retention.store.ts';
import { openSqliteStore } from '../../src/store/index.ts';

/** Has retention delete everything that has ended, in the data folder of a server that is stopped. */
export async function pruneAll(dataDir: string): Promise<void> {
  const store = await openSqliteStore({
    folder: dataDir,
    threadModule: new URL('../../bin/worker.js', import.meta.url),
    threadOptions: { bootId: 'boot_of_a_test', maxInFlight: 1 },
    onBroken: (message) => {
      throw new Error(message);
    },
  });
  const now = Date.now();
  for (let after: number | null = 0; after !== null; ) {
    const step: { next: number | null } = await store.run(pruneOld, { before: now + 1, after });
    after = step.next;
  }
  await store.close();
}

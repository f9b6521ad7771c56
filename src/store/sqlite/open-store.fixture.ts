import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Store } from '../store.ts';
import { openSqliteStore } from './open.ts';

/** A folder of the test's own, removed when it has finished. */
export function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'waybill-store-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A store with real threads on that folder. `broken` collects what it said when it gave itself up. */
export async function openStore(folder: string): Promise<{ store: Store; broken: string[]; close(): Promise<void> }> {
  const broken: string[] = [];
  const store = await openSqliteStore({
    folder,
    threadModule: new URL('./suite.worker.fixture.ts', import.meta.url),
    threadOptions: null,
    onBroken: (message) => broken.push(message),
  });
  let closed: Promise<void> | null = null;
  const close = (): Promise<void> => {
    closed ??= store.close();
    return closed;
  };
  onTestFinished(close);
  return { store, broken, close };
}

import { command, type Handler, handleCommand, type Store } from '../store/index.ts';

/** The setting that names the key all secrets are sealed with; it is there from the first start on. */
export const SEALED_BY = 'sealed_by';

const ensure = command<{ keyId: string }, string>('webhooks.ensure_sealed_by');

/** Writes down the key's name at the first start. Returns the name that is written down. */
export function ensureSealedBy(store: Store, keyId: string): Promise<string> {
  return store.run(ensure, { keyId });
}

export function sealedByHandlers(): Handler[] {
  return [
    handleCommand(ensure, async (tx, { keyId }) => {
      await tx.run('INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING', SEALED_BY, keyId);
      const row = await tx.get<{ value: string }>('SELECT value FROM settings WHERE name = ?', SEALED_BY);
      return (row as { value: string }).value;
    }),
  ];
}

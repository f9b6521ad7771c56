import { command, type Handler, handleCommand } from './command.ts';

/** Writes one row, to see that the disk takes it. */
export const probeStore = command<{ now: number }, null>('store.probe');

export function healthHandlers(): Handler[] {
  return [
    handleCommand(probeStore, async (tx, { now }) => {
      await tx.run(
        "INSERT INTO settings (name, value) VALUES ('store.probed_at', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        String(now),
      );
      return null;
    }),
  ];
}

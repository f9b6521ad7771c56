import type { Command } from 'commander';
import { addGlobalOptions, dataFolderCommand, optionsOf, type Shell } from '../command-line.ts';
import type { RotateKeysOptions } from '../keys.ts';

/** Adds `waybill keys`. */
export function addKeys(program: Command, shell: Shell): void {
  const keys = program.command('keys').description('the master key, which seals every secret that is kept');
  const rotate = dataFolderCommand(
    keys,
    'rotate',
    'seal every secret with a new master key; the server may be up or down',
  );
  addGlobalOptions(rotate).action(async (_options: unknown, command: Command) => {
    const options = { ...optionsOf<RotateKeysOptions>(command), io: shell.io };
    const { rotateKeys } = await import('../keys.ts');
    shell.end(await rotateKeys(options));
  });
}

import type { Command } from 'commander';
import { dataFolderCommand, optionsOf, type Shell } from '../command-line.ts';
import type { ServeOptions } from '../serve.ts';

/** Adds `waybill serve` and `waybill demo`. */
export function addServe(program: Command, shell: Shell): void {
  dataFolderCommand(program, 'serve', 'run the server in the foreground')
    .option('--listen <address>', 'host:port of UI and API; port 0 is any free one (WAYBILL_LISTEN)')
    .action(async (_options: unknown, command: Command) => {
      const options = { ...optionsOf<ServeOptions>(command), io: shell.io };
      const { serve } = await import('../serve.ts');
      shell.end(await serve(options));
    });

  program
    .command('demo')
    .description('run the server on a throw-away data folder and watch one delivery arrive')
    .option('--exit', 'end after the first delivery: 0, or 1 if it did not arrive')
    .action(async (_options: unknown, command: Command) => {
      const options = { ...command.opts<{ exit?: boolean }>(), io: shell.io };
      const { demo } = await import('../demo.ts');
      shell.end(await demo(options));
    });
}

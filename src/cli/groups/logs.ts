import { type Command, Option } from 'commander';
import { apiCommand, connectFor, pageOptions, queryOf, rangeOptions, type Shell } from '../command-line.ts';

/** Adds `waybill logs`. */
export function addLogs(program: Command, shell: Shell): void {
  const logs = apiCommand(program, 'logs', "show the server's own log, newest first")
    .addOption(
      new Option('--level <level>', 'this level and those above it').choices([
        'trace',
        'debug',
        'info',
        'warn',
        'error',
        'fatal',
      ]),
    )
    .option('--q <text>', 'text anywhere in the line, in upper or lower case');
  rangeOptions(logs, { from: 'at or after this instant', to: 'before this instant' });
  pageOptions(logs).action(async (options: Record<string, string | number>, command: Command) => {
    const { listLogs } = await import('../logs.ts');
    shell.end(await listLogs(await connectFor(command, shell.io), queryOf(options)));
  });
}

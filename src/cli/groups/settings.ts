import { Argument, type Command } from 'commander';
import { apiCommand, connectFor, type Shell } from '../command-line.ts';
import type { SettingsName } from '../settings.ts';

/** Adds `waybill settings`. */
export function addSettings(program: Command, shell: Shell): void {
  const settings = program.command('settings').description('what holds for the whole instance');
  const names: SettingsName[] = ['webhooks', 'instance'];
  const which = () => new Argument('<which>', 'what webhooks inherit, or who the instance is').choices(names);

  apiCommand(settings, 'show', 'show settings')
    .addArgument(which())
    .action(async (name: SettingsName, _options: unknown, command: Command) => {
      const { showSettings } = await import('../settings.ts');
      shell.end(await showSettings(await connectFor(command, shell.io), name));
    });

  apiCommand(settings, 'replace', 'replace settings: what is left out goes back to its built-in value')
    .addArgument(which())
    .argument('<file>', 'the settings as a JSON object, as `settings show --json` prints them; - is standard input')
    .action(async (name: SettingsName, file: string, _options: unknown, command: Command) => {
      const { replaceSettings } = await import('../settings.ts');
      shell.end(await replaceSettings(await connectFor(command, shell.io), name, file));
    });
}

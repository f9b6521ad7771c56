import type { Command } from 'commander';
import { apiCommand, connectFor, type Shell } from '../command-line.ts';
import type { PreviewOptions } from '../templates.ts';

/** Adds `waybill templates`. */
export function addTemplates(program: Command, shell: Shell): void {
  const templates = program.command('templates').description('bodies of your own making');

  apiCommand(templates, 'preview', 'show what a template makes of an event, and what is wrong with it')
    .requiredOption('--file <file>', 'the template; - is standard input')
    .option('--content-type <type>', 'what the body is sent as', 'application/json')
    .option(
      '--event-type <type>',
      'render it for the sample of this type (transfer.completed unless an event is named)',
    )
    .option('--event-id <id>', 'render it for this event that was published')
    .action(async (options: PreviewOptions, command: Command) => {
      const { previewTemplate } = await import('../templates.ts');
      shell.end(await previewTemplate(await connectFor(command, shell.io), options));
    });

  apiCommand(templates, 'presets', 'list the templates that Waybill comes with, or print one')
    .argument('[id]', 'print the template of this one alone, such as slack')
    .action(async (id: string | undefined, _options: unknown, command: Command) => {
      const { showPresets } = await import('../templates.ts');
      shell.end(await showPresets(await connectFor(command, shell.io), id ?? null));
    });
}

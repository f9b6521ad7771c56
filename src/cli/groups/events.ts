import { type Command, Option } from 'commander';
import {
  apiCommand,
  asksForJson,
  connectFor,
  idCommand,
  pageOptions,
  queryOf,
  rangeOptions,
  type Shell,
  visibleAscii,
  wholeNumber,
} from '../command-line.ts';
import type { PublishOptions } from '../events.ts';

/** Adds `waybill events`: publish events and read their log. */
export function addEvents(program: Command, shell: Shell): void {
  const events = program.command('events').description('publish events and read the event log');

  apiCommand(events, 'publish', 'publish one event, or a JSON array of up to 1,000')
    .argument('[file]', 'a JSON file; - is standard input')
    .option('--type <type>', 'the event type, instead of a file')
    .option('--data <json>', 'the data of --type: JSON, or @FILE')
    .option('--sample <type>', "publish this built-in type's sample")
    .option(
      '--idempotency-key <key>',
      'publish once, however often the command is repeated within 24 hours',
      visibleAscii,
    )
    .action(async (file: string | undefined, options: PublishOptions, command: Command) => {
      const { publishEvents } = await import('../events.ts');
      shell.end(await publishEvents(await connectFor(command, shell.io), file, options));
    });

  const list = apiCommand(events, 'list', 'list events, newest first').option('--type <type>', 'only this type');
  rangeOptions(list, { from: 'published at or after this instant', to: 'published before this instant' })
    .option('--q <words>', 'in which all these words are found: type, names, AS2 message id; or its id')
    .addOption(
      new Option('--after <sequence>', 'instead, all events after this sequence, in order; 0 for the oldest first')
        .argParser(wholeNumber(0, Number.MAX_SAFE_INTEGER))
        .conflicts(['type', 'from', 'to', 'q', 'cursor']),
    );
  pageOptions(list).action(async (options: Record<string, string | number>, command: Command) => {
    const { listEvents } = await import('../events.ts');
    shell.end(await listEvents(await connectFor(command, shell.io), queryOf(options)));
  });

  idCommand(shell, events, {
    name: 'show',
    description: 'show one event, its deliveries, and why other webhooks got none',
    id: 'evt_…',
    act: async (context, id) => (await import('../events.ts')).showEvent(context, id),
  });

  events
    .command('types')
    .description('list the built-in event types')
    .option('--json', 'print JSON for machines')
    .action(async (_options: unknown, command: Command) => {
      const { listEventTypes } = await import('../events.ts');
      shell.end(await listEventTypes(shell.io, asksForJson(command)));
    });
}

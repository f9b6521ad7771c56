import { type Command, Option } from 'commander';
import {
  apiCommand,
  commaSeparated,
  connectFor,
  deliveryStates,
  type GlobalOptions,
  idCommand,
  instant,
  pageOptions,
  positive,
  queryOf,
  type Shell,
  visibleAscii,
} from '../command-line.ts';
import type { ReplayOptions } from '../replays.ts';

/** Adds `waybill replays`. */
export function addReplays(program: Command, shell: Shell): void {
  const replays = program.command('replays').description('old events, sent again');

  apiCommand(replays, 'create', 'send events of a time again, or events that you name')
    .option('--webhook-id <id>', 'to this webhook alone; to every one where left out')
    .option('--from <instant>', 'events published at or after this instant, such as 2025-01-31T00:00:00Z', instant)
    .option('--to <instant>', 'events published before this instant; now where left out', instant)
    .option(
      '--states <states>',
      'those whose latest delivery is in one of these, such as exhausted,cancelled',
      deliveryStates,
    )
    .option('--event-types <types>', 'comma-separated event types, such as transfer.*,message.received', commaSeparated)
    .option(
      '--event-ids <ids>',
      'these events, comma-separated, whatever the filter of the webhook says',
      commaSeparated,
    )
    .addOption(
      new Option('--body <kind>', 'rendered as the webhook is today, or exactly what was sent first').choices([
        'rendered',
        'exact',
      ]),
    )
    .option(
      '--rate-per-second <n>',
      'how many deliveries a second; as many as the webhook takes where left out',
      positive,
    )
    .option('--dry-run', 'only count them')
    .option('--wait', 'wait until all have ended; exit with 1 when the replay was cancelled')
    .option(
      '--idempotency-key <key>',
      'make one replay, however often the command is repeated within 24 hours',
      visibleAscii,
    )
    .action(async (_options: unknown, command: Command) => {
      const { url: _url, config: _config, json: _json, ...options } = command.opts<ReplayOptions & GlobalOptions>();
      const { createReplay } = await import('../replays.ts');
      shell.end(await createReplay(await connectFor(command, shell.io), options));
    });

  pageOptions(apiCommand(replays, 'list', 'list replays, newest first')).action(
    async (options: Record<string, string | number>, command: Command) => {
      const { listReplays } = await import('../replays.ts');
      shell.end(await listReplays(await connectFor(command, shell.io), queryOf(options)));
    },
  );

  apiCommand(replays, 'show', 'show what a replay sends and how far it has come')
    .argument('<id>', 'rpl_…')
    .option('--wait', 'wait until it has ended; exit with 1 when it was cancelled')
    .action(async (id: string, options: { wait?: boolean }, command: Command) => {
      const { showReplay } = await import('../replays.ts');
      shell.end(await showReplay(await connectFor(command, shell.io), id, options));
    });

  idCommand(shell, replays, {
    name: 'cancel',
    description: 'send no more of a replay, and cancel its open deliveries',
    id: 'rpl_…',
    act: async (context, id) => (await import('../replays.ts')).cancelReplay(context, id),
  });
}

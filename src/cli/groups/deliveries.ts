import { type Command, Option } from 'commander';
import {
  apiCommand,
  connectFor,
  DELIVERY_STATES,
  deliveryFilters,
  idCommand,
  pageOptions,
  queryOf,
  type Shell,
} from '../command-line.ts';

type ExportOptions = Record<string, string | number> & { output?: string };

/** Adds `waybill deliveries`. */
export function addDeliveries(program: Command, shell: Shell): void {
  const deliveries = program.command('deliveries').description('what was sent, what came back, what is still owed');

  pageOptions(deliveryFilters(apiCommand(deliveries, 'list', 'list deliveries, newest first'))).action(
    async (options: Record<string, string | number>, command: Command) => {
      const { listDeliveries } = await import('../deliveries.ts');
      shell.end(await listDeliveries(await connectFor(command, shell.io), queryOf(options)));
    },
  );

  deliveryFilters(apiCommand(deliveries, 'export', 'write all deliveries that the filters include, newest first'))
    .addOption(new Option('--format <format>', 'what to write').choices(['ndjson', 'csv']).default('ndjson'))
    .option('--output <file>', 'where to; standard output without it')
    .action(async ({ output, ...options }: ExportOptions, command: Command) => {
      const { exportDeliveries } = await import('../export-deliveries.ts');
      shell.end(await exportDeliveries(await connectFor(command, shell.io), queryOf(options), output ?? null));
    });

  apiCommand(deliveries, 'watch', 'print each change of a delivery as it is committed, until interrupted')
    .option('--webhook-id <id>', 'of this webhook')
    .addOption(new Option('--state <state>', 'changes to this state alone').choices(DELIVERY_STATES))
    .action(async (options: Record<string, string>, command: Command) => {
      const { watchDeliveries } = await import('../watch.ts');
      shell.end(await watchDeliveries(await connectFor(command, shell.io), queryOf(options)));
    });

  idCommand(shell, deliveries, {
    name: 'show',
    description: 'tell the story of one delivery, attempt by attempt; with --json, requests and answers whole',
    id: 'dlv_…',
    act: async (context, id) => (await import('../deliveries.ts')).showDelivery(context, id),
  });

  idCommand(shell, deliveries, {
    name: 'retry',
    description: 'try an open delivery now, or send an ended one again as a new delivery',
    id: 'dlv_…',
    act: async (context, id) => (await import('../deliveries.ts')).retryDelivery(context, id),
  });

  idCommand(shell, deliveries, {
    name: 'cancel',
    description: 'give up an open delivery',
    id: 'dlv_…',
    act: async (context, id) => (await import('../deliveries.ts')).cancelDelivery(context, id),
  });
}

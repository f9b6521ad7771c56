import { type Command, Option } from 'commander';
import {
  addGlobalOptions,
  apiCommand,
  commaSeparated,
  connectFor,
  idCommand,
  pageOptions,
  queryOf,
  type Shell,
  wholeNumber,
} from '../command-line.ts';
import type { WebhookFields } from '../webhooks.ts';

/** Adds `waybill webhooks`. */
export function addWebhooks(program: Command, shell: Shell): void {
  const webhooks = program.command('webhooks').description('who is told about which events');

  pageOptions(apiCommand(webhooks, 'list', 'list webhooks, newest first')).action(
    async (options: Record<string, string | number>, command: Command) => {
      const { listWebhooks } = await import('../webhooks.ts');
      shell.end(await listWebhooks(await connectFor(command, shell.io), queryOf(options)));
    },
  );

  idCommand(shell, webhooks, {
    name: 'show',
    description: 'show one webhook',
    id: 'wh_…',
    act: async (context, id) => (await import('../webhooks.ts')).showWebhook(context, id),
  });

  webhookFields(
    webhooks.command('create').description('make a webhook and print it with its signing secret, this once'),
  )
    .option('--secret-file <file>', 'use this signing secret instead of a new one')
    .action(async (options: WebhookFields, command: Command) => {
      const { createWebhook } = await import('../webhooks.ts');
      shell.end(await createWebhook(await connectFor(command, shell.io, 'webhook'), options));
    });

  webhookFields(webhooks.command('update').description('change the named fields of a webhook, and no others'))
    .argument('<id>', 'wh_…')
    .action(async (id: string, options: WebhookFields, command: Command) => {
      const { updateWebhook } = await import('../webhooks.ts');
      shell.end(await updateWebhook(await connectFor(command, shell.io, 'webhook'), id, options));
    });

  idCommand(shell, webhooks, {
    name: 'delete',
    description: 'delete a webhook and cancel its open deliveries',
    id: 'wh_…',
    act: async (context, id) => (await import('../webhooks.ts')).deleteWebhook(context, id),
  });

  idCommand(shell, webhooks, {
    name: 'pause',
    description: 'hold the deliveries of a webhook',
    id: 'wh_…',
    act: async (context, id) => (await import('../webhooks.ts')).pauseWebhook(context, id),
  });

  idCommand(shell, webhooks, {
    name: 'resume',
    description: 'send what a paused webhook held',
    id: 'wh_…',
    act: async (context, id) => (await import('../webhooks.ts')).resumeWebhook(context, id),
  });

  apiCommand(
    webhooks,
    'rotate-secret',
    'make a new signing secret and print it, this once; the old one signs too for a day',
  )
    .argument('<id>', 'wh_…')
    .option('--overlap-ms <ms>', 'how long the old one signs too; 0 is not at all', wholeNumber(0, 30 * 86_400_000))
    .option('--secret-file <file>', 'use this signing secret instead of a new one')
    .action(async (id: string, options: { overlapMs?: number; secretFile?: string }, command: Command) => {
      const { rotateSecret } = await import('../webhooks.ts');
      shell.end(await rotateSecret(await connectFor(command, shell.io), id, options));
    });

  const ledger = apiCommand(webhooks, 'ledger', 'list the numbers given to a webhook, ascending and without a gap')
    .argument('<id>', 'wh_…')
    .option('--after <sequence>', 'only later numbers', wholeNumber(0, Number.MAX_SAFE_INTEGER));
  pageOptions(ledger).action(async (id: string, options: Record<string, string | number>, command: Command) => {
    const { showLedger } = await import('../webhooks.ts');
    shell.end(await showLedger(await connectFor(command, shell.io), id, queryOf(options)));
  });

  apiCommand(webhooks, 'test', 'send a test request now and show the whole exchange')
    .argument('[id]', 'wh_…')
    .option(
      '--file <file>',
      'test this webhook, a JSON object, without saving it, or [id] as it would change it; - is standard input',
    )
    .option('--event-type <type>', "send this type's sample instead of the first subscribed type's")
    .action(async (id: string | undefined, options: { eventType?: string; file?: string }, command: Command) => {
      const { testWebhook } = await import('../webhooks.ts');
      shell.end(await testWebhook(await connectFor(command, shell.io), id, options));
    });
}

/** The fields of a webhook that have an option. `--url` is the webhook's here; the server's stands before the command. */
function webhookFields(command: Command): Command {
  command
    .option('--name <name>', 'its name')
    .option('--url <url>', "the receiver's URL (Waybill's own: waybill --url URL webhooks …, or WAYBILL_BASE_URL)")
    .option('--event-types <types>', 'comma-separated event types, such as transfer.*,message.received', commaSeparated)
    .addOption(new Option('--enabled <yes>', 'whether events are owed to it').choices(['true', 'false']))
    .option('--timeout-ms <ms>', 'how long an attempt may take', wholeNumber(100, 120_000))
    .option(
      '--tls-ca-file <file>',
      "certificates in PEM to trust beside the system's: authorities, or the receiver's own",
    )
    .option('--tls-pin <sha256>', "SHA-256 of the receiver's certificate, as a connection test shows it")
    .option('--tls-client-cert-file <file>', 'the client certificate in PEM, then its issuers')
    .option('--tls-client-key-file <file>', 'the key of the client certificate in PEM')
    .addOption(
      new Option('--tls-insecure-skip-verify <yes>', 'whether any certificate will do').choices(['true', 'false']),
    )
    .option(
      '--from-file <file>',
      'the webhook as a JSON object, with any field of the API; - is standard input. The options above win over it',
    );
  return addGlobalOptions(command);
}

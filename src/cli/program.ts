import { inspect } from 'node:util';
import { Argument, Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import packageJson from '../../package.json' with { type: 'json' };
import { SetupError } from '../kernel/errors.ts';
import type { ApiContext } from './api-client.ts';
import type { CreateApiKeyOptions } from './api-key.ts';
import { CommandFailure, type CommandIo, type ExitCode } from './command-io.ts';
import type { ShellName } from './completion.ts';
import type { DoctorOptions } from './doctor.ts';
import type { PublishOptions } from './events.ts';
import type { RotateKeysOptions } from './keys.ts';
import type { ListenOptions } from './listen.ts';
import type { MigrateOptions } from './migrate.ts';
import type { ReplayOptions } from './replays.ts';
import type { ServeOptions } from './serve.ts';
import type { SettingsName } from './settings.ts';
import type { WebhookFields } from './webhooks.ts';

/** The options that stand before the command, and again after commands that have no option of that name. */
export interface GlobalOptions {
  url?: string;
  json?: boolean;
  config?: string;
}

/**
 * Runs one command line (without `node` and the script) and returns its exit code: 0 it worked, 1 the thing failed,
 * 2 it was called wrongly. Writes to `io` alone and never ends the process. A fault, that is anything but a
 * `CommandFailure` or a `SetupError`, is printed with its stack and causes: it is a bug and wants to be reported.
 */
export async function run(argv: readonly string[], io: CommandIo): Promise<ExitCode> {
  let exitCode: ExitCode = 0;
  const program = buildProgram({
    io,
    end(code) {
      exitCode = code;
    },
  });
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return exitCode;
  } catch (error) {
    return report(error, io, argv.includes('--json'));
  }
}

function report(error: unknown, io: CommandIo, asJson: boolean): ExitCode {
  if (error instanceof CommanderError) return isAnswer(error) ? 0 : 2;
  if (error instanceof CommandFailure) {
    const text = asJson && error.problem !== null ? JSON.stringify(error.problem, null, 2) : error.message;
    io.stderr.write(`${text}\n`);
    return error.exitCode;
  }
  io.stderr.write(`${error instanceof SetupError ? error.message : inspect(error)}\n`);
  return 1;
}

/** Commander also throws where it has done what was asked: `--help` and `--version`. */
function isAnswer(error: CommanderError): boolean {
  return error.exitCode === 0;
}

/** What the commands share: where they read and write, and whom they tell how they ended. */
interface Shell {
  io: CommandIo;
  end(code: ExitCode): void;
}

function buildProgram(shell: Shell): Command {
  const { io } = shell;
  const program = new Command('waybill')
    .description('A self-hosted managed file transfer gateway whose webhooks are durable, replayable and provable.')
    .version(packageJson.version)
    .enablePositionalOptions()
    .exitOverride()
    .showHelpAfterError('Run it with --help to see what it takes.')
    .configureOutput({ writeOut: (text) => io.stdout.write(text), writeErr: (text) => io.stderr.write(text) })
    .addHelpText(
      'after',
      '\nThe API key is read from WAYBILL_API_KEY or from the file named by WAYBILL_API_KEY_FILE, never from an argument.\n' +
        'Exit codes: 0 it worked, 1 the thing failed, 2 the command was called wrongly.',
    );
  addGlobalOptions(program);
  addServerCommands(program, shell);
  addDoctor(program, shell);
  addListen(program, shell);
  addEvents(program, shell);
  addWebhooks(program, shell);
  addDeliveries(program, shell);
  addSettings(program, shell);
  addReplays(program, shell);
  addCompletion(program, shell);
  return program;
}

function addGlobalOptions(command: Command): Command {
  const taken = new Set(command.options.map((option) => option.long));
  for (const option of globalOptions()) if (!taken.has(option.long)) command.addOption(option);
  return command;
}

function globalOptions(): Option[] {
  return [
    new Option('--url <url>', 'where Waybill is (WAYBILL_BASE_URL; default http://127.0.0.1:8080)'),
    new Option('--config <file>', 'settings file (WAYBILL_CONFIG; default waybill.yaml)'),
    new Option('--json', 'print JSON for machines'),
  ];
}

/** The commands that work on the data folder itself. */
function addServerCommands(program: Command, shell: Shell): void {
  dataFolderCommand(program, 'serve', 'run the server in the foreground')
    .option('--listen <address>', 'host:port of UI and API; port 0 is any free one (WAYBILL_LISTEN)')
    .action(async (_options: unknown, command: Command) => {
      const options = { ...optionsOf<ServeOptions>(command), io: shell.io };
      const { serve } = await import('./serve.ts');
      shell.end(await serve(options));
    });

  program
    .command('demo')
    .description('run the server on a throw-away data folder and watch one delivery arrive')
    .option('--exit', 'end after the first delivery: 0, or 1 if it did not arrive')
    .action(async (_options: unknown, command: Command) => {
      const options = { ...command.opts<{ exit?: boolean }>(), io: shell.io };
      const { demo } = await import('./demo.ts');
      shell.end(await demo(options));
    });

  const apiKey = program.command('api-key').description('keys for the API');
  dataFolderCommand(apiKey, 'create', 'make an API key and print it alone, this once; the server may be up or down')
    .requiredOption('--name <name>', 'what the key is for')
    .addOption(
      new Option('--role <role>', 'what the key may do').choices(['admin', 'operator', 'viewer']).makeOptionMandatory(),
    )
    .action(async (_options: unknown, command: Command) => {
      const options = { ...optionsOf<CreateApiKeyOptions>(command), io: shell.io };
      const { createApiKey } = await import('./api-key.ts');
      shell.end(await createApiKey(options));
    });

  const keys = program.command('keys').description('the master key, which seals every secret that is kept');
  const rotate = dataFolderCommand(
    keys,
    'rotate',
    'seal every secret with a new master key; the server may be up or down',
  );
  addGlobalOptions(rotate).action(async (_options: unknown, command: Command) => {
    const options = { ...optionsOf<RotateKeysOptions>(command), io: shell.io };
    const { rotateKeys } = await import('./keys.ts');
    shell.end(await rotateKeys(options));
  });

  const migrate = program.command('migrate').description('versions of the database');
  dataFolderCommand(migrate, 'status', 'show which migrations the database has and which it lacks')
    .option('--json', 'print JSON for machines')
    .action(async (_options: unknown, command: Command) => {
      const options = { ...optionsOf<MigrateOptions>(command), io: shell.io };
      const { migrateStatus } = await import('./migrate.ts');
      shell.end(await migrateStatus(options));
    });
  dataFolderCommand(migrate, 'up', 'bring the database to this version')
    .option('--json', 'print JSON for machines')
    .action(async (_options: unknown, command: Command) => {
      const options = { ...optionsOf<MigrateOptions>(command), io: shell.io };
      const { migrateUp } = await import('./migrate.ts');
      shell.end(await migrateUp(options));
    });
}

function addDoctor(program: Command, shell: Shell): void {
  dataFolderCommand(
    program,
    'doctor',
    'check the data folder, and that nothing is missing; the server may be up or down',
  )
    .option('--full', 'check every page of the database too; takes longer')
    .option('--json', 'print JSON for machines')
    .action(async (_options: unknown, command: Command) => {
      const options = { ...optionsOf<DoctorOptions>(command), io: shell.io };
      const { doctor } = await import('./doctor.ts');
      shell.end(await doctor(options));
    });
}

function addListen(program: Command, shell: Shell): void {
  program
    .command('listen')
    .description('receive webhooks for trying things: print each request and whether its signature is valid')
    .argument('<port>', 'the port to listen on; 0 is any free one', wholeNumber(0, 65_535))
    .option('--host <address>', 'the address to listen on', '127.0.0.1')
    .option('--status <code>', 'what to answer', wholeNumber(200, 599), 204)
    .option('--retry-after <seconds>', 'send this Retry-After with each answer', wholeNumber(0, 86_400 * 365))
    .option('--delay-ms <ms>', 'wait this long before each answer', wholeNumber(0, 86_400_000), 0)
    .option('--secret-file <file>', 'the signing secret (or WAYBILL_LISTEN_SECRET, WAYBILL_LISTEN_SECRET_FILE)')
    .option('--json', 'print one JSON object for each request')
    .action(async (port: number, _options: unknown, command: Command) => {
      const { listen } = await import('./listen.ts');
      shell.end(await listen({ ...optionsOf<Omit<ListenOptions, 'port'>>(command), port }, shell.io));
    });
}

function addEvents(program: Command, shell: Shell): void {
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
      const { publishEvents } = await import('./events.ts');
      shell.end(await publishEvents(await connectFor(command, shell.io), file, options));
    });

  apiCommand(events, 'list', 'list events, newest first')
    .option('--type <type>', 'only this type')
    .option('--from <instant>', 'at or after this instant, such as 2025-01-31T00:00:00Z')
    .option('--to <instant>', 'before this instant')
    .option('--q <words>', 'in which all these words are found: type, names, AS2 message id; or its id')
    .option('--limit <n>', 'how many, at most 250', wholeNumber(1, 250))
    .option('--cursor <cursor>', 'the page after the one that named this cursor')
    .action(async (options: Record<string, string | number>, command: Command) => {
      const { listEvents } = await import('./events.ts');
      shell.end(await listEvents(await connectFor(command, shell.io), queryOf(options)));
    });

  idCommand(shell, events, {
    name: 'show',
    description: 'show one event and its deliveries',
    id: 'evt_…',
    act: async (context, id) => (await import('./events.ts')).showEvent(context, id),
  });

  events
    .command('types')
    .description('list the built-in event types')
    .option('--json', 'print JSON for machines')
    .action(async (_options: unknown, command: Command) => {
      const { listEventTypes } = await import('./events.ts');
      shell.end(await listEventTypes(shell.io, asksForJson(command)));
    });
}

function addWebhooks(program: Command, shell: Shell): void {
  const webhooks = program.command('webhooks').description('who is told about which events');

  apiCommand(webhooks, 'list', 'list webhooks, newest first')
    .option('--limit <n>', 'how many, at most 250', wholeNumber(1, 250))
    .option('--cursor <cursor>', 'the page after the one that named this cursor')
    .action(async (options: Record<string, string | number>, command: Command) => {
      const { listWebhooks } = await import('./webhooks.ts');
      shell.end(await listWebhooks(await connectFor(command, shell.io), queryOf(options)));
    });

  idCommand(shell, webhooks, {
    name: 'show',
    description: 'show one webhook',
    id: 'wh_…',
    act: async (context, id) => (await import('./webhooks.ts')).showWebhook(context, id),
  });

  webhookFields(
    webhooks.command('create').description('make a webhook and print it with its signing secret, this once'),
  )
    .option('--secret-file <file>', 'use this signing secret instead of a new one')
    .action(async (options: WebhookFields, command: Command) => {
      const { createWebhook } = await import('./webhooks.ts');
      shell.end(await createWebhook(await connectFor(command, shell.io, 'webhook'), options));
    });

  webhookFields(webhooks.command('update').description('change the named fields of a webhook, and no others'))
    .argument('<id>', 'wh_…')
    .action(async (id: string, options: WebhookFields, command: Command) => {
      const { updateWebhook } = await import('./webhooks.ts');
      shell.end(await updateWebhook(await connectFor(command, shell.io, 'webhook'), id, options));
    });

  idCommand(shell, webhooks, {
    name: 'delete',
    description: 'delete a webhook and cancel its open deliveries',
    id: 'wh_…',
    act: async (context, id) => (await import('./webhooks.ts')).deleteWebhook(context, id),
  });

  idCommand(shell, webhooks, {
    name: 'pause',
    description: 'hold the deliveries of a webhook',
    id: 'wh_…',
    act: async (context, id) => (await import('./webhooks.ts')).pauseWebhook(context, id),
  });

  idCommand(shell, webhooks, {
    name: 'resume',
    description: 'send what a paused webhook held',
    id: 'wh_…',
    act: async (context, id) => (await import('./webhooks.ts')).resumeWebhook(context, id),
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
      const { rotateSecret } = await import('./webhooks.ts');
      shell.end(await rotateSecret(await connectFor(command, shell.io), id, options));
    });

  apiCommand(webhooks, 'test', 'send a test request now and show the whole exchange')
    .argument('<id>', 'wh_…')
    .option('--event-type <type>', "send this type's sample instead of the first subscribed type's")
    .action(async (id: string, options: { eventType?: string }, command: Command) => {
      const { testWebhook } = await import('./webhooks.ts');
      shell.end(await testWebhook(await connectFor(command, shell.io), id, options.eventType));
    });
}

/** The filters of the API, by the names that they have there. */
function deliveryFilters(command: Command): Command {
  return command
    .option('--webhook-id <id>', 'of this webhook')
    .option('--event-id <id>', 'of this event')
    .option('--event-type <type>', 'of events of this type')
    .option('--state <state>', 'pending, delivering, retrying, delivered, exhausted or cancelled')
    .option('--error-code <code>', 'that failed so, such as timeout or http_status')
    .option('--status <code>', 'that were answered with this HTTP status', wholeNumber(100, 599))
    .option('--from <instant>', 'made at or after this instant, such as 2025-01-31T00:00:00Z')
    .option('--to <instant>', 'made before this instant')
    .option('--q <words>', 'in which all these words are found: type, names, AS2 message id, why it failed; or an id');
}

type ExportOptions = Record<string, string | number> & { output?: string };

function addDeliveries(program: Command, shell: Shell): void {
  const deliveries = program.command('deliveries').description('what was sent, what came back, what is still owed');

  deliveryFilters(apiCommand(deliveries, 'list', 'list deliveries, newest first'))
    .option('--limit <n>', 'how many, at most 250', wholeNumber(1, 250))
    .option('--cursor <cursor>', 'the page after the one that named this cursor')
    .action(async (options: Record<string, string | number>, command: Command) => {
      const { listDeliveries } = await import('./deliveries.ts');
      shell.end(await listDeliveries(await connectFor(command, shell.io), queryOf(options)));
    });

  deliveryFilters(apiCommand(deliveries, 'export', 'write all deliveries that the filters include, newest first'))
    .addOption(new Option('--format <format>', 'what to write').choices(['ndjson', 'csv']).default('ndjson'))
    .option('--output <file>', 'where to; standard output without it')
    .action(async ({ output, ...options }: ExportOptions, command: Command) => {
      const { exportDeliveries } = await import('./export-deliveries.ts');
      shell.end(await exportDeliveries(await connectFor(command, shell.io), queryOf(options), output ?? null));
    });

  idCommand(shell, deliveries, {
    name: 'show',
    description: 'tell the story of one delivery, attempt by attempt',
    id: 'dlv_…',
    act: async (context, id) => (await import('./deliveries.ts')).showDelivery(context, id),
  });

  idCommand(shell, deliveries, {
    name: 'retry',
    description: 'try an open delivery now, or send an ended one again as a new delivery',
    id: 'dlv_…',
    act: async (context, id) => (await import('./deliveries.ts')).retryDelivery(context, id),
  });

  idCommand(shell, deliveries, {
    name: 'cancel',
    description: 'give up an open delivery',
    id: 'dlv_…',
    act: async (context, id) => (await import('./deliveries.ts')).cancelDelivery(context, id),
  });
}

function addReplays(program: Command, shell: Shell): void {
  const replays = program.command('replays').description('old events, sent again');

  apiCommand(replays, 'create', 'send events of a time again, or events that you name')
    .option('--webhook-id <id>', 'to this webhook alone; to every one where left out')
    .option('--from <instant>', 'events made at or after this instant, such as 2025-01-31T00:00:00Z')
    .option('--to <instant>', 'events made before this instant; now where left out')
    .option(
      '--states <states>',
      'those whose latest delivery is in one of these, such as exhausted,cancelled',
      commaSeparated,
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
      const { createReplay } = await import('./replays.ts');
      shell.end(await createReplay(await connectFor(command, shell.io), options));
    });

  apiCommand(replays, 'list', 'list replays, newest first')
    .option('--limit <n>', 'how many, at most 250', wholeNumber(1, 250))
    .option('--cursor <cursor>', 'the page after the one that named this cursor')
    .action(async (options: Record<string, string | number>, command: Command) => {
      const { listReplays } = await import('./replays.ts');
      shell.end(await listReplays(await connectFor(command, shell.io), queryOf(options)));
    });

  apiCommand(replays, 'show', 'show what a replay sends and how far it has come')
    .argument('<id>', 'rpl_…')
    .option('--wait', 'wait until it has ended; exit with 1 when it was cancelled')
    .action(async (id: string, options: { wait?: boolean }, command: Command) => {
      const { showReplay } = await import('./replays.ts');
      shell.end(await showReplay(await connectFor(command, shell.io), id, options));
    });

  idCommand(shell, replays, {
    name: 'cancel',
    description: 'send no more of a replay, and cancel its open deliveries',
    id: 'rpl_…',
    act: async (context, id) => (await import('./replays.ts')).cancelReplay(context, id),
  });
}

function addCompletion(program: Command, { io }: Shell): void {
  program
    .command('completion')
    .description('print a script that completes commands and options in your shell')
    .addArgument(new Argument('<shell>', 'the shell').choices(['bash', 'zsh', 'fish']))
    .action(async (shell: ShellName) => {
      const { completionScript } = await import('./completion.ts');
      io.stdout.write(completionScript(program, shell));
    });
}

function addSettings(program: Command, shell: Shell): void {
  const settings = program.command('settings').description('what holds for the whole instance');
  const names: SettingsName[] = ['webhooks', 'instance'];
  const which = () => new Argument('<which>', 'what webhooks inherit, or who the instance is').choices(names);

  apiCommand(settings, 'show', 'show settings')
    .addArgument(which())
    .action(async (name: SettingsName, _options: unknown, command: Command) => {
      const { showSettings } = await import('./settings.ts');
      shell.end(await showSettings(await connectFor(command, shell.io), name));
    });

  apiCommand(settings, 'replace', 'replace settings: what is left out goes back to its built-in value')
    .addArgument(which())
    .argument('<file>', 'the settings as a JSON object, as `settings show --json` prints them; - is standard input')
    .action(async (name: SettingsName, file: string, _options: unknown, command: Command) => {
      const { replaceSettings } = await import('./settings.ts');
      shell.end(await replaceSettings(await connectFor(command, shell.io), name, file));
    });
}

function apiCommand(group: Command, name: string, description: string): Command {
  return addGlobalOptions(group.command(name).description(description));
}

/** A command of the API that takes one id and no options of its own. */
function idCommand(
  shell: Shell,
  group: Command,
  command: {
    name: string;
    description: string;
    /** What such an id looks like, for the help. */
    id: string;
    act: (context: ApiContext, id: string) => Promise<ExitCode>;
  },
): void {
  apiCommand(group, command.name, command.description)
    .argument('<id>', command.id)
    .action(async (id: string, _options: unknown, called: Command) => {
      shell.end(await command.act(await connectFor(called, shell.io), id));
    });
}

/** The fields of a webhook that have an option. `--url` is the webhook's here; the server's stands before the command. */
function webhookFields(command: Command): Command {
  command
    .option('--name <name>', 'its name')
    .option('--url <url>', "the receiver's URL (Waybill's own: waybill --url URL webhooks …, or WAYBILL_BASE_URL)")
    .option('--event-types <types>', 'comma-separated event types, such as transfer.*,message.received', commaSeparated)
    .option('--timeout-ms <ms>', 'how long an attempt may take', wholeNumber(100, 120_000))
    .option('--from-file <file>', 'the webhook as a JSON object; - is standard input. The options above win over it');
  return addGlobalOptions(command);
}

function dataFolderCommand(group: Command, name: string, description: string): Command {
  return group
    .command(name)
    .description(description)
    .option('--data-dir <folder>', 'where database and keys lie (WAYBILL_DATA_DIR)')
    .option('--config <file>', 'settings file (WAYBILL_CONFIG; default waybill.yaml)');
}

/**
 * A command's options, completed by those that stood before the command. The caller names the type: it is the one
 * that the definitions above produce.
 */
function optionsOf<T>(command: Command): T {
  const global = rootOf(command).opts<GlobalOptions>();
  const own = new Set(command.options.map((option) => option.attributeName()));
  const inherited = Object.entries(global).filter(([name]) => own.has(name));
  return { ...Object.fromEntries(inherited), ...command.opts() } as T;
}

function asksForJson(command: Command): boolean {
  return optionsOf<GlobalOptions>(command).json === true;
}

async function connectFor(
  command: Command,
  io: CommandIo,
  urlIsThe: 'server' | 'webhook' = 'server',
): Promise<ApiContext> {
  const options = optionsOf<GlobalOptions>(command);
  const { url } = urlIsThe === 'server' ? options : rootOf(command).opts<GlobalOptions>();
  const { connect } = await import('./api-client.ts');
  return connect(io, { ...options, url });
}

function rootOf(command: Command): Command {
  return command.parent === null ? command : rootOf(command.parent);
}

/** The options that are the server's own query parameters, under the same names. */
function queryOf(options: Record<string, unknown>): Record<string, string> {
  const ours = new Set(globalOptions().map((option) => option.attributeName()));
  return Object.fromEntries(
    Object.entries(options)
      .filter(([name]) => !ours.has(name))
      .map(([name, value]) => [name, String(value)]),
  );
}

function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
  };
}

function positive(text: string): number {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (value > 0) return value;
  throw new InvalidArgumentError('It must be a number above 0, such as 50 or 0.5.');
}

/** What a header's value may hold (RFC 9110 §5.5), without white space. */
function visibleAscii(text: string): string {
  if (/^[\x21-\x7e]+$/.test(text)) return text;
  throw new InvalidArgumentError('It must be letters, digits and signs of ASCII, without spaces.');
}

function commaSeparated(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

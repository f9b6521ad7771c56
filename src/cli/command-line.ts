import { type Command, Help, InvalidArgumentError, Option } from 'commander';
import { parseInstant } from '../kernel/instants.ts';
import type { ApiContext } from './api-client.ts';
import type { CommandIo, ExitCode } from './command-io.ts';

/** The options that stand before the command, and again after commands that have no option of that name. */
export interface GlobalOptions {
  url?: string;
  json?: boolean;
  config?: string;
}

/** What the commands share: where they read and write, and whom they tell how they ended. */
export interface Shell {
  io: CommandIo;
  end(code: ExitCode): void;
}

/** Lets the global options stand after a command too, but for those whose name it uses itself. Returns the command. */
export function addGlobalOptions(command: Command): Command {
  const taken = new Set(command.options.map((option) => option.long));
  for (const option of globalOptions()) if (!taken.has(option.long)) command.addOption(option);
  return command;
}

/** The options that a command's help lists: first its own, then those that nearly every command has. */
export function ownOptionsFirst(command: Command): Option[] {
  // A webhook's --url is another than the server's, so a name does not tell.
  const common = new Set([dataDirOption(), ...globalOptions()].map(({ description }) => description));
  const isCommon = (option: Option): number => Number(common.has(option.description) || option.long === '--help');
  return new Help().visibleOptions(command).toSorted((a, b) => isCommon(a) - isCommon(b));
}

function globalOptions(): Option[] {
  return [
    new Option('--url <url>', 'where Waybill is (WAYBILL_BASE_URL; default http://127.0.0.1:8080)'),
    configOption(),
    new Option('--json', 'print JSON for machines'),
  ];
}

/** Adds a command that calls the API to a group, and returns it. */
export function apiCommand(group: Command, name: string, description: string): Command {
  return addGlobalOptions(group.command(name).description(description));
}

/** Adds a command that takes one id, and no options of its own, to a group. */
export function idCommand(
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

/** Adds a command that works on the data folder itself to a group, and returns it. */
export function dataFolderCommand(group: Command, name: string, description: string): Command {
  return group.command(name).description(description).addOption(dataDirOption()).addOption(configOption());
}

function dataDirOption(): Option {
  return new Option('--data-dir <folder>', 'where database and keys lie (WAYBILL_DATA_DIR)');
}

function configOption(): Option {
  return new Option('--config <file>', 'settings file (WAYBILL_CONFIG; default waybill.yaml)');
}

/** The options of every list. */
export function pageOptions(command: Command): Command {
  return command
    .option('--limit <n>', 'how many, at most 250', wholeNumber(1, 250))
    .option('--cursor <cursor>', 'the page after the one that named this cursor');
}

/** The options for a range of time: of when what is listed was made. */
export function rangeOptions(command: Command, words: { from: string; to: string }): Command {
  return command
    .option('--from <instant>', `${words.from}, such as 2025-01-31T00:00:00Z`, instant)
    .option('--to <instant>', words.to, instant);
}

/** The states of a delivery: the server's, which would take half a second to ask its code for. */
export const DELIVERY_STATES = ['pending', 'delivering', 'retrying', 'delivered', 'exhausted', 'cancelled'] as const;

/** The filters of deliveries, by the names that they have in the API. */
export function deliveryFilters(command: Command): Command {
  const filtered = command
    .option('--webhook-id <id>', 'of this webhook')
    .option('--event-id <id>', 'of this event')
    .option('--event-type <type>', 'of events of this type')
    .addOption(new Option('--state <state>', 'that stand so').choices(DELIVERY_STATES))
    .option('--error-code <code>', 'that failed so, such as timeout or http_status')
    .option('--status <code>', 'that were answered with this HTTP status', wholeNumber(100, 599));
  return rangeOptions(filtered, { from: 'made at or after this instant', to: 'made before this instant' }).option(
    '--q <words>',
    'in which all these words are found: type, names, AS2 message id, why it failed; or an id',
  );
}

/**
 * A command's options, completed by those that stood before the command. The caller names the type: it is the one
 * that the definitions above produce.
 */
export function optionsOf<T>(command: Command): T {
  const global = rootOf(command).opts<GlobalOptions>();
  const own = new Set(command.options.map((option) => option.attributeName()));
  const inherited = Object.entries(global).filter(([name]) => own.has(name));
  return { ...Object.fromEntries(inherited), ...command.opts() } as T;
}

/** Whether `--json` stands before the command or after it. */
export function asksForJson(command: Command): boolean {
  return optionsOf<GlobalOptions>(command).json === true;
}

/**
 * The API that a command is to call: see `connect`, also for what it throws. Where `--url` of the command is a webhook's,
 * the server's is the one before the command.
 */
export async function connectFor(
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
export function queryOf(options: Record<string, unknown>): Record<string, string> {
  const ours = new Set(globalOptions().map((option) => option.attributeName()));
  return Object.fromEntries(
    Object.entries(options)
      .filter(([name]) => !ours.has(name))
      .map(([name, value]) => [name, String(value)]),
  );
}

/** Reads the value of an option: a whole number within the bounds. Anything else is wrong usage. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
  };
}

/** Reads the value of an option: an instant, as it was given. Anything else is wrong usage. */
export function instant(text: string): string {
  if (parseInstant(text) !== null) return text;
  throw new InvalidArgumentError('It must be an instant of RFC 3339, such as 2025-01-31T00:00:00Z.');
}

/** Reads the value of an option: states of deliveries, separated by commas. Anything else is wrong usage. */
export function deliveryStates(text: string): string[] {
  const states = commaSeparated(text);
  if (states.every((state) => (DELIVERY_STATES as readonly string[]).includes(state))) return states;
  throw new InvalidArgumentError(`States are ${DELIVERY_STATES.join(', ')}; commas stand between them.`);
}

/** Reads the value of an option: a number above 0. Anything else is wrong usage. */
export function positive(text: string): number {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (value > 0) return value;
  throw new InvalidArgumentError('It must be a number above 0, such as 50 or 0.5.');
}

/** What a header's value may hold (RFC 9110 §5.5), without white space. */
export function visibleAscii(text: string): string {
  if (/^[\x21-\x7e]+$/.test(text)) return text;
  throw new InvalidArgumentError('It must be letters, digits and signs of ASCII, without spaces.');
}

/** Reads the value of an option: its parts, without the space around them and without empty ones. */
export function commaSeparated(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

import { inspect } from 'node:util';
import { Argument, Command, CommanderError } from 'commander';
import packageJson from '../../package.json' with { type: 'json' };
import { SetupError } from '../kernel/errors.ts';
import { CommandFailure, type CommandIo, type ExitCode } from './command-io.ts';
import { addGlobalOptions, ownOptionsFirst, type Shell } from './command-line.ts';
import type { ShellName } from './completion.ts';
import { addApiKeys } from './groups/api-keys.ts';
import { addDeliveries } from './groups/deliveries.ts';
import { addDoctor } from './groups/doctor.ts';
import { addEvents } from './groups/events.ts';
import { addKeys } from './groups/keys.ts';
import { addListen } from './groups/listen.ts';
import { addLogs } from './groups/logs.ts';
import { addMigrate } from './groups/migrate.ts';
import { addReplays } from './groups/replays.ts';
import { addServe } from './groups/serve.ts';
import { addSettings } from './groups/settings.ts';
import { addTemplates } from './groups/templates.ts';
import { addUsers } from './groups/users.ts';
import { addWebhooks } from './groups/webhooks.ts';

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

function buildProgram(shell: Shell): Command {
  const { io } = shell;
  const program = new Command('waybill')
    .description('A self-hosted managed file transfer gateway whose webhooks are durable, replayable and provable.')
    .version(packageJson.version)
    .enablePositionalOptions()
    .exitOverride()
    .configureHelp({ visibleOptions: ownOptionsFirst })
    .showHelpAfterError('Run it with --help to see what it takes.')
    .configureOutput({ writeOut: (text) => io.stdout.write(text), writeErr: (text) => io.stderr.write(text) })
    .addHelpText(
      'after',
      '\nWhy did an event not arrive? `waybill events show ID` tells whom it was owed to, and `waybill deliveries show ID`\n' +
        'what each attempt met with. `waybill events list --type TYPE` finds its id.\n\n' +
        'The API key is read from WAYBILL_API_KEY or from the file named by WAYBILL_API_KEY_FILE, never from an argument.\n' +
        'Exit codes: 0 it worked, 1 the thing failed, 2 the command was called wrongly.',
    );
  addGlobalOptions(program);
  addServe(program, shell);
  addApiKeys(program, shell);
  addUsers(program, shell);
  addKeys(program, shell);
  addMigrate(program, shell);
  addDoctor(program, shell);
  addListen(program, shell);
  addEvents(program, shell);
  addWebhooks(program, shell);
  addTemplates(program, shell);
  addDeliveries(program, shell);
  addSettings(program, shell);
  addReplays(program, shell);
  addLogs(program, shell);
  addCompletion(program, shell);
  return program;
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

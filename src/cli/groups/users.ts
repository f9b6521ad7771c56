import { type Command, Option } from 'commander';
import { dataFolderCommand, optionsOf, type Shell } from '../command-line.ts';
import type { CreateUserOptions, PasswordOptions, UserOptions } from '../users.ts';

/** Adds `waybill users`. */
export function addUsers(program: Command, shell: Shell): void {
  const users = program.command('users').description('people who sign in; these work with the server up or down');

  passwordOptions(dataFolderCommand(users, 'create', 'make a user, and print the password where it was not given'))
    .requiredOption('--name <name>', 'what they are called')
    .addOption(
      new Option('--role <role>', 'what they may do').choices(['admin', 'operator', 'viewer']).makeOptionMandatory(),
    )
    .action(async (_options: unknown, command: Command) => {
      const options = { ...optionsOf<CreateUserOptions>(command), io: shell.io };
      const { createUser } = await import('../users.ts');
      shell.end(await createUser(options));
    });

  passwordOptions(
    dataFolderCommand(users, 'reset-password', 'give a user another password, and end their sessions'),
  ).action(async (_options: unknown, command: Command) => {
    const options = { ...optionsOf<PasswordOptions>(command), io: shell.io };
    const { resetPassword } = await import('../users.ts');
    shell.end(await resetPassword(options));
  });

  dataFolderCommand(users, 'list', 'list users, newest first')
    .option('--json', 'print JSON for machines')
    .action(async (_options: unknown, command: Command) => {
      const options = { ...optionsOf<UserOptions>(command), io: shell.io };
      const { listUsers } = await import('../users.ts');
      shell.end(await listUsers(options));
    });
}

function passwordOptions(command: Command): Command {
  return command
    .requiredOption('--email <address>', 'whom they sign in as')
    .option('--password-file <file>', 'the password, - for standard input; without it one is made and printed')
    .option('--json', 'print JSON for machines');
}

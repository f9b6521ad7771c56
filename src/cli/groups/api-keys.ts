import { type Command, Option } from 'commander';
import type { ApiKeyOptions, CreateApiKeyOptions } from '../api-keys.ts';
import { dataFolderCommand, instant, optionsOf, type Shell } from '../command-line.ts';

/** Adds `waybill api-key`. */
export function addApiKeys(program: Command, shell: Shell): void {
  const apiKey = program.command('api-key').description('keys for the API; these work with the server up or down');

  dataFolderCommand(apiKey, 'create', 'make an API key and print it alone, this once')
    .requiredOption('--name <name>', 'what the key is for')
    .addOption(
      new Option('--role <role>', 'what the key may do').choices(['admin', 'operator', 'viewer']).makeOptionMandatory(),
    )
    .option('--expires-at <instant>', 'from when on it is not taken any more, such as 2030-01-31T00:00:00Z', instant)
    .option('--json', 'print JSON for machines')
    .action(async (_options: unknown, command: Command) => {
      const options = { ...optionsOf<CreateApiKeyOptions>(command), io: shell.io };
      const { createApiKey } = await import('../api-keys.ts');
      shell.end(await createApiKey(options));
    });

  dataFolderCommand(apiKey, 'list', 'list API keys, newest first, without the keys themselves')
    .option('--json', 'print JSON for machines')
    .action(async (_options: unknown, command: Command) => {
      const options = { ...optionsOf<ApiKeyOptions>(command), io: shell.io };
      const { listApiKeys } = await import('../api-keys.ts');
      shell.end(await listApiKeys(options));
    });

  dataFolderCommand(apiKey, 'delete', 'delete an API key, which then is not taken any more')
    .argument('<id>', 'key_…')
    .option('--json', 'print JSON for machines')
    .action(async (id: string, _options: unknown, command: Command) => {
      const options = { ...optionsOf<ApiKeyOptions>(command), id, io: shell.io };
      const { deleteApiKey } = await import('../api-keys.ts');
      shell.end(await deleteApiKey(options));
    });
}

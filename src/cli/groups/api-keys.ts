import { type Command, Option } from 'commander';
import type { CreateApiKeyOptions } from '../api-key.ts';
import { dataFolderCommand, optionsOf, type Shell } from '../command-line.ts';

/** Adds `waybill api-key`. */
export function addApiKeys(program: Command, shell: Shell): void {
  const apiKey = program.command('api-key').description('keys for the API');
  dataFolderCommand(apiKey, 'create', 'make an API key and print it alone, this once; the server may be up or down')
    .requiredOption('--name <name>', 'what the key is for')
    .addOption(
      new Option('--role <role>', 'what the key may do').choices(['admin', 'operator', 'viewer']).makeOptionMandatory(),
    )
    .action(async (_options: unknown, command: Command) => {
      const options = { ...optionsOf<CreateApiKeyOptions>(command), io: shell.io };
      const { createApiKey } = await import('../api-key.ts');
      shell.end(await createApiKey(options));
    });
}

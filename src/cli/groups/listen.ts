import type { Command } from 'commander';
import { optionsOf, type Shell, wholeNumber } from '../command-line.ts';
import type { ListenOptions } from '../listen.ts';

/** Adds `waybill listen`. */
export function addListen(program: Command, shell: Shell): void {
  program
    .command('listen')
    .description('receive webhooks for trying things: print each request and whether its signature is valid')
    .argument('<port>', 'the port to listen on; 0 is any free one', wholeNumber(0, 65_535))
    .option('--host <address>', 'the address to listen on', '127.0.0.1')
    .option('--status <code>', 'what to answer', wholeNumber(200, 599), 204)
    .option('--retry-after <seconds>', 'send this Retry-After with each answer', wholeNumber(0, 86_400 * 365))
    .option('--delay-ms <ms>', 'wait this long before each answer', wholeNumber(0, 86_400_000), 0)
    .option('--secret-file <file>', 'the signing secret (or WAYBILL_LISTEN_SECRET, WAYBILL_LISTEN_SECRET_FILE)')
    .option('--public-key <key>', "whpk_…, or the URL of Waybill's /.well-known/jwks.json, for the scheme ed25519")
    .option('--signature-header <name>', 'the headerName of the scheme github or gomft, where it has one')
    .option('--json', 'print one JSON object for each request')
    .action(async (port: number, _options: unknown, command: Command) => {
      const { listen } = await import('../listen.ts');
      shell.end(await listen({ ...optionsOf<Omit<ListenOptions, 'port'>>(command), port }, shell.io));
    });
}

import type { Command } from 'commander';
import { dataFolderCommand, optionsOf, type Shell } from '../command-line.ts';
import type { MigrateOptions } from '../migrate.ts';

/** Adds `waybill migrate`. */
export function addMigrate(program: Command, shell: Shell): void {
  const migrate = program.command('migrate').description('versions of the database');
  dataFolderCommand(migrate, 'status', 'show which migrations the database has and which it lacks')
    .option('--json', 'print JSON for machines')
    .action(async (_options: unknown, command: Command) => {
      const options = { ...optionsOf<MigrateOptions>(command), io: shell.io };
      const { migrateStatus } = await import('../migrate.ts');
      shell.end(await migrateStatus(options));
    });
  dataFolderCommand(migrate, 'up', 'bring the database to this version')
    .option('--json', 'print JSON for machines')
    .action(async (_options: unknown, command: Command) => {
      const options = { ...optionsOf<MigrateOptions>(command), io: shell.io };
      const { migrateUp } = await import('../migrate.ts');
      shell.end(await migrateUp(options));
    });
}

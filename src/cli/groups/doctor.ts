import type { Command } from 'commander';
import { dataFolderCommand, optionsOf, type Shell } from '../command-line.ts';
import type { DoctorOptions } from '../doctor.ts';

/** Adds `waybill doctor`. */
export function addDoctor(program: Command, shell: Shell): void {
  dataFolderCommand(
    program,
    'doctor',
    'check the data folder, and that nothing is missing; the server may be up or down',
  )
    .option('--full', 'check every page of the database too; takes longer')
    .option('--json', 'print JSON for machines')
    .action(async (_options: unknown, command: Command) => {
      const options = { ...optionsOf<DoctorOptions>(command), io: shell.io };
      const { doctor } = await import('../doctor.ts');
      shell.end(await doctor(options));
    });
}

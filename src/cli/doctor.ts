import type { Settings } from '../config/index.ts';
import { messageOf } from '../kernel/errors.ts';
import { type DatabaseView, viewDatabase } from '../store/index.ts';
import type { CommandIo, ExitCode } from './command-io.ts';
import { type DataFolderOptions, settingsFor } from './data-folder.ts';
import {
  checkClock,
  checkEvents,
  checkGrowth,
  checkHeld,
  checkInHand,
  checkIntegrity,
  checkLedgers,
  checkLooseEnds,
  checkSchema,
  checkWaiting,
  type DatabaseCheckup,
} from './doctor-database.ts';
import { checkDisk, checkFolder, checkKey, checkServer, noFolder } from './doctor-folder.ts';
import { type Finding, failed, warning } from './findings.ts';
import { count, printable, printJson, printLines } from './output.ts';

export interface DoctorOptions extends DataFolderOptions {
  full?: boolean;
  json?: boolean;
}

/**
 * `waybill doctor`: looks at the data folder, with the server up or down, and changes nothing. Prints a line for each
 * check. Returns 1 when one has failed.
 */
export async function doctor(options: DoctorOptions & { io: CommandIo }): Promise<ExitCode> {
  const { io, full, json } = options;
  const settings = await settingsFor(options, io);
  const findings = await examine(settings, io.clock.now(), full === true);
  const verdict = worst(findings);
  if (json) printJson(io, { status: verdict, dataDir: settings.dataDir, checks: findings });
  else printLines(io, [...findings.flatMap(linesOf), '', summary(findings)]);
  return verdict === 'failed' ? 1 : 0;
}

async function examine(settings: Settings, now: number, isFull: boolean): Promise<Finding[]> {
  const nothing = noFolder(settings.dataDir);
  if (nothing !== null) return [nothing];
  const view = open(settings.dataDir);
  const around = [
    ...(await found('data folder', () => checkFolder(settings.dataDir))),
    ...(await found('free disk space', () => checkDisk(settings.dataDir))),
    ...(await found('server', () => checkServer(settings))),
  ];
  if (!('tx' in view)) return [...around, view];
  try {
    return [...around, ...(await examineDatabase({ settings, view, now }, isFull))];
  } finally {
    view.close();
  }
}

function open(folder: string): DatabaseView | Finding {
  try {
    const noneYet = warning('database', 'there is none yet', 'Start the server: it makes one.');
    return viewDatabase(folder) ?? noneYet;
  } catch (error) {
    const remedy =
      'Run this as the user that the server runs as. If the file is damaged, restore the newest sound backup.';
    return failed('database', `it cannot be read: ${messageOf(error)}`, remedy);
  }
}

async function examineDatabase(checkup: DatabaseCheckup, isFull: boolean): Promise<Finding[]> {
  const schema = checkSchema(checkup.view.schema);
  const integrity = await found('integrity', () => checkIntegrity(checkup, isFull));
  if (schema.status !== 'ok') return [schema, ...integrity];
  const checks: [string, () => Finding | Finding[] | Promise<Finding | Finding[]>][] = [
    ['key file', () => checkKey(checkup.settings, checkup.view)],
    ['clock', () => checkClock(checkup)],
    ['events', () => checkEvents(checkup)],
    ['ledgers', () => checkLedgers(checkup)],
    ['references', () => checkLooseEnds(checkup)],
    ['in hand', () => checkInHand(checkup)],
    ['held', () => checkHeld(checkup)],
    ['waiting', () => checkWaiting(checkup)],
    ['database size', () => checkGrowth(checkup)],
  ];
  const findings = [schema, ...integrity];
  for (const [check, run] of checks) findings.push(...(await found(check, run)));
  return findings;
}

/** What a check finds; that it could not be made is a finding too. */
async function found(check: string, run: () => Finding | Finding[] | Promise<Finding | Finding[]>): Promise<Finding[]> {
  try {
    return [await run()].flat();
  } catch (error) {
    return [failed(check, `it could not be checked: ${messageOf(error)}`, 'See what the other checks say.')];
  }
}

function worst(findings: readonly Finding[]): Finding['status'] {
  const statuses = new Set(findings.map(({ status }) => status));
  if (statuses.has('failed')) return 'failed';
  return statuses.has('warning') ? 'warning' : 'ok';
}

function linesOf({ check, status, message, remedy }: Finding): string[] {
  const line = `${status.padEnd(7)}  ${check.padEnd(16)}  ${printable(message)}`;
  return remedy === null ? [line] : [line, `${' '.repeat(27)}${remedy}`];
}

function summary(findings: readonly Finding[]): string {
  const number = (wanted: Finding['status']): number => findings.filter(({ status }) => status === wanted).length;
  if (worst(findings) === 'ok') return `All is well: ${count(findings.length, 'check')}.`;
  return `${count(findings.length, 'check')}: ${number('failed')} failed, ${count(number('warning'), 'warning')}.`;
}

import {
  type ApiKeyRow,
  DELETE_API_KEY,
  hashApiKey,
  INSERT_API_KEY,
  makeApiKey,
  readApiKeys,
} from '../identity/index.ts';
import { SetupError } from '../kernel/errors.ts';
import { createIds } from '../kernel/ids.ts';
import { formatInstant, formatInstantOrNull, parseInstant } from '../kernel/instants.ts';
import { systemRandom } from '../kernel/random.ts';
import { migrate, openBeside, viewDatabase } from '../store/index.ts';
import { CommandFailure, type CommandIo, type ExitCode, wrongUsage } from './command-io.ts';
import { type DataFolderOptions, settingsFor } from './data-folder.ts';
import { printable, printJson, printLines, shortInstant, tableLines } from './output.ts';

export interface ApiKeyOptions extends DataFolderOptions {
  json?: boolean;
}

export interface CreateApiKeyOptions extends ApiKeyOptions {
  name: string;
  role: 'admin' | 'operator' | 'viewer';
  expiresAt?: string;
}

/**
 * `waybill api-key create`: prints a new key alone on stdout, with `json` the object that the API would answer with. Works
 * on the data folder, with the server up or down.
 */
export async function createApiKey(options: CreateApiKeyOptions & { io: CommandIo }): Promise<ExitCode> {
  const { name, role, json, io } = options;
  const createdAt = io.clock.now();
  const expiresAt = endOf(options, createdAt);
  const folder = (await settingsFor(options, io)).dataDir;
  const key = makeApiKey(systemRandom);
  const id = createIds(systemRandom).make('key', createdAt);
  const row: ApiKeyRow = { id, name: nameOf(name), role, hash: hashApiKey(key), createdAt, expiresAt };
  if (!hasDatabase(folder)) {
    io.stderr.write(`${folder} had no database; it has one now. The key is for a server on that data folder.\n`);
  }
  const connection = openBeside(folder);
  try {
    migrate(connection, { folder, apply: true });
    connection.run(INSERT_API_KEY, [row.id, row.name, row.role, row.hash, row.createdAt, row.expiresAt]);
  } finally {
    connection.close();
  }
  if (json) printJson(io, { ...present(row), key });
  else io.stdout.write(`${key}\n`);
  return 0;
}

function hasDatabase(folder: string): boolean {
  const view = viewDatabase(folder);
  view?.close();
  return view !== null;
}

/** As the API takes it. */
const LONGEST_NAME = 200;

function nameOf(name: string): string {
  if (name.length >= 1 && name.length <= LONGEST_NAME) return name;
  throw wrongUsage(`--name must have 1 to ${LONGEST_NAME} characters.`);
}

function endOf({ expiresAt }: CreateApiKeyOptions, now: number): number | null {
  if (expiresAt === undefined) return null;
  const instant = parseInstant(expiresAt);
  if (instant === null || instant <= now) throw wrongUsage(`--expires-at ${expiresAt} is not an instant to come.`);
  return instant;
}

/** `waybill api-key list`: every key but that of WAYBILL_API_KEY. Reads the data folder, with the server up or down. */
export async function listApiKeys(options: ApiKeyOptions & { io: CommandIo }): Promise<ExitCode> {
  const { io, json } = options;
  const keys = (await keysIn((await settingsFor(options, io)).dataDir)).map(present);
  if (json) printJson(io, { items: keys });
  else {
    const columns = [
      { heading: 'ID', cell: (key: ShownKey) => key.id },
      { heading: 'ROLE', cell: (key: ShownKey) => key.role },
      { heading: 'CREATED (UTC)', cell: (key: ShownKey) => shortInstant(key.createdAt) },
      {
        heading: 'EXPIRES (UTC)',
        cell: ({ expiresAt }: ShownKey) => (expiresAt === null ? 'never' : shortInstant(expiresAt)),
      },
      { heading: 'NAME', cell: (key: ShownKey) => key.name, flexible: true },
    ];
    printLines(io, tableLines(keys, columns, 'No API keys. `waybill api-key create` makes one.'));
  }
  return 0;
}

/**
 * `waybill api-key delete`. Works on the data folder, with the server up or down: a running one may take the key for
 * some seconds more.
 */
export async function deleteApiKey(options: ApiKeyOptions & { id: string; io: CommandIo }): Promise<ExitCode> {
  const { id, io, json } = options;
  const folder = (await settingsFor(options, io)).dataDir;
  const key = (await keysIn(folder)).find((candidate) => candidate.id === id);
  if (key === undefined) {
    throw new CommandFailure(`There is no API key ${JSON.stringify(id)}. See \`waybill api-key list\`.`);
  }
  const connection = openBeside(folder);
  try {
    migrate(connection, { folder, apply: false });
    connection.run(DELETE_API_KEY, [id]);
  } finally {
    connection.close();
  }
  if (!json)
    printLines(io, [`${id} (${printable(key.name)}) is deleted. A running server stops taking it within 5 seconds.`]);
  return 0;
}

async function keysIn(folder: string): Promise<ApiKeyRow[]> {
  const view = viewDatabase(folder);
  if (view === null) {
    throw new SetupError(
      `There is no database in ${folder}. Name the data folder with --data-dir or WAYBILL_DATA_DIR.`,
    );
  }
  try {
    return await readApiKeys(view.tx);
  } finally {
    view.close();
  }
}

type ShownKey = ReturnType<typeof present>;

/** A key as the API shows it. */
function present({ id, name, role, createdAt, expiresAt }: ApiKeyRow) {
  return { id, name, role, createdAt: formatInstant(createdAt), expiresAt: formatInstantOrNull(expiresAt) };
}

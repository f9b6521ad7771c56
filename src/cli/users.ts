import {
  checkEmail,
  checkPassword,
  createPasswordHashes,
  END_SESSIONS_OF,
  INSERT_USER,
  makePassword,
  readUserByEmail,
  readUsers,
  SET_PASSWORD,
  type UserRow,
  userValues,
} from '../identity/index.ts';
import { Refusal, SetupError } from '../kernel/errors.ts';
import { createIds } from '../kernel/ids.ts';
import { formatInstant, formatInstantOrNull } from '../kernel/instants.ts';
import { systemRandom } from '../kernel/random.ts';
import { migrate, openBeside, type ReadTx, viewDatabase } from '../store/index.ts';
import { CommandFailure, type CommandIo, type ExitCode, wrongUsage } from './command-io.ts';
import { type DataFolderOptions, settingsFor } from './data-folder.ts';
import { printable, printJson, printLines, shortInstant, tableLines } from './output.ts';
import { readTextFile } from './read-input.ts';

export interface UserOptions extends DataFolderOptions {
  json?: boolean;
}

export interface PasswordOptions extends UserOptions {
  email: string;
  passwordFile?: string;
}

export interface CreateUserOptions extends PasswordOptions {
  name: string;
  role: 'admin' | 'operator' | 'viewer';
}

type Call<T> = T & { io: CommandIo };

/**
 * `waybill users create`: makes a user, and prints the password alone on stdout unless it was given. With `json` the
 * object that the API would answer with, and the password where it was made. Works with the server up or down.
 */
export async function createUser(options: Call<CreateUserOptions>): Promise<ExitCode> {
  const { email, name, role, io } = options;
  if (name.length < 1 || name.length > LONGEST_NAME) {
    throw wrongUsage(`--name must have 1 to ${LONGEST_NAME} characters.`);
  }
  refusingUsage(() => checkEmail(email));
  const password = await passwordFor(options);
  const createdAt = io.clock.now();
  const id = createIds(systemRandom).make('usr', createdAt);
  const passwordHash = await hashOf(password.text);
  const folder = (await settingsFor(options, io)).dataDir;
  const connection = openBeside(folder);
  try {
    migrate(connection, { folder, apply: true });
    if ((await inDatabase(folder, (tx) => readUserByEmail(tx, email))) !== null) {
      throw new CommandFailure(`There is a user ${JSON.stringify(email)} already. See \`waybill users list\`.`);
    }
    connection.run(INSERT_USER, userValues({ id, email, name, role, passwordHash, createdAt }));
  } finally {
    connection.close();
  }
  tell(options, present({ id, email, name, role, version: 1, createdAt, lastSignInAt: null }), password);
  return 0;
}

/**
 * `waybill users reset-password`: gives a user another password, prints it alone on stdout unless it was given, and ends
 * their sessions: a running server may take those for some seconds more.
 */
export async function resetPassword(options: Call<PasswordOptions>): Promise<ExitCode> {
  const { email, io } = options;
  const password = await passwordFor(options);
  const folder = (await settingsFor(options, io)).dataDir;
  const user = await inDatabase(folder, (tx) => readUserByEmail(tx, email));
  if (user === null) {
    throw new CommandFailure(`There is no user ${JSON.stringify(email)}. See \`waybill users list\`.`);
  }
  const passwordHash = await hashOf(password.text);
  const connection = openBeside(folder);
  try {
    connection.exec('BEGIN IMMEDIATE');
    connection.run(SET_PASSWORD, [passwordHash, user.id]);
    connection.run(END_SESSIONS_OF, [user.id]);
    connection.exec('COMMIT');
  } finally {
    connection.close();
  }
  tell(options, present(user), password);
  return 0;
}

/** `waybill users list`: every user, newest first. Reads the data folder, with the server up or down. */
export async function listUsers(options: Call<UserOptions>): Promise<ExitCode> {
  const { io, json } = options;
  const users = (await inDatabase((await settingsFor(options, io)).dataDir, readUsers)).map(present);
  if (json) printJson(io, { items: users });
  else {
    const columns = [
      { heading: 'ID', cell: (user: ShownUser) => user.id },
      { heading: 'ROLE', cell: (user: ShownUser) => user.role },
      {
        heading: 'SIGNED IN (UTC)',
        cell: ({ lastSignInAt }: ShownUser) => (lastSignInAt === null ? 'never' : shortInstant(lastSignInAt)),
      },
      { heading: 'EMAIL', cell: (user: ShownUser) => user.email, flexible: true },
      { heading: 'NAME', cell: (user: ShownUser) => user.name, flexible: true },
    ];
    printLines(io, tableLines(users, columns, 'No users. `waybill users create` makes one.'));
  }
  return 0;
}

/** As the API takes it. */
const LONGEST_NAME = 200;

interface ChosenPassword {
  text: string;
  isMade: boolean;
}

/** The password in the file that the options name, or a new one. It is never an argument: others could read that. */
async function passwordFor({ email, passwordFile, io }: Call<PasswordOptions>): Promise<ChosenPassword> {
  if (passwordFile === undefined) return { text: makePassword(systemRandom), isMade: true };
  // Spaces may be part of it, the end of the line is not.
  const text = (await readTextFile(io, passwordFile)).replace(/\r?\n$/, '');
  refusingUsage(() => checkPassword(text, email));
  return { text, isMade: false };
}

async function hashOf(password: string): Promise<string> {
  try {
    return await createPasswordHashes(systemRandom).make(password);
  } catch (error) {
    throw error instanceof Refusal ? new SetupError(error.message) : error;
  }
}

/** What the API refuses is here a wrong argument. */
function refusingUsage(check: () => void): void {
  try {
    check();
  } catch (error) {
    throw error instanceof Refusal ? wrongUsage(error.message) : error;
  }
}

/** Shows what was done to a user; the password only where nobody knows it yet. */
function tell({ io, json }: Call<UserOptions>, user: ShownUser, { text, isMade }: ChosenPassword): void {
  if (json) printJson(io, { ...user, ...(isMade && { password: text }) });
  else if (isMade) io.stdout.write(`${text}\n`);
  else printLines(io, [`${user.id} (${printable(user.email)}) has the password.`]);
}

async function inDatabase<T>(folder: string, read: (tx: ReadTx) => Promise<T>): Promise<T> {
  const view = viewDatabase(folder);
  if (view === null) {
    throw new SetupError(
      `There is no database in ${folder}. Name the data folder with --data-dir or WAYBILL_DATA_DIR.`,
    );
  }
  try {
    if (view.schema.applied < view.schema.newest) {
      throw new SetupError(`The database in ${folder} is of an older version. Run \`waybill migrate up\` first.`);
    }
    return await read(view.tx);
  } finally {
    view.close();
  }
}

type ShownUser = ReturnType<typeof present>;

/** A user as the API shows them. */
function present({ id, email, name, role, createdAt, lastSignInAt }: UserRow) {
  const [created, signedIn] = [formatInstant(createdAt), formatInstantOrNull(lastSignInAt)];
  return { id, email, name, role, createdAt: created, lastSignInAt: signedIn };
}

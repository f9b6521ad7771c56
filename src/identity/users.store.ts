import type { Role } from '../http/index.ts';
import { Refusal, unacceptable } from '../kernel/errors.ts';
import type { UserId } from '../kernel/ids.ts';
import { command, type Handler, handleCommand, handleQuery, query, type ReadTx, type Tx } from '../store/index.ts';
import { type NewSession, writeSession } from './sessions.store.ts';

/** A user as others see them. `version` counts the changes of what an administrator sets, the password included. */
export interface UserRow {
  id: UserId;
  email: string;
  name: string;
  role: Role;
  version: number;
  createdAt: number;
  lastSignInAt: number | null;
}

/** With `passwordHash`, a PHC string, which leaves this module in no answer. */
export interface NewUser {
  id: UserId;
  email: string;
  name: string;
  role: Role;
  passwordHash: string;
  createdAt: number;
}

/** What is left out stays. */
export type UserChanges = Partial<Pick<NewUser, 'email' | 'name' | 'role' | 'passwordHash'>>;

/** Refuses (422) an e-mail address that another user has. */
export const createUser = command<NewUser, UserRow>('identity.create_user');
/** Creates the first administrator, signed in. Refuses with `gone` when there is an administrator already. */
export const createFirstUser = command<{ user: NewUser; session: NewSession }, null>('identity.create_first_user');
/**
 * Changes a user; null when there is none. A new password ends their sessions but `keptSession`. Refuses another version
 * than the one named (412), an e-mail address that another user has (422), and to leave nobody an administrator (409).
 */
export const changeUser = command<
  { id: string; changes: UserChanges; version: number | null; keptSession: string | null },
  UserRow | null
>('identity.change_user');
/**
 * Gives a user who has shown the password of `verifiedHash` another one, and ends their sessions but `keptSession`.
 * Returns whether that was still the password.
 */
export const changePassword = command<
  { id: string; verifiedHash: string; passwordHash: string; keptSession: string },
  boolean
>('identity.change_password');
/** Deletes a user and their sessions; false when there is none. Refuses as `changeUser` does. */
export const deleteUser = command<{ id: string; version: number | null }, boolean>('identity.delete_user');

export const findUser = query<{ id: string }, UserRow | null>('identity.find_user');
/** A user by e-mail address, however it is written, with what their password is verified against. */
export const findPassword = query<{ email: string } | { id: string }, (UserRow & Pick<NewUser, 'passwordHash'>) | null>(
  'identity.find_password',
);
/** Users, newest first, `limit + 1` of them. */
export const listUsers = query<{ limit: number; before: string | null }, UserRow[]>('identity.list_users');
export const hasAdministrator = query<null, boolean>('identity.has_administrator');

const COLUMNS = 'id, email, name, role, version, created_at AS "createdAt", last_sign_in_at AS "lastSignInAt"';
const BY_ID = `SELECT ${COLUMNS} FROM users WHERE id = ?`;

/** The statements behind `createUser` and `changePassword`, also for the command line, which writes beside a running server. */
export const INSERT_USER =
  'INSERT INTO users (id, email, email_key, name, role, password_hash, version, created_at) VALUES (?, ?, ?, ?, ?, ?, 1, ?)';
export const SET_PASSWORD = 'UPDATE users SET password_hash = ?, version = version + 1 WHERE id = ?';
export const END_SESSIONS_OF = 'DELETE FROM sessions WHERE user_id = ?';

/** What e-mail addresses are compared by: nobody tells them apart by upper and lower case. */
export function emailKey(email: string): string {
  return email.normalize('NFC').toLowerCase();
}

/** The values that `INSERT_USER` takes. */
export function userValues({ id, email, name, role, passwordHash, createdAt }: NewUser): (string | number)[] {
  return [id, email, emailKey(email), name, role, passwordHash, createdAt];
}

/** The user with that e-mail address, or null. */
export async function readUserByEmail(tx: ReadTx, email: string): Promise<UserRow | null> {
  return (await tx.get<UserRow>(`SELECT ${COLUMNS} FROM users WHERE email_key = ?`, emailKey(email))) ?? null;
}

/** Every user, newest first: for the command line, which reads beside a running server. */
export async function readUsers(tx: ReadTx): Promise<UserRow[]> {
  return tx.all<UserRow>(`SELECT ${COLUMNS} FROM users ORDER BY id DESC`);
}

async function countAdministrators(tx: ReadTx, except = ''): Promise<number> {
  const row = await tx.get<{ n: number }>("SELECT COUNT(*) AS n FROM users WHERE role = 'admin' AND id <> ?", except);
  return row?.n ?? 0;
}

async function refuseTaken(tx: ReadTx, email: string, id: string): Promise<void> {
  const other = await readUserByEmail(tx, email);
  if (other !== null && other.id !== id) throw unacceptable('/email', 'Another user has this e-mail address.');
}

/** Without an administrator nobody could let anyone in again. */
async function refuseLastAdministrator(tx: ReadTx, { id, role }: UserRow): Promise<void> {
  if (role === 'admin' && (await countAdministrators(tx, id)) === 0) {
    throw new Refusal('conflict', 'This is the last administrator. Make another user one first.');
  }
}

function refuseOtherVersion(row: UserRow, version: number | null): void {
  if (version === null || version === row.version) return;
  throw new Refusal('precondition_failed', 'It has changed since the version that If-Match names. Read it again.');
}

async function insert(tx: Tx, user: NewUser): Promise<UserRow> {
  await refuseTaken(tx, user.email, user.id);
  await tx.run(INSERT_USER, ...userValues(user));
  const { id, email, name, role, createdAt } = user;
  return { id, email, name, role, version: 1, createdAt, lastSignInAt: null };
}

async function change(
  tx: Tx,
  {
    id,
    changes,
    version,
    keptSession,
  }: { id: string; changes: UserChanges; version: number | null; keptSession: string | null },
): Promise<UserRow | null> {
  const row = await tx.get<UserRow>(BY_ID, id);
  if (row === undefined) return null;
  refuseOtherVersion(row, version);
  const { passwordHash, ...shown } = changes;
  const next = { ...row, ...shown };
  await refuseTaken(tx, next.email, id);
  if (next.role !== 'admin') await refuseLastAdministrator(tx, row);
  if (next.email !== row.email || next.name !== row.name || next.role !== row.role) {
    next.version += await tx.run(
      'UPDATE users SET email = ?, email_key = ?, name = ?, role = ?, version = version + 1 WHERE id = ?',
      ...[next.email, emailKey(next.email), next.name, next.role, id],
    );
  }
  if (passwordHash !== undefined) {
    next.version += await tx.run(SET_PASSWORD, passwordHash, id);
    await tx.run(`${END_SESSIONS_OF} AND id <> ?`, id, keptSession ?? '');
  }
  return next;
}

export function userHandlers(): Handler[] {
  return [
    handleCommand(createUser, insert),
    handleCommand(createFirstUser, async (tx, { user, session }) => {
      if ((await countAdministrators(tx)) > 0) throw alreadySetUp();
      await insert(tx, user);
      await writeSession(tx, session);
      return null;
    }),
    handleCommand(changeUser, change),
    handleCommand(changePassword, async (tx, { id, verifiedHash, passwordHash, keptSession }) => {
      const changed = await tx.run(`${SET_PASSWORD} AND password_hash = ?`, passwordHash, id, verifiedHash);
      if (changed > 0) await tx.run(`${END_SESSIONS_OF} AND id <> ?`, id, keptSession);
      return changed > 0;
    }),
    handleCommand(deleteUser, async (tx, { id, version }) => {
      const row = await tx.get<UserRow>(BY_ID, id);
      if (row === undefined) return false;
      refuseOtherVersion(row, version);
      await refuseLastAdministrator(tx, row);
      await tx.run(END_SESSIONS_OF, id);
      return (await tx.run('DELETE FROM users WHERE id = ?', id)) > 0;
    }),
    handleQuery(findUser, async (tx, { id }) => (await tx.get<UserRow>(BY_ID, id)) ?? null),
    handleQuery(findPassword, async (tx, by) => {
      const [column, value] = 'id' in by ? ['id', by.id] : ['email_key', emailKey(by.email)];
      const sql = `SELECT ${COLUMNS}, password_hash AS "passwordHash" FROM users WHERE ${column} = ?`;
      return (await tx.get<UserRow & Pick<NewUser, 'passwordHash'>>(sql, value)) ?? null;
    }),
    handleQuery(listUsers, (tx, { limit, before }) =>
      tx.all<UserRow>(
        `SELECT ${COLUMNS} FROM users WHERE id < ? ORDER BY id DESC LIMIT ?`,
        before ?? 'usr~',
        limit + 1,
      ),
    ),
    handleQuery(hasAdministrator, async (tx) => (await countAdministrators(tx)) > 0),
  ];
}

/** What whoever comes too late to create the first administrator is told. */
export function alreadySetUp(): Refusal {
  return new Refusal('gone', 'There is an administrator already. Sign in, or ask them for a user of your own.');
}

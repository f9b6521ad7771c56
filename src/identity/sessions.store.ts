import type { Role } from '../http/index.ts';
import type { SessionId, UserId } from '../kernel/ids.ts';
import { command, type Handler, handleCommand, handleQuery, query, type Tx } from '../store/index.ts';
import { SESSION_IDLE_MS } from './session-life.ts';

/** Where somebody is signed in. `expiresAt` is when it ends at the latest. */
export interface SessionRow {
  id: SessionId;
  userId: UserId;
  createdAt: number;
  lastSeenAt: number;
  expiresAt: number;
  userAgent: string | null;
  address: string;
}

/** With `hash`, that of the token in the browser's cookie: the token itself is not kept. */
export type NewSession = Omit<SessionRow, 'lastSeenAt'> & { hash: string };

/** A session, and whose it is. */
export type SessionOwner = SessionRow & { email: string; name: string; role: Role };

/**
 * Signs a user in who has shown the password of `verifiedHash`, which from now on is kept as `passwordHash`. Ends the
 * oldest session of a user who has very many. Returns whether that was still the password.
 */
export const startSession = command<{ session: NewSession; verifiedHash: string; passwordHash: string }, boolean>(
  'identity.start_session',
);
/** Returns whether there was one to end. */
export const endSession = command<{ id: string }, boolean>('identity.end_session');
/** Writes down that a session was used. */
export const noteSession = command<{ id: string; now: number }, null>('identity.note_session');
/** Deletes some of the sessions that have ended. Returns how many; 0 when there are none left. */
export const pruneSessions = command<{ now: number }, number>('identity.prune_sessions');

/** The session whose token has this hash, be it over or not. */
export const findSessionOwner = query<{ hash: string }, SessionOwner | null>('identity.find_session_owner');
export const findSession = query<{ id: string }, SessionRow | null>('identity.find_session');
/** A user's sessions that are not over, newest first, `limit + 1` of them. */
export const listSessions = query<{ userId: string; now: number; limit: number; before: string | null }, SessionRow[]>(
  'identity.list_sessions',
);

/** In how many browsers a user can be signed in at once. */
const MAX_SESSIONS = 50;
/** How many sessions one command deletes: small, because publishers wait meanwhile. */
const PRUNE_STEP = 100;

const COLUMNS = `s.id, s.user_id AS "userId", s.created_at AS "createdAt", s.last_seen_at AS "lastSeenAt",
  s.expires_at AS "expiresAt", s.user_agent AS "userAgent", s.address`;

/** Writes a session and when its user signed in, in the caller's transaction. */
export async function writeSession(tx: Tx, session: NewSession): Promise<void> {
  const { id, userId, hash, createdAt, expiresAt, userAgent, address } = session;
  await tx.run(
    `INSERT INTO sessions (id, user_id, hash, created_at, last_seen_at, expires_at, user_agent, address)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    ...[id, userId, hash, createdAt, createdAt, expiresAt, userAgent, address],
  );
  await tx.run('UPDATE users SET last_sign_in_at = ? WHERE id = ?', createdAt, userId);
}

export function sessionHandlers(): Handler[] {
  return [
    handleCommand(startSession, async (tx, { session, verifiedHash, passwordHash }) => {
      const { userId } = session;
      const isCurrent = await tx.run(
        'UPDATE users SET password_hash = ? WHERE id = ? AND password_hash = ?',
        ...[passwordHash, userId, verifiedHash],
      );
      if (isCurrent === 0) return false;
      await writeSession(tx, session);
      await tx.run(
        `DELETE FROM sessions WHERE user_id = ? AND id <= (
          SELECT id FROM sessions WHERE user_id = ? ORDER BY id DESC LIMIT 1 OFFSET ?)`,
        ...[userId, userId, MAX_SESSIONS],
      );
      return true;
    }),
    handleCommand(endSession, async (tx, { id }) => (await tx.run('DELETE FROM sessions WHERE id = ?', id)) > 0),
    handleCommand(noteSession, async (tx, { id, now }) => {
      await tx.run('UPDATE sessions SET last_seen_at = ? WHERE id = ? AND last_seen_at < ?', now, id, now);
      return null;
    }),
    handleCommand(pruneSessions, (tx, { now }) =>
      tx.run(
        'DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE expires_at <= ? OR last_seen_at <= ? LIMIT ?)',
        ...[now, now - SESSION_IDLE_MS, PRUNE_STEP],
      ),
    ),
    handleQuery(
      findSessionOwner,
      async (tx, { hash }) =>
        (await tx.get<SessionOwner>(
          `SELECT ${COLUMNS}, u.email, u.name, u.role FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.hash = ?`,
          hash,
        )) ?? null,
    ),
    handleQuery(
      findSession,
      async (tx, { id }) => (await tx.get<SessionRow>(`SELECT ${COLUMNS} FROM sessions s WHERE s.id = ?`, id)) ?? null,
    ),
    handleQuery(listSessions, (tx, { userId, now, limit, before }) =>
      tx.all<SessionRow>(
        `SELECT ${COLUMNS} FROM sessions s
          WHERE s.user_id = ? AND s.id < ? AND s.expires_at > ? AND s.last_seen_at > ? ORDER BY s.id DESC LIMIT ?`,
        ...[userId, before ?? 'ses~', now, now - SESSION_IDLE_MS, limit + 1],
      ),
    ),
  ];
}

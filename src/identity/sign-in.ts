import type { Caller } from '../http/index.ts';
import type { Clock } from '../kernel/clock.ts';
import { Refusal, unacceptable } from '../kernel/errors.ts';
import type { Ids, UserId } from '../kernel/ids.ts';
import type { Random } from '../kernel/random.ts';
import { type OnceRequest, onlyOnce, type Store } from '../store/index.ts';
import { type Authenticator, callerOfSession } from './authenticator.ts';
import type { PasswordHashes } from './password-hashes.ts';
import { SESSION_LIFE_MS } from './session-life.ts';
import { type NewSession, startSession } from './sessions.store.ts';
import type { Setup } from './setup.ts';
import { createSignInLimits } from './sign-in-limits.ts';
import { hashToken, makeToken } from './tokens.ts';
import { alreadySetUp, changePassword, createFirstUser, emailKey, findPassword, type NewUser } from './users.store.ts';
import { checkEmail, checkPassword } from './users.ts';

/** What is known of a browser that signs in. */
export interface Browser {
  address: string;
  userAgent: string | null;
}

/** A session that has begun. The token goes into the browser's cookie, and is kept nowhere. */
export interface SignedIn {
  token: string;
  caller: Caller;
}

/** What became of a sign-in, for the log. `userId` is null where the e-mail address is nobody's. */
export interface SignInReport {
  isSignedIn: boolean;
  userId: string | null;
  address: string;
}

interface Dependencies {
  store: Store;
  clock: Clock;
  ids: Ids;
  random: Random;
  setup: Setup;
  hashes: PasswordHashes;
  authenticator: Authenticator;
  report: (outcome: SignInReport) => void;
}

export interface SignIn {
  /**
   * Creates the first administrator, signed in. Refuses another token than the one shown at the start (403), when there
   * is an administrator (410), and what cannot be an e-mail address or a password (422).
   */
  setUp(wanted: { token: string; email: string; name: string; password: string }, browser: Browser): Promise<SignedIn>;
  /** Refuses (401) in the same words whatever is wrong, and (429) those who try too often. */
  signIn(given: { email: string; password: string }, browser: Browser): Promise<SignedIn>;
  /** Refuses (422) a wrong password, and a new one that cannot be one. The user's other sessions end. */
  changePassword(
    wanted: { currentPassword: string; newPassword: string },
    who: { actor: Caller['actor']; sessionId: string; address: string; once: OnceRequest | null },
  ): Promise<void>;
}

export function createSignIn(dependencies: Dependencies): SignIn {
  const { store, clock, ids, random, setup, hashes, authenticator, report } = dependencies;
  const limits = createSignInLimits();

  function newSession(userId: UserId, { address, userAgent }: Browser): { token: string; session: NewSession } {
    const createdAt = clock.now();
    const token = makeToken(random);
    const id = ids.make('ses', createdAt);
    const expiresAt = createdAt + SESSION_LIFE_MS;
    return { token, session: { id, userId, hash: hashToken(token), createdAt, expiresAt, userAgent, address } };
  }

  /** The caller who has just signed in. */
  function signedIn(
    { email, name, role }: Pick<NewUser, 'email' | 'name' | 'role'>,
    token: string,
    session: NewSession,
  ): SignedIn {
    const owner = { ...session, lastSeenAt: session.createdAt, email, name, role };
    return { token, caller: callerOfSession(owner, token) };
  }

  /** The user whose password it is, or null. Refuses who has guessed too often. */
  async function verify(by: { email: string } | { id: string }, account: string, password: string, address: string) {
    const attempt = { account, address };
    const waitMs = limits.draw(attempt, clock.monotonicMs());
    if (waitMs > 0) throw tooManyTries(waitMs);
    const user = await store.read(findPassword, by);
    const giveBack = () => limits.giveBack(attempt, clock.monotonicMs());
    const isRight = await hashes.verify(password, user?.passwordHash ?? null).catch((error: unknown) => {
      giveBack();
      throw error;
    });
    if (isRight) giveBack();
    else report({ isSignedIn: false, userId: user?.id ?? null, address });
    return isRight ? user : null;
  }

  return {
    async setUp({ token: given, email, name, password }, browser) {
      if (!(await setup.isNeeded())) throw alreadySetUp();
      if (!setup.accepts(given)) {
        throw new Refusal('forbidden', 'This is not the token of the link that the server printed when it started.');
      }
      checkEmail(email);
      checkPassword(password, email);
      const passwordHash = await hashes.make(password);
      const createdAt = clock.now();
      const id = ids.make('usr', createdAt);
      const { token, session } = newSession(id, browser);
      const user: NewUser = { id, email, name, role: 'admin', passwordHash, createdAt };
      await store.run(createFirstUser, { user, session });
      report({ isSignedIn: true, userId: id, address: browser.address });
      return signedIn(user, token, session);
    },

    async signIn({ email, password }, browser) {
      const user = await verify({ email }, emailKey(email), password, browser.address);
      if (user === null) throw wrongPassword();
      const { passwordHash: verifiedHash } = user;
      const passwordHash = hashes.isOutdated(verifiedHash) ? await hashes.make(password) : verifiedHash;
      const { token, session } = newSession(user.id, browser);
      if (!(await store.run(startSession, { session, verifiedHash, passwordHash }))) throw wrongPassword();
      report({ isSignedIn: true, userId: user.id, address: browser.address });
      return signedIn(user, token, session);
    },

    async changePassword({ currentPassword, newPassword }, { actor, sessionId, address, once }) {
      const { value: isChanged } = await onlyOnce(store, changePassword, once, async () => {
        checkPassword(newPassword, actor.email ?? '', '/newPassword');
        const user = await verify({ id: actor.id }, emailKey(actor.email ?? ''), currentPassword, address);
        if (user === null) throw notYourPassword();
        const { id, passwordHash: verifiedHash } = user;
        const passwordHash = await hashes.make(newPassword);
        return { input: { id, verifiedHash, passwordHash, keptSession: sessionId }, aside: null };
      });
      if (!isChanged) throw notYourPassword();
      authenticator.forget(actor.id);
    },
  };
}

/** Nobody is to learn which e-mail addresses are known. */
function wrongPassword(): Refusal {
  return new Refusal('unauthorized', 'No user has this e-mail address and this password.');
}

function notYourPassword(): Refusal {
  return unacceptable('/currentPassword', 'This is not your password.');
}

function tooManyTries(waitMs: number): Refusal {
  const retryAfterS = Math.ceil(waitMs / 1000);
  return new Refusal('rate_limited', `There were too many wrong passwords. Try again in ${retryAfterS} seconds.`, {
    retryAfterS,
  });
}

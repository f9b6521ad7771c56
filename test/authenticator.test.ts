import { hash } from 'node:crypto';
import { expect, test } from 'vitest';
import { createAuthenticator } from '../src/identity/index.ts';
import { createManualClock } from './harness/manual-clock.ts';
import { makeDataDir } from './harness/server.ts';
import { openServerStore, rowsOf, runOn } from './harness/store.ts';

const TOKEN = 'the token of a session';
const CREDENTIALS = { kind: 'session', secret: TOKEN } as const;
const MINUTE_MS = 60_000;

/** An authenticator on a clock of its own, over a database in which somebody is signed in. */
async function stage() {
  const dataDir = makeDataDir();
  const store = await openServerStore(dataDir);
  const clock = createManualClock();
  const now = clock.now();
  runOn(
    dataDir,
    `INSERT INTO users (id, email, email_key, name, role, password_hash, version, created_at)
      VALUES ('usr_1', 'ada@example.com', 'ada@example.com', 'Ada', 'viewer', '', 1, ?)`,
    now,
  );
  runOn(
    dataDir,
    `INSERT INTO sessions (id, user_id, hash, created_at, last_seen_at, expires_at, address)
      VALUES ('ses_1', 'usr_1', ?, ?, ?, ?, '')`,
    ...[hash('sha256', TOKEN, 'hex'), now, now, now + 1_000 * MINUTE_MS],
  );
  const faults: unknown[] = [];
  const authenticator = createAuthenticator({
    store,
    clock,
    bootstrapKey: null,
    onFault: (error) => faults.push(error),
  });
  return {
    clock,
    faults,
    authenticator,
    name: async () => (await authenticator.authenticate(CREDENTIALS))?.actor.name ?? null,
    end: () => runOn(dataDir, 'DELETE FROM sessions'),
    rename: (name: string) => runOn(dataDir, 'UPDATE users SET name = ?', name),
    seenAt: () => rowsOf<{ at: number }>(dataDir, 'SELECT last_seen_at AS at FROM sessions')[0]?.at,
  };
}

test('what was found is believed for five seconds, and not when it is to be forgotten', async () => {
  const { clock, authenticator, name, rename, end } = await stage();
  expect(await name()).toBe('Ada');
  rename('Bob');
  await clock.advance(4_999);
  expect(await name()).toBe('Ada');
  await clock.advance(1);
  expect(await name()).toBe('Bob');
  rename('Cleo');
  authenticator.forget('usr_1');
  expect(await name()).toBe('Cleo');
  end();
  authenticator.forget('ses_1');
  expect(await name()).toBeNull();
});

test('a look-up that was under way while something was forgotten is not believed', async () => {
  const { authenticator, name, end } = await stage();
  const underway = name();
  authenticator.forget('ses_1');
  expect(await underway).toBe('Ada');
  end();
  expect(await name()).toBeNull();
});

test('when a session was used is written down once a minute at most', async () => {
  const { clock, name, seenAt, faults } = await stage();
  const startedAt = clock.now();
  await clock.advance(MINUTE_MS - 1);
  await name();
  await clock.advance(10_000);
  expect(seenAt()).toBe(startedAt);
  await name();
  await expect.poll(seenAt).toBe(startedAt + MINUTE_MS + 9_999);
  await clock.advance(30_000);
  await name();
  await clock.advance(0);
  expect(seenAt()).toBe(startedAt + MINUTE_MS + 9_999);
  expect(faults).toEqual([]);
});

import { CANCELLED, DUE, type Due, HANDED } from '../../src/deliveries/handed.ts';
import type { Settlement } from '../../src/deliveries/settlement.ts';
import type { Exchange } from '../../src/egress/index.ts';
import type { NewEvent } from '../../src/events/index.ts';
import type { Handler, Tx } from '../../src/store/index.ts';
import type { Connection } from '../../src/store/sqlite/driver.ts';
import type { Invariant } from './invariants.ts';
import type { Flaw } from './life.ts';

/** A mistake that somebody could make, and what it would break. */
export interface PlantedFlaw {
  /** As it would be told in a bug report. */
  title: string;
  /** Made anew for each run, because some remember something. */
  plant: () => Flaw;
  /** Any of these may be seen to be broken first. */
  breaks: readonly Invariant[];
  /** Where to begin, if it is so rare that a seed known to show it saves time. */
  from?: number;
}

/** Puts another text in the place of a part of every statement that has it. */
function withSql(...edits: readonly [part: string, by: string][]): Flaw {
  const edited = (sql: string) => edits.reduce((text, [part, by]) => text.replace(part, by), sql);
  return {
    connection: (connection) => ({
      ...connection,
      get: (sql, params) => connection.get(edited(sql), params),
      all: (sql, params) => connection.all(edited(sql), params),
      run: (sql, params) => connection.run(edited(sql), params),
      get inTransaction() {
        return connection.inTransaction;
      },
    }),
  };
}

/** Wraps what each of some commands does. */
function withCommands(names: readonly string[], wrap: (run: Run) => Run): Flaw {
  return {
    handlers: (handlers) =>
      handlers.map((handler) =>
        handler.kind === 'command' && names.includes(handler.name)
          ? { ...handler, run: wrap(handler.run as Run) }
          : handler,
      ),
  };
}

type Run = (tx: Tx, input: never) => ReturnType<Extract<Handler, { kind: 'command' }>['run']>;

/** A transaction that looks like another but for some of its members. */
function changed(tx: Tx, members: Partial<Tx>): Tx {
  return { ...tx, ...members };
}

/** Acknowledges a commit at once and makes it when the next transaction begins. */
function commitLater(connection: Connection): Connection {
  let isDue = false;
  return {
    ...connection,
    run(sql, params) {
      if (isDue && /^BEGIN/.test(sql)) {
        isDue = false;
        // A dead process has taken it along.
        if (connection.inTransaction) connection.run('COMMIT', []);
      }
      if (sql !== 'COMMIT') return connection.run(sql, params);
      isDue = true;
      return 0;
    },
    get inTransaction() {
      return connection.inTransaction && !isDue;
    },
  };
}

/** Numbers that a command took are not given back when it is rolled back. */
function keepNumbers(): Flaw {
  const skipped = new Map<string, number>();
  return withCommands(['events.publish'], (run) => (tx, input) => {
    const next = async (counter: string) => {
      const number = await tx.next(counter);
      tx.onRollback(() => skipped.set(counter, (skipped.get(counter) ?? 0) + 1));
      return number + (counter.startsWith('webhook:') ? (skipped.get(counter) ?? 0) : 0);
    };
    return run(changed(tx, { next }), input);
  });
}

function forgetSomeTimers(): Flaw {
  let count = 0;
  return {
    clock: (clock) => ({
      ...clock,
      after(delayMs, run) {
        count += 1;
        // The short ones gather settlements, or wait for the disk.
        return clock.after(delayMs, delayMs > 300 && count % 4 === 0 ? () => undefined : run);
      },
    }),
  };
}

export const FLAWS: readonly PlantedFlaw[] = [
  {
    title: 'a settlement that overwrites what was cancelled meanwhile',
    plant: () =>
      withSql(["WHERE number = ? AND state = 'delivering' AND held_by = ?", 'WHERE number = ? AND ? IS NOT NULL']),
    breaks: ['life'],
  },
  {
    title: 'an acknowledgement that is given before the commit',
    plant: () => ({ connection: commitLater }),
    breaks: ['acknowledged'],
  },
  {
    title: 'a start that leaves in hand what a dead process held',
    plant: () => withCommands(['deliveries.rescue'], () => () => 0),
    breaks: ['deadHands'],
  },
  {
    title: 'a claim that leaves what it hands out in the queue',
    plant: () =>
      withSql([
        "SET state = 'delivering', due_at = NULL, held_by = ? WHERE number = ? AND due_at IS NOT NULL",
        "SET state = 'delivering', held_by = ? WHERE number = ? AND due_at IS NOT NULL",
      ]),
    breaks: ['life', 'onlyInHand'],
  },
  {
    title: 'a delivery that is handed out twice',
    plant: () =>
      withCommands(['deliveries.claim'], (run) => (tx, input) => {
        const signal = (topic: string, payload: unknown) => {
          tx.signal(topic, payload);
          if (topic === HANDED) tx.signal(topic, payload);
        };
        return run(changed(tx, { signal }), input);
      }),
    breaks: ['onlyInHand', 'duplicates'],
  },
  {
    title: 'a slot that stays given back when the settlement is not committed',
    plant: () =>
      withCommands(
        ['deliveries.settle'],
        (run) => (tx, input) => run(changed(tx, { onRollback: () => undefined }), input),
      ),
    breaks: ['inFlight'],
  },
  {
    title: 'a wake-up that is lost',
    plant: forgetSomeTimers,
    breaks: ['ends'],
  },
  {
    title: 'a Retry-After that is ignored',
    plant: () => ({
      sender: (sender) => ({
        ...sender,
        send: async (request): Promise<Exchange> => ({ ...(await sender.send(request)), retryAfterMs: null }),
      }),
    }),
    breaks: ['decision'],
  },
  {
    title: 'an attempt of unknown outcome that uses up a try',
    plant: () =>
      withSql([
        "next_trigger = 'recovery', attempt_count = ?",
        "next_trigger = 'recovery', tries = tries + 1, attempt_count = ?",
      ]),
    breaks: ['decision'],
  },
  {
    title: 'a body that is made again for each attempt',
    plant: () => withSql(['d.replay_number, b.content,', 'd.replay_number, NULL AS content,']),
    breaks: ['sameBytes'],
  },
  {
    title: 'a number that is not given back by a publication that was refused',
    plant: keepNumbers,
    breaks: ['sequence'],
  },
  {
    title: 'a paused webhook that is sent to',
    plant: () => ({
      directory: (directory) => ({
        ...directory,
        get(id) {
          const webhook = directory.get(id);
          return webhook && { ...webhook, state: 'active' };
        },
      }),
    }),
    breaks: ['held'],
    from: 20,
  },
  {
    title: 'a paused webhook that is owed nothing',
    plant: () =>
      withSql([
        'SELECT * FROM webhooks WHERE id = ?',
        `SELECT *, CASE paused WHEN 1 THEN json_set(config, '$.enabled', json('false')) ELSE config END AS config
          FROM webhooks WHERE id = ?`,
      ]),
    breaks: ['owed'],
  },
  {
    title: 'a memory of webhooks that survives a rollback',
    plant: () =>
      withCommands(
        [
          'webhooks.create',
          'webhooks.change',
          'webhooks.change_defaults',
          'webhooks.pause',
          'deliveries.remove_webhook',
        ],
        (run) => (tx, input) => run(changed(tx, { onRollback: () => undefined }), input),
      ),
    breaks: ['owed', 'acknowledged'],
  },
  {
    title: 'a delivery that is given up without a word',
    plant: () =>
      withCommands(['deliveries.settle'], (run) => (tx, input) => {
        const { settlements, now } = input as { settlements: object[]; now: number };
        return run(tx, { now, settlements: settlements.map((one) => ({ ...one, news: null })) } as never);
      }),
    breaks: ['told'],
  },
  {
    title: 'an Idempotency-Key that is kept apart from its effect',
    plant: () =>
      withSql([
        'INSERT INTO idempotency_keys (scope, key, fingerprint, answer, aside, created_at) VALUES (?,',
        'INSERT INTO idempotency_keys (scope, key, fingerprint, answer, aside, created_at) VALUES (? || random(),',
      ]),
    breaks: ['onceOnly'],
  },
  {
    title: 'a replay that forgets what it has made',
    plant: () =>
      withSql([
        'DELETE FROM replay_candidates WHERE replay_number = ? AND webhook_number = ? AND number = ?',
        'DELETE FROM replay_candidates WHERE replay_number = ? AND webhook_number = ? AND number = ? AND FALSE',
      ]),
    breaks: ['replays'],
    from: 50,
  },
  {
    title: 'a rate that nobody keeps to',
    plant: () => ({
      directory: (directory) => ({
        ...directory,
        get(id) {
          const webhook = directory.get(id);
          if (webhook === null) return null;
          const { limits } = webhook.config;
          const ratePerSecond = limits.ratePerSecond && limits.ratePerSecond * 10;
          return { ...webhook, config: { ...webhook.config, limits: { ...limits, ratePerSecond } } };
        },
      }),
    }),
    breaks: ['rate'],
  },
  {
    title: 'a word that the index takes for written, though its transaction was rolled back',
    plant: () =>
      withCommands(['events.index'], (run) => (tx, input) => run(changed(tx, { onRollback: () => undefined }), input)),
    breaks: ['search'],
    from: 40,
  },
  {
    title: 'an index that keeps what retention has deleted',
    plant: () => withSql(['DELETE FROM event_search WHERE rowid = ?', 'DELETE FROM event_search WHERE rowid = -?']),
    breaks: ['search'],
  },
  {
    title: 'a breaker that nobody writes down',
    plant: () =>
      withCommands(['deliveries.settle'], (run) => (tx, input) => {
        const { settlements, now } = input as { settlements: object[]; now: number };
        return run(tx, { now, settlements: settlements.map((one) => ({ ...one, breaker: null })) } as never);
      }),
    breaks: ['breaker', 'ends'],
  },
  {
    title: 'a breaker that does not close when the receiver is back',
    plant: () =>
      withSql([
        'probe_at = NULL WHERE id = ? AND breaker_opened_at IS NOT NULL',
        'probe_at = NULL WHERE id = ? AND breaker_opened_at IS NULL',
      ]),
    breaks: ['breaker', 'ends', 'told'],
  },
  {
    title: 'a probe that uses up a try',
    plant: () =>
      withCommands(['deliveries.settle'], (run) => (tx, input) => {
        const { settlements, now } = input as { settlements: Settlement[]; now: number };
        const used = settlements.map((one) => {
          const isProbe = (one.breaker?.becomes?.probes ?? 0) > 0;
          return isProbe ? { ...one, next: { ...one.next, tries: one.next.tries + 1 } } : one;
        });
        return run(tx, { now, settlements: used } as never);
      }),
    breaks: ['decision'],
  },
  // Mistakes that the simulation has found in Waybill itself.
  {
    title: 'a delivery that is sent although it was cancelled while it was in line',
    plant: () =>
      withCommands(['deliveries.cancel'], (run) => (tx, input) => {
        const signal = (topic: string, payload: unknown) => {
          if (topic !== CANCELLED) tx.signal(topic, payload);
        };
        return run(changed(tx, { signal }), input);
      }),
    breaks: ['onlyInHand'],
    from: 35,
  },
  {
    title: 'a publication that tells nobody when its receiver need not be left alone any more',
    plant: () =>
      withCommands(['events.publish'], (run) => (tx, input) => {
        const [first] = input as readonly NewEvent[];
        const signal = (topic: string, payload: unknown) => {
          // What is due at once is so because of a rate.
          if (topic !== DUE || (payload as Due).at <= (first?.createdAt ?? 0)) tx.signal(topic, payload);
        };
        return run(changed(tx, { signal }), input);
      }),
    breaks: ['ends'],
  },
];

import { createEventSearch } from '../../src/events/search.store.ts';
import { readTx } from '../../src/store/sqlite/transaction.ts';
import { healAndWait, operate, publish, scheduleFaults, setUp } from './actors.ts';
import { INVARIANTS, type Violation } from './invariants.ts';
import type { Flaw } from './life.ts';
import { subjectsOf } from './picture.ts';
import { hasEnded } from './rules.ts';
import { createWorld, type World } from './world.ts';

/** What came of a seed. */
export interface Run {
  seed: number;
  violation: Violation | null;
  /** The same for the same seed, and for no other run. */
  hash: string;
  steps: number;
  counts: { events: number; deliveries: number; attempts: number; unknown: number; lives: number };
  /** Everything that happened, a line each. */
  lines: string[];
  /** The violation with what happened to its delivery, for people. Empty when there is none. */
  story: string;
}

/** Beyond this a run goes round in circles. */
const MAX_STEPS = 200_000;
/** How long a run goes on after the last delivery has ended, to see whether anything still moves. */
const AFTERWARDS_MS = 120_000;

/**
 * Runs the delivery core through everything that a seed has in store, then lets it come to an end, and judges.
 * Deterministic: the same seed and flaw give the same run.
 */
export async function simulate(seed: number, flaw: Flaw = {}): Promise<Run> {
  const world = createWorld(seed, flaw);
  const { timeline, verdicts, trace } = world;
  trace.note(`seed ${seed}: ${JSON.stringify(world.script)}`);
  const plot = { isBusy: true, isOver: false };
  void play(world, plot);
  const crash = world.diceFor('crash');
  let crashesLeft = world.script.crashes;
  let steps = 0;
  world.boot();
  await allSettled();
  while (!plot.isOver && verdicts.violation === null) {
    const step = timeline.next();
    steps += 1;
    if (step === null || steps > MAX_STEPS) {
      verdicts.violated('ends', step === null ? 'nothing happens any more' : 'it goes round in circles');
      break;
    }
    step.run();
    if (step.isCode) await allSettled();
    if (plot.isBusy && crashesLeft > 0 && world.isAlive && crash.hit(world.script.crashShare)) {
      crashesLeft -= 1;
      world.kill('killed');
      await allSettled();
    }
  }
  if (verdicts.violation === null) await judgeEnd(world);
  world.disk.close();
  return runOf(seed, steps, world);
}

/** Lets every promise that can go on do so. Nothing else is ready in the real event loop. */
function allSettled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** The course of a run: busy and faulty first, then calm until all is done. */
async function play(world: World, plot: { isBusy: boolean; isOver: boolean }): Promise<void> {
  const { script } = world;
  await setUp(world);
  const faults = scheduleFaults(world);
  const publishers = Array.from({ length: script.publishers }, (_, i) => publish(world, `p${i + 1}`));
  const operator = operate(world);
  await after(world, script.busyMs);
  plot.isBusy = false;
  // Everybody gets an answer once the disk has room; whoever still publishes then is waited for.
  world.receivers.heal();
  world.disk.isFull = false;
  await Promise.all([...publishers, operator, faults]);
  await healAndWait(world);
  await after(world, AFTERWARDS_MS);
  world.stop({ isLast: true });
  while (world.isAlive) await after(world, 100);
  plot.isOver = true;
}

function after({ timeline }: World, ms: number): Promise<void> {
  return new Promise((resolve) => {
    timeline.outside(ms, resolve);
  });
}

async function judgeEnd(world: World): Promise<void> {
  const { picture, verdicts, witness, disk } = world;
  witness.publications.lookUp(disk.witness);
  witness.publications.judge();
  for (const { row, attempts, isTest } of picture.deliveries.values()) {
    if (isTest) continue;
    if (!hasEnded(row.state)) verdicts.violated('ends', `d${row.number} is ${row.state} at the end`, row.id);
    const last = attempts.at(-1);
    const isTaken = last?.outcome === 'delivered' && witness.sends.wasAccepted(row.id, last.number);
    if (row.state === 'delivered' && !isTaken)
      verdicts.violated('delivered', `d${row.number} counts as delivered, and was never taken`, row.id);
  }
  for (const { row } of picture.replays.values()) {
    if (row.state === 'running') verdicts.violated('replays', `r${row.number} is still running at the end`);
  }
  judgeBodies(world);
  await judgeSearch(world);
}

/** What the log keeps of a request is what was sent. */
function judgeBodies({ picture, verdicts, disk }: World): void {
  const kept = disk.witness.all<{ id: string; attempt: number; content: string | null }>(
    `SELECT d.id, a.number AS attempt, b.content FROM attempts a JOIN deliveries d ON d.number = a.delivery_number
      LEFT JOIN bodies b ON b.event_sequence = d.event_sequence AND b.hash = a.body_hash
      WHERE a.outcome <> 'unknown' AND (d.sequence IS NOT NULL OR d.replay_of IS NOT NULL OR d.replay_number IS NOT NULL)`,
    [],
  );
  for (const { id, attempt, content } of kept) {
    const sends = picture.deliveriesById.get(id)?.sends ?? [];
    if (!sends.some((sent) => sent.attempt === attempt && sent.isLogged && sent.body === content))
      verdicts.violated('log', `the body of attempt ${attempt} of ${id} is kept as ${content}`, id);
  }
}

/** Every event that is kept has been indexed and is found by the words of its marker, and none that has been deleted. */
async function judgeSearch({ picture, verdicts, disk }: World): Promise<void> {
  const progress = disk.witness.get<{ value: string }>(
    "SELECT value FROM settings WHERE name = 'search.indexed_to'",
    [],
  );
  const indexedTo = Number(progress?.value ?? 0);
  const search = createEventSearch();
  for (const { marker, row, isPruned } of picture.events.values()) {
    if (!isPruned && row.sequence > indexedTo) verdicts.violated('search', `e${row.sequence} is not indexed`);
    if (marker === null) continue;
    const words = marker.split('-');
    const { sequences } = await search.newest(readTx(disk.witness), words, ALL_EVENTS);
    if (!(isPruned || sequences.includes(row.sequence)))
      verdicts.violated('search', `e${row.sequence} is not found by ${words.join(' ')}`);
    const gone = sequences.find((sequence) => picture.events.get(sequence)?.isPruned !== false);
    if (gone !== undefined) verdicts.violated('search', `e${gone} is found by ${words.join(' ')}, and is deleted`);
  }
}

const ALL_EVENTS = { atMost: Number.MAX_SAFE_INTEGER, limit: 10_000 };

function runOf(seed: number, steps: number, { picture, verdicts, trace }: World): Run {
  const { violation } = verdicts;
  const deliveries = [...picture.deliveries.values()];
  const attempts = deliveries.flatMap((delivery) => delivery.attempts);
  return {
    seed,
    violation,
    hash: trace.hash(),
    steps,
    counts: {
      events: picture.events.size,
      deliveries: deliveries.length,
      attempts: attempts.length,
      unknown: attempts.filter(({ outcome }) => outcome === 'unknown').length,
      lives: picture.life?.number ?? 0,
    },
    lines: trace.all(),
    story: violation === null ? '' : storyOf(seed, violation, { picture, trace } as World),
  };
}

function storyOf(seed: number, { invariant, what, deliveryId }: Violation, { picture, trace }: World): string {
  const delivery = deliveryId === null ? undefined : picture.deliveriesById.get(deliveryId);
  const lines = delivery === undefined ? trace.all() : trace.about(subjectsOf(delivery));
  return [
    ...lines.slice(-LONGEST_STORY),
    '',
    `seed ${seed} breaks ${invariant}: ${INVARIANTS[invariant]}`,
    what,
    `Again: npm run simulate -- --seed ${seed}`,
  ].join('\n');
}

const LONGEST_STORY = 200;

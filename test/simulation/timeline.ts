import type { Clock, Timer } from '../../src/kernel/clock.ts';
import type { Dice } from './dice.ts';

/** Something that runs from its beginning to its end before anything else does. */
export interface Step {
  /** Whether it runs code under test, whose promises have to settle before the next step. */
  isCode: boolean;
  run: () => void;
}

/** Messages from one thread to another: they arrive in the order in which they were sent, and nobody knows when. */
export interface Channel {
  send(run: () => void): void;
}

/** The time of one process: its timers and the messages between its threads. All of it ends at once. */
export interface ProcessTime {
  clock: Clock;
  channel(): Channel;
  /** Drops every timer that has not fired and every message that has not arrived. */
  end(): void;
}

/** How fast the machine is, in virtual time. */
export interface Pace {
  /** The share of messages that take time to arrive, and how long at most. */
  slowShare: number;
  slowMs: number;
  /** The share of steps after which the machine does something else, and how long at most. */
  stallShare: number;
  stallMs: number;
}

/**
 * Virtual time, and the choice of what happens next. Whatever is ready competes; the dice decide. So a run goes through
 * an order that threads could have produced, and only such: a message never overtakes another of its channel, and
 * timers of one process fire in the order in which they are due.
 */
export interface Timeline {
  now(): number;
  process(): ProcessTime;
  /** Has somebody outside do something after a delay. It outlives every process. */
  outside(delayMs: number, run: () => void): Timer;
  /** The same for what touches no code under test, such as a packet on its way. */
  inNature(delayMs: number, run: () => void): Timer;
  /** Takes the next step out and moves time on to it; null when nothing is left to happen. */
  next(): Step | null;
}

/** A queue whose entries leave by instant, and among those of one instant in the order in which they came. */
interface Queue {
  /** When its first entry is ready; Infinity while it is empty. */
  readyAt(): number;
  take(): Step;
}

interface Entry extends Step {
  at: number;
  isCancelled: boolean;
}

export function createTimeline(options: { startAt: number; pace: Pace; dice: Dice }): Timeline {
  const { pace, dice } = options;
  const world = createTimed();
  const queues = new Set<Queue>([world]);
  let now = options.startAt;

  function arrivalDelayMs(): number {
    return dice.hit(pace.slowShare) ? dice.within(1, pace.slowMs) : 0;
  }

  function process(): ProcessTime {
    const timers = createTimed();
    const own = new Set<Queue>([timers]);
    let hasEnded = false;
    queues.add(timers);
    return {
      clock: {
        now: () => now,
        monotonicMs: () => now - options.startAt,
        after(delayMs, run) {
          const entry = { at: now + Math.max(0, delayMs), isCode: true, isCancelled: hasEnded, run };
          return timers.add(entry);
        },
      },
      channel() {
        const messages = createFifo();
        own.add(messages);
        queues.add(messages);
        return {
          send(run) {
            if (!hasEnded) messages.add({ at: now + arrivalDelayMs(), isCode: true, isCancelled: false, run });
          },
        };
      },
      end() {
        hasEnded = true;
        for (const queue of own) queues.delete(queue);
      },
    };
  }

  return {
    now: () => now,
    process,
    outside: (delayMs, run) => world.add({ at: now + delayMs, isCode: true, isCancelled: false, run }),
    inNature: (delayMs, run) => world.add({ at: now + delayMs, isCode: false, isCancelled: false, run }),
    next() {
      if (dice.hit(pace.stallShare)) now += dice.within(1, pace.stallMs);
      const ready: Queue[] = [];
      let firstAt = Number.POSITIVE_INFINITY;
      let first: Queue | null = null;
      for (const queue of queues) {
        const at = queue.readyAt();
        if (at <= now) ready.push(queue);
        else if (at < firstAt) [firstAt, first] = [at, queue];
      }
      if (ready.length > 0) return dice.pick(ready).take();
      if (first === null) return null;
      now = firstAt;
      return first.take();
    },
  };
}

function createTimed(): Queue & { add(entry: Entry): Timer } {
  // Latest first, so that the next one leaves at the cheap end.
  const entries: Entry[] = [];
  return {
    add(entry) {
      let low = 0;
      let high = entries.length;
      while (low < high) {
        const middle = (low + high) >>> 1;
        if ((entries[middle] as Entry).at > entry.at) low = middle + 1;
        else high = middle;
      }
      entries.splice(low, 0, entry);
      return {
        cancel() {
          entry.isCancelled = true;
        },
      };
    },
    readyAt() {
      while (entries.at(-1)?.isCancelled === true) entries.pop();
      return entries.at(-1)?.at ?? Number.POSITIVE_INFINITY;
    },
    take: () => entries.pop() as Entry,
  };
}

function createFifo(): Queue & { add(entry: Entry): void } {
  const entries: Entry[] = [];
  let lastAt = 0;
  return {
    add(entry) {
      lastAt = Math.max(lastAt, entry.at);
      entries.push({ ...entry, at: lastAt });
    },
    readyAt: () => entries[0]?.at ?? Number.POSITIVE_INFINITY,
    take: () => entries.shift() as Entry,
  };
}

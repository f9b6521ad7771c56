import { connect, type Socket } from 'node:net';
import { createPublishRequest, MAX_EVENTS } from './benchmark-event.ts';
import { answerCommands } from './child.ts';
import { createMessageReader, responseStatus } from './http-messages.ts';
import { monotonicUs } from './monotonic.ts';
import { type LatencySummary, summariseLatencies } from './statistics.ts';

/**
 * When events are sent. `saturate` and `publish` are closed loops: each connection sends its next request when the last
 * one is answered, for a time or until that many events are sent. `steady` is an open loop: the nth event is due at
 * n / rate whatever became of those before it, and its latency counts from then, also when it could only leave later.
 */
export type Pace =
  | { kind: 'saturate'; seconds: number }
  | { kind: 'publish'; events: number }
  | { kind: 'steady'; ratePerSecond: number; seconds: number };

export interface Load {
  /** Of the server on 127.0.0.1 that takes `POST /api/v1/events`. */
  port: number;
  apiKey: string;
  connections: number;
  /** Events a request: 1 sends an object, more send an array. Must divide the number of events, where that is given. */
  batchSize: number;
  /** Events go to `webhookCount` webhooks in turn, the first of which has this number: 1 where it is left out. */
  firstWebhook?: number;
  webhookCount: number;
  pace: Pace;
}

export interface LoadOutcome {
  /** The events have the numbers `firstNumber` … `firstNumber + sent - 1`. */
  firstNumber: number;
  sent: number;
  acknowledged: number;
  /** Numbers that were sent and not answered with 202. */
  unacknowledged: number[];
  /** The first answer that was not a 202, or what broke the connection; null when nothing went wrong. */
  firstRefusal: string | null;
  /** Monotonic µs: when the load began, and when its last answer came. */
  startedAtUs: number;
  endedAtUs: number;
  /** How long after their due instants the events of a steady pace left the generator. */
  lateness: LatencySummary;
}

/** The load generator process. One load at a time. */
export interface Generator {
  /** Rejects when no connection can be opened. Takes at most 30 s longer than the pace says. */
  run(load: Load): Promise<LoadOutcome>;
  /** How many events of the load are acknowledged so far, and when that was counted (monotonic µs). */
  progress(input: object): { acknowledged: number; atUs: number };
}

/** How long answers may still take when the last request has left. */
const GRACE_MS = 30_000;
/** The longest that the pace `publish`, which has no end of its own, may take. */
const LONGEST_PUBLISH_US = 120_000_000;
/** The longest sleep of a steady pace; answers wait unread for as long. */
const LONGEST_SLEEP_MS = 1;
/** The sleep of a steady pace that has events due and every connection busy. */
const BUSY_SLEEP_MS = 0.2;

/** When the event comes that follows the `sent` first ones, and whether there is one. Instants in monotonic µs. */
interface Schedule {
  dueAtUs(sent: number, nowUs: number): number;
  isOver(sent: number, nowUs: number): boolean;
}

function scheduleOf(pace: Pace, startedAtUs: number): Schedule {
  switch (pace.kind) {
    case 'saturate': {
      const endsAtUs = startedAtUs + pace.seconds * 1_000_000;
      return { dueAtUs: (_, nowUs) => nowUs, isOver: (_, nowUs) => nowUs >= endsAtUs };
    }
    case 'publish': {
      const endsAtUs = startedAtUs + LONGEST_PUBLISH_US;
      return { dueAtUs: (_, nowUs) => nowUs, isOver: (sent, nowUs) => sent >= pace.events || nowUs >= endsAtUs };
    }
    case 'steady': {
      const events = pace.ratePerSecond * pace.seconds;
      const intervalUs = 1_000_000 / pace.ratePerSecond;
      return {
        dueAtUs: (sent) => Math.floor(startedAtUs + sent * intervalUs),
        isOver: (sent) => sent >= events,
      };
    }
  }
}

/** A generator of load. Event numbers go on from load to load, so that a straggler is never taken for another. */
export function createGenerator(): Generator {
  let nextNumber = 0;
  let acknowledged = 0;

  async function run(load: Load): Promise<LoadOutcome> {
    const firstNumber = nextNumber;
    const unacknowledged: number[] = [];
    const latenessUs: number[] = [];
    let firstRefusal: string | null = null;
    acknowledged = 0;

    const opened = await Promise.all(Array.from({ length: load.connections }, () => openLane(load)));
    const idle = opened.filter((lane) => lane.isOpen);
    const lanes = new Set(idle);
    const startedAtUs = monotonicUs();
    const schedule = scheduleOf(load.pace, startedAtUs);
    const finished = Promise.withResolvers<void>();
    let isFinished = false;

    const sent = (): number => nextNumber - firstNumber;

    /** Sends what is due on the idle lanes. The one that has rested longest goes first: servers close idle ones. */
    function sendDue(): void {
      if (isFinished) return;
      let nowUs = monotonicUs();
      while (idle.length > 0 && !schedule.isOver(sent(), nowUs)) {
        const dueAtUs = schedule.dueAtUs(sent(), nowUs);
        if (dueAtUs > nowUs) break;
        latenessUs.push(nowUs - dueAtUs);
        publish(idle.shift() as Lane, dueAtUs);
        nowUs = monotonicUs();
      }
      const mayEnd = schedule.isOver(sent(), nowUs) && idle.length === lanes.size;
      if (mayEnd || lanes.size === 0) {
        isFinished = true;
        finished.resolve();
      }
    }

    function publish(lane: Lane, dueAtUs: number): void {
      const first = nextNumber;
      nextNumber += load.batchSize;
      if (nextNumber > MAX_EVENTS) throw new Error(`One benchmark sends at most ${MAX_EVENTS} events.`);
      lane.send(first, dueAtUs, (refusal) => {
        if (refusal === null) {
          acknowledged += load.batchSize;
        } else {
          for (let number = first; number < first + load.batchSize; number += 1) unacknowledged.push(number);
          firstRefusal ??= refusal;
        }
        if (lane.isOpen) idle.push(lane);
        sendDue();
      });
    }

    /**
     * Sleeps on a futex between due instants: a timer would round to whole milliseconds, and a spinning loop would take
     * a core from the server that is measured.
     */
    function keepPace(): void {
      sendDue();
      if (isFinished) return;
      const nowUs = monotonicUs();
      const dueAtUs = schedule.isOver(sent(), nowUs) ? Number.POSITIVE_INFINITY : schedule.dueAtUs(sent(), nowUs);
      const sleepMs = idle.length === 0 ? BUSY_SLEEP_MS : Math.min((dueAtUs - nowUs) / 1_000, LONGEST_SLEEP_MS);
      if (sleepMs > 0) Atomics.wait(SLEEPER, 0, 0, sleepMs);
      setImmediate(keepPace);
    }

    for (const lane of lanes) {
      lane.onClosed = () => {
        lanes.delete(lane);
        const at = idle.indexOf(lane);
        if (at !== -1) idle.splice(at, 1);
        sendDue();
      };
    }
    const patience = setTimeout(() => {
      for (const lane of lanes) lane.close();
    }, paceMs(load.pace) + GRACE_MS);
    if (load.pace.kind === 'steady') keepPace();
    else sendDue();
    await finished.promise;
    clearTimeout(patience);
    for (const lane of lanes) lane.close();

    return {
      firstNumber,
      sent: sent(),
      acknowledged,
      unacknowledged,
      firstRefusal,
      startedAtUs,
      endedAtUs: monotonicUs(),
      lateness: summariseLatencies(Float64Array.from(load.pace.kind === 'steady' ? latenessUs : [])),
    };
  }

  return { run, progress: () => ({ acknowledged, atUs: monotonicUs() }) };
}

/** Nothing ever wakes it: `Atomics.wait` on it is a sleep to the microsecond. */
const SLEEPER = new Int32Array(new SharedArrayBuffer(4));

function paceMs(pace: Pace): number {
  return pace.kind === 'publish' ? LONGEST_PUBLISH_US / 1_000 : pace.seconds * 1_000;
}

/** A kept-alive connection with a request of its own, that has one request under way at most. */
interface Lane {
  readonly isOpen: boolean;
  /** Sends the events from `firstNumber` on; `onAnswered` gets null for a 202, else what came instead. */
  send(firstNumber: number, sentAtUs: number, onAnswered: (refusal: string | null) => void): void;
  close(): void;
  /** Called when the connection has ended, after the request under way was answered for. */
  onClosed: () => void;
}

async function openLane(load: Load): Promise<Lane> {
  const socket = await connected(load.port);
  const request = createPublishRequest({
    host: `127.0.0.1:${load.port}`,
    apiKey: load.apiKey,
    eventCount: load.batchSize,
  });
  let onAnswered: ((refusal: string | null) => void) | null = null;
  let broken: Error | null = null;

  function answer(refusal: string | null): void {
    const tell = onAnswered;
    onAnswered = null;
    tell?.(refusal);
  }

  const read = createMessageReader((head, body) => {
    const status = responseStatus(head);
    answer(status === 202 ? null : `${status} ${body.toString().slice(0, 500)}`);
  });
  socket.on('data', (chunk) => {
    try {
      read(chunk);
    } catch (error) {
      socket.destroy(error as Error);
    }
  });
  socket.on('error', (error) => {
    broken = error;
  });

  const lane: Lane = {
    get isOpen() {
      return !socket.destroyed;
    },
    send(firstNumber, sentAtUs, tell) {
      for (let index = 0; index < load.batchSize; index += 1) {
        const number = firstNumber + index;
        request.fill(index, {
          number,
          webhookNumber: (load.firstWebhook ?? 1) + (number % load.webhookCount),
          sentAtUs,
        });
      }
      onAnswered = tell;
      socket.write(request.bytes);
    },
    close: () => socket.destroy(),
    onClosed: () => {},
  };
  socket.on('close', () => {
    answer(broken === null ? 'The connection was closed before the answer.' : broken.message);
    lane.onClosed();
  });
  return lane;
}

function connected(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve(socket);
    });
  });
}

if (import.meta.main) answerCommands<Generator>(createGenerator());

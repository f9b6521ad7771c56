import { type Child, startChild } from './child.ts';
import type { Generator, Load, LoadOutcome, Pace } from './generator.ts';
import { monotonicUs, sleep } from './monotonic.ts';
import type { Receiver, ReceiverScript } from './receiver.ts';
import { makeFolder, removeFolder, type Subject, type SubjectName, startSubject } from './subject.ts';
import { createWebhooks } from './webhooks.ts';

/** The webhooks over which events are spread where a scenario does not say otherwise. */
export const WEBHOOKS = 8;
/** Deliveries stop coming for this long only when none is left: the first retry of a default webhook is 5.5 s away. */
const QUIET_MS = 20_000;
const DRAIN_LIMIT_MS = 300_000;
/** A pause after a warm-up, in which what it left behind (a checkpoint, a collection) is done. */
const REST_MS = 1_000;

/** How long and how often the scenarios measure. */
export interface Extent {
  runs: number;
  /** Of one measurement, after its warm-up. */
  seconds: number;
  warmUpSeconds: number;
  /** Over which events are published. */
  connections: number;
  /** Deliveries that are due when the restart scenario starts the server again. */
  pending: number;
  /** Deliveries that dead webhooks are owed in the backlog scenario. */
  backlog: number;
  /** That the log has in the log scenario. */
  deliveries: number;
  subjects: readonly SubjectName[];
}

/** The receiver and the generator, each in its process, and what the scenarios do with them. */
export interface Stage {
  extent: Extent;
  receiver: Child<Receiver>;
  receiverPort: number;
  generator: Child<Generator>;
  /** Says on stderr what is being done. */
  note(text: string): void;
}

export const ANSWER_ALL: ReceiverScript = { otherwise: 204, paths: {} };

export async function openStage(extent: Extent): Promise<Stage & { close(): Promise<void> }> {
  const receiver = startChild<Receiver>(new URL('receiver.ts', import.meta.url));
  const generator = startChild<Generator>(new URL('generator.ts', import.meta.url));
  return {
    extent,
    receiver,
    generator,
    receiverPort: await receiver.ask('listen', {}),
    note: (text) => process.stderr.write(`${text}\n`),
    async close() {
      await Promise.all([receiver.stop(), generator.stop()]);
    },
  };
}

/**
 * Runs `measure` with a server of its own on an empty folder, whose webhooks exist and whose receiver has seen nothing.
 * The server is killed and the folder removed afterwards, whatever happens.
 */
export async function withSubject<T>(
  stage: Stage,
  name: SubjectName,
  { webhookCount, settings }: { webhookCount: number; settings?: Record<string, unknown> | undefined },
  measure: (subject: Subject) => Promise<T>,
): Promise<T> {
  const folder = makeFolder();
  try {
    await stage.receiver.ask('reset', ANSWER_ALL);
    const subject = await startSubject(name, stage.receiverPort, folder);
    try {
      await createWebhooks(subject, stage.receiverPort, webhookCount, settings);
      return await measure(subject);
    } finally {
      await subject.kill();
    }
  } finally {
    removeFolder(folder);
  }
}

/** A load on a subject, with single events to the usual webhooks where `over` does not say otherwise. */
export function loadOn(stage: Stage, subject: Subject, pace: Pace, over: Partial<Load> = {}): Load {
  return {
    port: subject.port,
    apiKey: subject.apiKey,
    connections: stage.extent.connections,
    batchSize: 1,
    webhookCount: WEBHOOKS,
    pace,
    ...over,
  };
}

/** Runs a load. Throws when the server acknowledged none of it: then there is nothing to measure. */
export async function runLoad(stage: Stage, load: Load): Promise<LoadOutcome> {
  const outcome = await stage.generator.ask('run', load);
  if (outcome.acknowledged === 0) {
    throw new Error(`The server took none of ${outcome.sent} events. Its first answer: ${outcome.firstRefusal}`);
  }
  return outcome;
}

/** Events that were acknowledged and never arrived, and arrivals beyond the first of an event. */
export interface Tally {
  acknowledged: number;
  unacknowledged: number;
  lost: number;
  duplicates: number;
}

/**
 * Waits until every acknowledged event of the load has arrived, or nothing has arrived for 20 s, and counts. The
 * receiver must have been reset before the load; duplicates are those since then. Throws when deliveries still come
 * after five minutes: nothing is lost then, and the load was more than the scenario is made for.
 */
export async function drain(stage: Stage, outcome: LoadOutcome): Promise<Tally> {
  const { firstNumber, sent, acknowledged, unacknowledged } = outcome;
  const startedAtUs = monotonicUs();
  for (;;) {
    const { events, lastArrivalAtUs, malformed } = await stage.receiver.ask('counts', {});
    if (malformed > 0) throw new Error(`${malformed} requests came unsigned or with no benchmark event.`);
    const nowUs = monotonicUs();
    const isQuiet = nowUs - Math.max(lastArrivalAtUs ?? 0, startedAtUs) > QUIET_MS * 1_000;
    if (events >= acknowledged || isQuiet) {
      const counted = await stage.receiver.ask('tally', { firstNumber, count: sent, except: unacknowledged });
      if (counted.lost === 0 || isQuiet) return { acknowledged, unacknowledged: unacknowledged.length, ...counted };
    }
    if (nowUs - startedAtUs > DRAIN_LIMIT_MS * 1_000) {
      throw new Error(
        `${acknowledged - events} of ${acknowledged} events are not delivered after ${DRAIN_LIMIT_MS} ms.`,
      );
    }
    await sleep(50);
  }
}

/** Gives a fresh server full load, so that it runs compiled code, waits until it is empty, and forgets what arrived. */
export async function warmUp(
  stage: Stage,
  subject: Subject,
  { webhookCount = WEBHOOKS, next = ANSWER_ALL } = {},
): Promise<void> {
  const pace = { kind: 'saturate', seconds: stage.extent.warmUpSeconds } as const;
  await drain(stage, await runLoad(stage, loadOn(stage, subject, pace, { webhookCount })));
  await sleep(REST_MS);
  await stage.receiver.ask('reset', next);
}

/** What one round measures, in an order that turns from round to round, so that none always comes first. */
export function inTurn<T>(round: number, measured: readonly T[]): readonly T[] {
  return round % 2 === 0 ? measured : measured.toReversed();
}
